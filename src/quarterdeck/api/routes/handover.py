"""`GET handover`: what the next shift has to know of the one that ends."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.handover import handover_of, in_words
from quarterdeck.api.oncall import desk_of
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.alerts import INBOX_ROW
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.handover import HandoverOut

router = APIRouter(tags=["on call"])

_EXAMPLE: dict[str, Any] = {
    "since": "2026-11-23T19:00:00.000000Z",
    "until": "2026-11-24T07:00:00.000000Z",
    "paged": [INBOX_ROW],
    "batched": [],
    "held": [],
    "refuted": [],
    "expiring": [
        {
            "what": "mute",
            "id": "mute-1795503600000000000",
            "in_words": "mute of failing: the provider migrates tonight",
            "by": "ann",
            "expires_at": "2026-11-24T15:00:00.000000Z",
        }
    ],
    "incidents": [],
    "drills": [],
    "quality": {"defects": [], "false_pages_expected": 0.016},
}
_EXAMPLE |= {
    "in_words": in_words(_EXAMPLE, 12),
    "markdown": "# Handover 2026-11-23 19:00 UTC to 2026-11-24 07:00 UTC\n",
}


class HandoverQuery(ProjectQuery):
    """Which hours."""

    hours: Annotated[float, Field(gt=0, le=168, allow_inf_nan=False, description="So many hours until now.")] = 12.0


@router.get("/handover", response_model=HandoverOut, responses=answers(_EXAMPLE))
async def get_handover(
    request: Request, ctx: Ctx, project: Project, query: Annotated[HandoverQuery, Query()]
) -> Response:
    """The shift in one document: what paged, what waited or was held and why, what was refuted, what runs out. Also as Markdown."""
    desk_of(ctx.services)
    now_ns = ctx.services.clock.now_ns()
    return await ctx.answer(request, lambda: handover_of(ctx.services, project, query.hours, now_ns))
