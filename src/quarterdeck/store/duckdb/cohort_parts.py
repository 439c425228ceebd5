"""Cohorts over time, from the cohort-minute rollup: one grouped read, however many cohorts and parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from quarterdeck.store.cohort_parts import NOTHING, CohortKeys, CohortPart, cut
from quarterdeck.store.measures import check_cohort_keys, minutes_of
from quarterdeck.store.text import storable

_PARTS = """
SELECT {keys}(minute - $first) // $step AS part, CAST(sum(runs) AS BIGINT), CAST(sum(failed) AS BIGINT),
  CAST(sum(scored) AS BIGINT), CAST(sum(tokens_total) AS BIGINT), CAST(sum(tokens_known) AS BIGINT)
FROM cohort_minute WHERE project = $project AND minute >= $first AND minute < $end GROUP BY ALL
"""


def cohort_parts(
    cursor: Any, project: str, since_ns: int, until_ns: int, by: Sequence[str], *, parts: int
) -> dict[CohortKeys, Sequence[CohortPart]]:
    """Raises BadInput for a name outside COHORT_KEYS."""
    names = check_cohort_keys(by)
    first, end = minutes_of(since_ns, until_ns)
    step, count = cut(end - first, parts)
    values = {"project": storable(project), "first": first, "end": end, "step": step}
    rows = cursor.execute(_PARTS.format(keys="".join(f"{name}, " for name in names)), values).fetchall()
    found: defaultdict[CohortKeys, list[CohortPart]] = defaultdict(lambda: [NOTHING] * count)
    for row in rows:
        found[row[: len(names)]][row[len(names)]] = CohortPart(*row[len(names) + 1 :])
    return dict(found)
