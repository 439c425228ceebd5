"""`GET incidents/{incident_id}/postmortem`: the whole incident as a document for people, Markdown or one HTML file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import incidents_of
from quarterdeck.api.wire.incident import incident_dict
from quarterdeck.reports import postmortem, to_html, to_markdown
from quarterdeck.reports.html import POLICY

router = APIRouter(tags=["incidents"])

_WRITERS = {"md": (to_markdown, "text/markdown"), "html": (to_html, "text/html")}
_EXAMPLES = {
    "text/markdown": {"example": "# Post-mortem: Invented citations in a filing\n\n8f2c is sev-1 and closed.\n"},
    "text/html": {"example": "<!doctype html>\n<html lang='en'>..."},
}


class PostmortemQuery(ProjectQuery):
    """How it is written."""

    format: Annotated[Literal["md", "html"], Field(description="Markdown, or one HTML file.")] = "md"


@router.get(
    "/incidents/{incident_id}/postmortem",
    response_class=Response,
    responses=answers(missing=True) | {200: {"content": _EXAMPLES}},
)
async def get_postmortem(
    ctx: Ctx, project: Project, incident_id: Id, query: Annotated[PostmortemQuery, Query()]
) -> Response:
    """One document from the record. It asks nobody for anything, and what people typed is only text in it."""
    desk = incidents_of(ctx.services)
    write, media = _WRITERS[query.format]

    def make() -> str:
        shown = incident_dict(desk.get(project, incident_id), desk.rubric, ctx.services.clock.now_ns())
        return write(postmortem(shown, desk.verify(project).head._asdict()))

    text = await ctx.threads.run(make)
    headers = {"cache-control": "no-store", "content-security-policy": f"{POLICY}; sandbox"}
    return Response(text, headers=headers, media_type=media)
