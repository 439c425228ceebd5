"""Fleet and cohort numbers, computed from the runs themselves.

The engine that keeps rollups must answer the same. Pure: runs in, numbers out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import fsum

from quarterdeck.model.runs import Run
from quarterdeck.store.interface import CohortRow, FleetMinute, FleetNow
from quarterdeck.store.measures import LIVE, MINUTE_NS, cost_usd, minute_of, minutes_of
from quarterdeck.store.sketch import bucket_of, quantile


def fleet_of(runs: Sequence[Run], since_ns: int, until_ns: int) -> FleetNow:
    """`runs`: all of one project."""
    first, end = minutes_of(since_ns, until_ns)
    window = [run for run in runs if first <= minute_of(run.started_at_ns) < end]
    lifecycle: Counter[str] = Counter(run.lifecycle for run in window if run.lifecycle not in LIVE)
    lifecycle.update(run.lifecycle for run in runs if run.lifecycle in LIVE)
    by_minute: defaultdict[int, list[Run]] = defaultdict(list)
    for run in window:
        by_minute[minute_of(run.started_at_ns)].append(run)
    return FleetNow(
        lifecycle=dict(lifecycle),
        runs=len(window),
        scored=_scored(window),
        failed=_failed(window),
        tokens_total=sum(_tokens(window)),
        tokens_known=len(_tokens(window)),
        cost_usd=fsum(_costs(window)),
        cost_known=len(_costs(window)),
        minutes=[_minute(minute, by_minute[minute]) for minute in sorted(by_minute)],
    )


def cohorts_of(runs: Sequence[Run], since_ns: int, until_ns: int, by: Sequence[str], *, limit: int) -> list[CohortRow]:
    """`runs`: all of one project. A cohort that has only live runs from before the window is a row too."""
    first, end = minutes_of(since_ns, until_ns)
    groups: defaultdict[tuple[str | None, ...], tuple[list[Run], list[Run]]] = defaultdict(lambda: ([], []))
    for run in runs:
        inside, live = first <= minute_of(run.started_at_ns) < end, run.lifecycle in LIVE
        if inside or live:
            window_runs, live_runs = groups[tuple(getattr(run, key) for key in by)]
            if inside:
                window_runs.append(run)
            if live:
                live_runs.append(run)
    rows = [_cohort(dict(zip(by, keys, strict=True)), *members) for keys, members in groups.items()]
    return sorted(rows, key=lambda row: cohort_order(row, by))[:limit]


def cohort_order(row: CohortRow, by: Sequence[str]) -> tuple[int, int, list[tuple[bool, str]]]:
    """Most runs first, then most live, then by keys with unknown last."""
    return -row.runs, -row.live, [(row.keys[key] is None, row.keys[key] or "") for key in by]


def _minute(minute: int, runs: Sequence[Run]) -> FleetMinute:
    return FleetMinute(
        minute_ns=minute * MINUTE_NS,
        runs=len(runs),
        failed=_failed(runs),
        scored=_scored(runs),
        tokens_total=sum(_tokens(runs)),
        cost_usd=fsum(_costs(runs)),
        model_calls=sum(run.model_calls for run in runs),
    )


def _cohort(keys: dict[str, str | None], runs: Sequence[Run], live: Sequence[Run]) -> CohortRow:
    durations = Counter(bucket_of(run.duration_s) for run in runs if run.duration_s is not None)
    tokens = Counter(map(bucket_of, _tokens(runs)))
    return CohortRow(
        keys=keys,
        runs=len(runs),
        live=len(live),
        scored=_scored(runs),
        failed=_failed(runs),
        model_calls=sum(run.model_calls for run in runs),
        tool_calls=sum(run.tool_calls for run in runs),
        tokens_total=sum(_tokens(runs)),
        tokens_known=len(_tokens(runs)),
        cost_usd=fsum(_costs(runs)),
        cost_known=len(_costs(runs)),
        duration_s_p50=quantile(durations, 0.5),
        duration_s_p95=quantile(durations, 0.95),
        tokens_p50=quantile(tokens, 0.5),
        tokens_p95=quantile(tokens, 0.95),
        started_at_max_ns=max(run.started_at_ns for run in (*runs, *live)),
    )


def _scored(runs: Iterable[Run]) -> int:
    return sum(run.failed is not None for run in runs)


def _failed(runs: Iterable[Run]) -> int:
    return sum(run.failed is True for run in runs)


def _tokens(runs: Iterable[Run]) -> list[int]:
    return [run.tokens.total for run in runs if run.tokens.total is not None]


def _costs(runs: Iterable[Run]) -> list[float]:
    return [cost for run in runs if (cost := cost_usd(run)) is not None]
