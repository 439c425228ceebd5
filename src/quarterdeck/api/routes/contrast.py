"""`GET contrast`: what failing runs (or any selection) have that the others have not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ContrastQuery, bounded_window, listed_names, narrowed
from quarterdeck.api.routes.common import answers
from quarterdeck.api.selections import selection
from quarterdeck.api.wire.contrast import ContrastsOut, contrast_dict
from quarterdeck.store.interface import CONTRAST_KEYS, ContrastCell, ContrastCounts

router = APIRouter(tags=["fleet"])

_VALUES_MAX = 500
"""Values of one attribute that are looked at, most frequent first; a rarer one would need more runs than it has."""
_WHERE = ("failed",)
_EXAMPLE_NS = 1_795_503_600_000_000_000
_EXAMPLE = contrast_dict(
    ContrastCounts(
        170, 1246, [ContrastCell("prompt_version", "v7", 131, 212), ContrastCell("tool", "refund", 9, 71)], 0
    ),
    words=(_WHERE, ()),
    window=(_EXAMPLE_NS - 3600 * 10**9, _EXAMPLE_NS),
    limit=50,
)


@router.get("/contrast", response_model=ContrastsOut, responses=answers(_EXAMPLE))
async def contrast(request: Request, ctx: Ctx, project: Project, query: Annotated[ContrastQuery, Query()]) -> Response:
    """Attribute values that are more or less frequent in one selection of runs than in the rest or in another.

    Default: the failed runs of the last 60 minutes against all others of that time. With `where_since` or `where_until`
    the runs of a part of the window, failed or not, against those of the rest.
    """
    services = ctx.services
    now_ns = services.clock.now_ns()
    window = bounded_window(query, now_ns, services.options.default_window_minutes)
    part = narrowed(query, window, now_ns)
    keys = listed_names("attributes", query.attributes, CONTRAST_KEYS)
    narrow = bool(query.where_since or query.where_until)
    words = (tuple(query.where) or (() if narrow else _WHERE), tuple(query.against))
    where = selection(project, "where", words[0], part)
    against = selection(project, "against", words[1], window)

    def make() -> object:
        counts = services.store.contrast(where, against, keys, values_max=_VALUES_MAX)
        return contrast_dict(counts, words=words, window=window, limit=query.limit, part=part if narrow else None)

    return await ctx.answer(request, make)
