"""`GET fleet`: the population, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.concentration import CONCENTRATED_BY
from quarterdeck.api.context import ApiContext, Ctx, Project
from quarterdeck.api.queries import WindowQuery, bounded_window
from quarterdeck.api.routes.common import answers
from quarterdeck.api.routes.signals import EXAMPLE, EXAMPLE_PROMISE
from quarterdeck.api.services import ApiServices
from quarterdeck.api.signal_list import moved
from quarterdeck.api.wire.fleet import FleetOut, WatchedNow, fleet_dict
from quarterdeck.api.words import CohortFacts, FleetFacts, WatchedFacts, in_words
from quarterdeck.model.measured import Measured
from quarterdeck.observe.signals.mix import MixShift
from quarterdeck.store.interface import CohortRow, FleetNow, RunFilter
from quarterdeck.store.spending import CohortSpending
from quarterdeck.store.weights import RunWeights

router = APIRouter(tags=["fleet"])

_MINUTE_NS = 60 * 10**9
_COHORTS_READ = 100
"""The culprit is among the largest cohorts, or it does not make most failures."""
_EXAMPLE_NS = 1_795_503_600_000_000_000
_EXAMPLE_FLEET = FleetNow({"running": 1012, "finished": 1416}, 1416, 1416, 170, 9_100_000, 1416, 212.4, 1416, ())
_EXAMPLE_MIX = MixShift(
    (("agent", "triage"), ("task_class", "billing")),
    Measured(0.31, 0.28, 0.34, 1000, "share of runs, Wilson"),
    Measured(0.22, 0.2, 0.24, 3000, "share of runs, Wilson"),
)
_EXAMPLE_TITLE = (
    "support-agent with prompt v7 fails more than v6: 31 % against 12 % "
    "(+14 to +24 points, 212 runs, evidence 31,000 over a threshold of 12,000)"
)
_EXAMPLE = fleet_dict(
    _EXAMPLE_FLEET,
    RunWeights(1416, 1416, 0, 5664.0, 16_992.0),
    [
        CohortSpending(
            {"agent": agent, "prompt_version": prompt, "model": "gpt-4.1"},
            tokens,
            tokens // 6400,
            tokens / 42_844,
            tokens // 6400,
        )
        for agent, prompt, tokens in (("support-agent", "v7", 7_400_000), ("triage", "v2", 1_700_000))
    ],
    WatchedNow(1, 0, EXAMPLE_PROMISE, [EXAMPLE], [_EXAMPLE_MIX]),
    since_ns=_EXAMPLE_NS - 60 * _MINUTE_NS,
    until_ns=_EXAMPLE_NS,
    now_ns=_EXAMPLE_NS,
    in_words=in_words(FleetFacts(1012, 1416, 1416, 170, 60, (), None, True, WatchedFacts((_EXAMPLE_TITLE,), (), True))),
)


@router.get("/fleet", response_model=FleetOut, responses=answers(_EXAMPLE))
async def get_fleet(request: Request, ctx: Ctx, project: Project, query: Annotated[WindowQuery, Query()]) -> Response:
    """Live runs now, and totals, minutes and the failure rate of the window (default: the last 60 minutes)."""
    return await ctx.answer(request, lambda: fleet_document(ctx, project, query))


def fleet_document(ctx: ApiContext, project: str, query: WindowQuery) -> dict[str, Any]:
    """The answer of `GET fleet`. Raises BadInput for a window nobody understands, and what the store raises."""
    services, now_ns = ctx.services, ctx.services.clock.now_ns()
    since_ns, until_ns = bounded_window(query, now_ns, services.options.default_window_minutes)
    fleet = services.store.fleet(project, since_ns, until_ns)
    minutes = (until_ns - since_ns) // _MINUTE_NS if until_ns == now_ns else None
    told, watched = _watched(ctx, project)
    words = in_words(replace(_facts(services, project, fleet, (since_ns, until_ns), minutes), watched=told))
    weights = services.store.run_weights(project, since_ns, until_ns)
    spending = services.store.spending_by(project, since_ns, until_ns, CONCENTRATED_BY)
    return fleet_dict(
        fleet, weights, spending, watched, since_ns=since_ns, until_ns=until_ns, now_ns=now_ns, in_words=words
    )


def _watched(ctx: ApiContext, project: str) -> tuple[WatchedFacts | None, WatchedNow | None]:
    """What the watch says, for the sentence and for the document."""
    seen = ctx.watched.seen(project)
    if seen is None:
        return None, None
    alerts = ctx.watched.open_alerts(project)
    firing = [alert.title for alert in alerts if alert.state == "firing"]
    pending = [alert.title for alert in alerts if alert.state == "pending"]
    judged = any(stream.state != "learning" for stream in seen.streams)
    now = WatchedNow(len(firing), len(pending), seen.promise, moved(seen.streams), seen.mix)
    return WatchedFacts(firing, pending, judged), now


def _facts(
    services: ApiServices, project: str, fleet: FleetNow, window: tuple[int, int], minutes: int | None
) -> FleetFacts:
    live = sum(n for state, n in fleet.lifecycle.items() if state not in ("finished", "lost"))
    rows: Sequence[CohortRow] = ()
    if fleet.failed:
        rows = services.store.cohorts(project, *window, ("agent", "prompt_version"), limit=_COHORTS_READ)
    return FleetFacts(
        live=live,
        runs=fleet.runs,
        scored=fleet.scored,
        failed=fleet.failed,
        minutes=minutes,
        cohorts=[CohortFacts(row.keys["agent"], row.keys["prompt_version"], row.failed) for row in rows],
        otlp_http=services.endpoints.get("otlp_http"),
        known=bool(live or fleet.runs or services.store.count_runs(RunFilter(project))),
    )
