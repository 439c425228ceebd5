"""`GET retention`, `POST retention`, `GET upkeep`, `POST upkeep`, `GET export`: how long data stays, and history again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import ApiContext, Ctx, Project
from quarterdeck.api.queries import ProjectQuery, WindowQuery, window
from quarterdeck.api.routes.common import answers
from quarterdeck.api.services import UpkeepServices, upkeep_of
from quarterdeck.api.wire.upkeep import (
    ExportOut,
    RetentionOut,
    RetentionRunIn,
    RetentionRunOut,
    UpkeepIn,
    UpkeepOut,
    export_dict,
    job_dict,
    removed_dict,
    retention_dict,
)
from quarterdeck.observe.upkeep.otlp import resource_spans

router = APIRouter(tags=["upkeep"])


class ExportQuery(WindowQuery):
    """A page of an export."""

    form: Annotated[Literal["otlp", "spans"], Field(description="OTLP JSON, or canonical spans.")] = "otlp"
    limit: Annotated[int, Field(ge=1, le=500, description="Most spans of one page.")] = 500
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


@router.get("/retention", response_model=RetentionOut, responses=answers())
async def get_retention(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Days by class for this project, and what went since the start."""
    upkeep = upkeep_of(ctx.services)
    return await ctx.answer(request, lambda: _retention(upkeep, project))


def _retention(upkeep: UpkeepServices, project: str) -> dict[str, object]:
    options = upkeep.retainer.options
    return retention_dict(
        options.days_of(project),
        upkeep.retainer.state(project),
        tombstones_days=options.tombstones_days,
        every_s=options.every_s,
    )


@router.post("/retention", response_model=RetentionRunOut, responses=answers())
async def run_retention(
    request: Request,
    ctx: Ctx,
    project: Project,
    asked: Annotated[RetentionRunIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """One round for this project now; with `dry_run` nothing goes."""
    retainer = upkeep_of(ctx.services).retainer
    return await ctx.answer(
        request,
        lambda: {
            "dry_run": asked.dry_run,
            "removed": removed_dict(retainer.once(project, dry_run=asked.dry_run), dry_run=asked.dry_run),
        },
    )


@router.get("/upkeep", response_model=UpkeepOut, responses=answers())
async def get_upkeep(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """How far the job over this project's history is."""
    history = upkeep_of(ctx.services).history

    def make() -> dict[str, object]:
        job = history.last(project)
        return {"job": None if job is None else job_dict(job)}

    return await ctx.answer(request, make)


@router.post("/upkeep", response_model=UpkeepOut, responses=answers())
async def start_upkeep(
    request: Request,
    ctx: Ctx,
    project: Project,
    asked: Annotated[UpkeepIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Begin to map or price this project's history again; `GET upkeep` shows how far it is."""
    history = upkeep_of(ctx.services).history
    return await ctx.answer(request, lambda: {"job": job_dict(history.start(project, asked.act))})


@router.get("/export", response_model=ExportOut, responses=answers())
async def get_export(request: Request, ctx: Ctx, project: Project, query: Annotated[ExportQuery, Query()]) -> Response:
    """Stored spans page by page, in the order in which they were committed."""
    return await ctx.answer(request, lambda: _page(ctx, project, query))


def _page(ctx: ApiContext, project: str, query: ExportQuery) -> dict[str, object]:
    since_ns, until_ns = window(query, ctx.services.clock.now_ns())
    page = ctx.services.store.scan_spans(
        project, since_ns=since_ns, until_ns=until_ns, cursor=query.cursor, limit=query.limit
    )
    if query.form == "otlp":
        items = resource_spans(raw for _, raw in page.items)
    else:
        items = [span._asdict() for span, _ in page.items]
    return export_dict(items, len(page.items), page.next_cursor)
