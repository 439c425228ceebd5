"""Weights of the runs of a window, from the run table alone."""

from __future__ import annotations

from typing import Any

from quarterdeck.store.measures import minutes_of
from quarterdeck.store.text import storable
from quarterdeck.store.weights import RunWeights

_WEIGHTS = """
SELECT count(weight), count(*) FILTER (weight > 1), count(*) FILTER (weight IS NULL),
  coalesce(sum(weight), 0), coalesce(sum(weight * (weight - 1)), 0)
FROM run WHERE project = ? AND minute >= ? AND minute < ?
"""


def run_weights(cursor: Any, project: str, since_ns: int, until_ns: int) -> RunWeights:
    """Whole minutes that the window touches."""
    first, end = minutes_of(since_ns, until_ns)
    return RunWeights(*cursor.execute(_WEIGHTS, [storable(project), first, end]).fetchone())
