"""Population numbers from the cohort-minute rollup and, for live runs, from the run table. Never from spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.store.interface import CohortRow, FleetMinute, FleetNow
from quarterdeck.store.measures import LIVE, MINUTE_NS, check_cohort_keys, check_limit, minutes_of
from quarterdeck.store.sketch import value_of
from quarterdeck.store.text import storable

_MINUTES = """
SELECT minute, CAST(sum(runs) AS BIGINT), CAST(sum(failed) AS BIGINT), CAST(sum(scored) AS BIGINT),
  CAST(sum(tokens_total) AS BIGINT), sum(cost_usd), CAST(sum(model_calls) AS BIGINT),
  CAST(sum(tokens_known) AS BIGINT), CAST(sum(cost_known) AS BIGINT)
FROM cohort_minute WHERE project = ? AND minute >= ? AND minute < ? GROUP BY minute ORDER BY minute
"""

_LIFECYCLE = """
SELECT lifecycle, count(*) FROM run
WHERE project = ? AND (lifecycle IN (SELECT unnest(?)) OR (minute >= ? AND minute < ?)) GROUP BY lifecycle
"""


def fleet(cursor: Any, project: str, since_ns: int, until_ns: int) -> FleetNow:
    """Whole minutes that the window touches; minutes in which no run started are left out."""
    first, end = minutes_of(since_ns, until_ns)
    project = storable(project)
    rows = cursor.execute(_MINUTES, [project, first, end]).fetchall()
    minutes = [FleetMinute(row[0] * MINUTE_NS, *row[1:7]) for row in rows]
    lifecycle = dict(cursor.execute(_LIFECYCLE, [project, list(LIVE), first, end]).fetchall())
    return FleetNow(
        lifecycle=lifecycle,
        runs=sum(minute.runs for minute in minutes),
        scored=sum(minute.scored for minute in minutes),
        failed=sum(minute.failed for minute in minutes),
        tokens_total=sum(minute.tokens_total for minute in minutes),
        tokens_known=sum(row[7] for row in rows),
        cost_usd=sum(minute.cost_usd for minute in minutes),
        cost_known=sum(row[8] for row in rows),
        minutes=minutes,
    )


# Grouping by a constant is no grouping to SQL, and would make a row of nothing: hence HAVING.
_COHORTS = """
WITH rolled AS (
  SELECT {keys}, CAST(sum(runs) AS BIGINT) AS runs, CAST(sum(scored) AS BIGINT) AS scored,
    CAST(sum(failed) AS BIGINT) AS failed, CAST(sum(model_calls) AS BIGINT) AS model_calls,
    CAST(sum(tool_calls) AS BIGINT) AS tool_calls, CAST(sum(tokens_total) AS BIGINT) AS tokens_total,
    CAST(sum(tokens_known) AS BIGINT) AS tokens_known, sum(cost_usd) AS cost_usd,
    CAST(sum(cost_known) AS BIGINT) AS cost_known, max(started_at_max_ns) AS started_at_max_ns, 0 AS live
  FROM cohort_minute WHERE project = $project AND minute >= $first AND minute < $end GROUP BY ALL HAVING count(*) > 0
  UNION ALL BY NAME
  SELECT {keys}, 0 AS runs, count(*) AS live, max(started_at_ns) AS started_at_max_ns
  FROM run WHERE project = $project AND lifecycle IN (SELECT unnest($live)) GROUP BY ALL HAVING count(*) > 0
)
SELECT {keys}, CAST(sum(runs) AS BIGINT) AS runs, CAST(sum(live) AS BIGINT) AS live,
  CAST(coalesce(sum(scored), 0) AS BIGINT), CAST(coalesce(sum(failed), 0) AS BIGINT),
  CAST(coalesce(sum(model_calls), 0) AS BIGINT), CAST(coalesce(sum(tool_calls), 0) AS BIGINT),
  CAST(coalesce(sum(tokens_total), 0) AS BIGINT), CAST(coalesce(sum(tokens_known), 0) AS BIGINT),
  coalesce(sum(cost_usd), 0), CAST(coalesce(sum(cost_known), 0) AS BIGINT), max(started_at_max_ns)
