"""`GET cohorts`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import ApiContext, Ctx, Project
from quarterdeck.api.queries import CohortsQuery, bounded_window, listed_names
from quarterdeck.api.routes.common import answers
from quarterdeck.api.routes.signals import EXAMPLE
from quarterdeck.api.services import ApiServices
from quarterdeck.api.signal_list import FAILING, stream_of_cohort
from quarterdeck.api.wire.cohort import CohortsOut, cohort_dict, series_dict
from quarterdeck.api.wire.common import listing
from quarterdeck.store.cohort_parts import CohortKeys, cut
from quarterdeck.store.interface import COHORT_KEYS, CohortRow
from quarterdeck.store.measures import minutes_of

router = APIRouter(tags=["fleet"])

_EXAMPLE_ROW = CohortRow(
    keys={"agent": "support-agent", "prompt_version": "v7", "model": "gpt-4.1-2025-04-14"},
    runs=212,
    live=31,
    scored=181,
    failed=56,
    model_calls=4_102,
    tool_calls=1_377,
    tokens_total=5_312_000,
    tokens_known=212,
    cost_usd=61.2,
    cost_known=212,
    duration_s_p50=48.0,
    duration_s_p95=190.0,
    tokens_p50=21_000.0,
    tokens_p95=64_000.0,
    started_at_max_ns=1_795_503_600_000_000_000,
)


@router.get(
    "/cohorts", response_model=CohortsOut, responses=answers(listing([cohort_dict(_EXAMPLE_ROW, None, EXAMPLE)]))
)
async def list_cohorts(
    request: Request, ctx: Ctx, project: Project, query: Annotated[CohortsQuery, Query()]
) -> Response:
    """Runs of the window grouped by version identity or context, most runs first (default: the last 60 minutes)."""
    return await ctx.answer(request, lambda: cohorts_document(ctx, project, query))


def cohorts_document(ctx: ApiContext, project: str, query: CohortsQuery) -> dict[str, Any]:
    """The answer of `GET cohorts`. Raises BadInput for a window or a key that is not known."""
    services, seen = ctx.services, ctx.watched.seen(project)
    window = bounded_window(query, services.clock.now_ns(), services.options.default_window_minutes)
    by = listed_names("by", query.by, COHORT_KEYS)
    rows = services.store.cohorts(project, *window, by, limit=query.limit)
    series = _series(services, project, window, by, query.parts) if query.parts else {}
    streams = () if seen is None else [one for one in seen.streams if one.signal == FAILING]
    return listing(
        [
            cohort_dict(row, series.get(tuple(row.keys.values())), stream_of_cohort(streams, FAILING, row.keys))
            for row in rows
        ]
    )


def _series(
    services: ApiServices, project: str, window: tuple[int, int], by: tuple[str, ...], parts: int
) -> dict[CohortKeys, dict[str, Any]]:
    """Series by the values of the keys; a cohort without a run in the window has none."""
    first, end = minutes_of(*window)
    part_s = cut(end - first, parts)[0] * 60
    found = services.store.cohort_parts(project, *window, by, parts=parts)
    return {keys: series_dict(own, part_s) for keys, own in found.items()}
