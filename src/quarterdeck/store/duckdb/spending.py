"""What runs spent over several windows, from run rows and outcomes, and by cohort, from the rollup: store/spending.py in SQL.

One small select a window, so that zone maps leave out what is older than a short one. Refuses names outside MATCH_KEYS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.store.measures import LIVE, check_cohort_keys, minutes_of
from quarterdeck.store.spending import CohortSpending, Spent, check_match
from quarterdeck.store.text import storable

_PART = """CASE WHEN r.last_seen_ns <= r.started_at_ns THEN CAST(r.started_at_ns >= w.since AS DOUBLE)
  ELSE greatest(0, least(r.last_seen_ns, w.until) - greatest(r.started_at_ns, w.since))
    / CAST(r.last_seen_ns - r.started_at_ns AS DOUBLE) END"""

_WINDOW = """
SELECT {at}, count(*) FILTER (part > 0), coalesce(sum(cost_usd * part), 0), count(cost_usd) FILTER (part > 0),
  coalesce(sum(tokens_total * part), 0), count(tokens_total) FILTER (part > 0),
  count(*) FILTER (judged), count(*) FILTER (judged AND failed)
FROM (
  SELECT {part} AS part, r.cost_usd, r.tokens_total, list_contains(r.words, 'failed') AS failed,
    (failed OR list_contains(r.words, 'succeeded')) AND r.lifecycle NOT IN (SELECT unnest(CAST($live AS VARCHAR[])))
      AND coalesce(r.ended_at_ns, r.last_seen_ns) >= w.since AND coalesce(r.ended_at_ns, r.last_seen_ns) < w.until AS judged
  FROM run r, (SELECT CAST({since} AS BIGINT) AS since, CAST($until AS BIGINT) AS until) w
  WHERE r.project = $project AND r.last_seen_ns >= {since} AND r.started_at_ns < $until{where}
)
"""

_SCORES = """
SELECT {at}, count(o.score), coalesce(sum(1 - o.score), 0)
FROM outcome o JOIN run r ON r.run_key = o.run_key AND r.run_id = o.run_id AND r.project = o.project
WHERE o.project = $project AND o.name = $score AND o.at_ns >= {since} AND o.at_ns < $until{where}
"""


def read_spent(
    cursor: Any, project: str, where: Mapping[str, str], since_ns: Sequence[int], until_ns: int, *, score: str | None
) -> list[Spent]:
    """One row per start of a window, in the order given. Raises BadInput for a name outside MATCH_KEYS."""
    check_match(where)
    if not since_ns:
        return []
    chosen = "".join(f" AND r.{name} = $is_{name}" for name in where)
    values = {f"is_{name}": storable(value) for name, value in where.items()}
    shared = {"project": storable(project), "until": until_ns, **values}
    starts = [int(start) for start in since_ns]
    parts = [_WINDOW.format(at=at, part=_PART, since=start, where=chosen) for at, start in enumerate(starts)]
    rows = dict(_by_place(cursor, parts, {**shared, "live": list(LIVE)}))
    scores: dict[int, tuple[Any, ...]] = {}
    if score is not None:
        parts = [_SCORES.format(at=at, since=start, where=chosen) for at, start in enumerate(starts)]
        scores = dict(_by_place(cursor, parts, {**shared, "score": storable(score)}))
    return [Spent(start, *rows[at], *scores.get(at, (0, 0.0))) for at, start in enumerate(starts)]


def _by_place(cursor: Any, parts: Sequence[str], values: Mapping[str, Any]) -> list[tuple[int, tuple[Any, ...]]]:
    rows = cursor.execute(" UNION ALL ".join(parts), values).fetchall()
    return [(row[0], row[1:]) for row in rows]


_BY_COHORT = """
SELECT {keys}, CAST(sum(tokens_total) AS BIGINT) AS tokens, CAST(sum(tokens_known) AS BIGINT), sum(cost_usd) AS usd,
  CAST(sum(cost_known) AS BIGINT)
FROM cohort_minute WHERE project = ? AND minute >= ? AND minute < ?
GROUP BY {keys} ORDER BY tokens DESC, usd DESC{order}
"""


def read_spending_by(
    cursor: Any, project: str, since_ns: int, until_ns: int, by: Sequence[str]
) -> list[CohortSpending]:
    """Whole minutes that the window touches. Raises BadInput for a name outside COHORT_KEYS."""
    names = check_cohort_keys(by)
    if not names:
        return []
    order = "".join(f", {name} NULLS LAST" for name in names)
    query = _BY_COHORT.format(keys=", ".join(names), order=order)
    rows = cursor.execute(query, [storable(project), *minutes_of(since_ns, until_ns)]).fetchall()
    width = len(names)
    return [CohortSpending(dict(zip(names, row[:width], strict=True)), *row[width:]) for row in rows]