FROM rolled GROUP BY ALL HAVING count(*) > 0 ORDER BY runs DESC, live DESC{order} LIMIT $limit
"""

# The rule of store/sketch.py `quantile`: the first bucket at which more than q·(n-1) values are seen.
_QUANTILES = """
WITH entries AS (
  SELECT {keys}, unnest(map_entries({buckets})) AS entry FROM cohort_minute
  WHERE project = $project AND minute >= $first AND minute < $end
), buckets AS (SELECT {keys}, entry.key AS bucket, sum(entry.value) AS n FROM entries GROUP BY ALL
), seen AS (
  SELECT {keys}, bucket, sum(n) OVER (PARTITION BY {keys} ORDER BY bucket) AS seen,
    sum(n) OVER (PARTITION BY {keys}) AS total FROM buckets)
SELECT {keys}, min(bucket) FILTER (seen > $half * (total - 1)), min(bucket) FILTER (seen > $most * (total - 1))
FROM seen GROUP BY ALL
"""

_Keys = tuple[str | None, ...]


def cohorts(
    cursor: Any, project: str, since_ns: int, until_ns: int, by: Sequence[str], *, limit: int
) -> list[CohortRow]:
    """Most runs first, then most live, then by keys. Raises BadInput for a name outside COHORT_KEYS."""
    check_limit(limit)
    names = check_cohort_keys(by)
    # Grouping by nothing is grouping by a column that is the same everywhere.
    keys = ", ".join(names) or "'' AS everything"
    first, end = minutes_of(since_ns, until_ns)
    window = {"project": storable(project), "first": first, "end": end}
    order = "".join(f", {name} NULLS LAST" for name in names)
    rows = cursor.execute(
        _COHORTS.format(keys=keys, order=order), {**window, "live": list(LIVE), "limit": limit}
    ).fetchall()
    durations = _quantiles(cursor, "duration_buckets", names, window)
    tokens = _quantiles(cursor, "tokens_buckets", names, window)
    width = max(1, len(names))
    return [_row(names, row[width:], durations.get(row[:width]), tokens.get(row[:width]), row[:width]) for row in rows]


def _quantiles(
    cursor: Any, buckets: str, names: Sequence[str], window: Mapping[str, Any]
) -> dict[_Keys, tuple[float, float]]:
    keys = ", ".join(names) or "everything"
    selected = _QUANTILES.format(keys=keys, buckets=buckets)
    if not names:
        selected = selected.replace("SELECT everything, unnest", "SELECT '' AS everything, unnest")
    rows = cursor.execute(selected, {**window, "half": 0.5, "most": 0.95}).fetchall()
    return {row[:-2]: (value_of(row[-2]), value_of(row[-1])) for row in rows}


def _row(
    names: Sequence[str],
    numbers: Sequence[Any],
    durations: tuple[float, float] | None,
    tokens: tuple[float, float] | None,
    keys: _Keys,
) -> CohortRow:
    runs, live, scored, failed, model_calls, tool_calls, total, known, cost_usd, cost_known, latest_ns = numbers
    duration_p50, duration_p95 = durations or (None, None)
    tokens_p50, tokens_p95 = tokens or (None, None)
    return CohortRow(
        keys=dict(zip(names, keys, strict=False)),
        runs=runs,
        live=live,
        scored=scored,
        failed=failed,
        model_calls=model_calls,
        tool_calls=tool_calls,
        tokens_total=total,
        tokens_known=known,
        cost_usd=cost_usd,
        cost_known=cost_known,
        duration_s_p50=duration_p50,
        duration_s_p95=duration_p95,
        tokens_p50=tokens_p50,
        tokens_p95=tokens_p95,
        started_at_max_ns=latest_ns,
    )
