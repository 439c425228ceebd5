"""`GET run-facets`: what the runs that match could be narrowed to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import FacetsQuery, listed_names, run_filter
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.facet import FacetsOut, facets_dict
from quarterdeck.store.interface import RUN_FACETS, FacetCount

router = APIRouter(tags=["runs"])

_EXAMPLE = facets_dict(12, {"agent": [FacetCount("support-agent", 11), FacetCount(None, 1)]})


@router.get("/run-facets", response_model=FacetsOut, responses=answers(_EXAMPLE))
async def run_facets(request: Request, ctx: Ctx, project: Project, query: Annotated[FacetsQuery, Query()]) -> Response:
    """Counts per value of each named column; a facet ignores the filter on itself."""
    where = run_filter(project, query, ctx.services.clock.now_ns())
    names = listed_names("names", query.names, RUN_FACETS)

    def make() -> object:
        store = ctx.services.store
        return facets_dict(store.count_runs(where), store.facets(where, names, limit=query.limit))

    return await ctx.answer(request, make)
