"""RunFilter as a SQL condition with parameters.

What for: reads of runs share one reading of a filter. Names come from RUN_FACETS only, values are always parameters.
Refuses an unknown name (BadInput).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from quarterdeck.store.interface import RunFilter
from quarterdeck.store.measures import LIVE, check_filter
from quarterdeck.store.text import storable

_PROMISE = (
    "EXISTS (SELECT 1 FROM promise p WHERE p.run_key = r.run_key AND p.run_id = r.run_id AND p.project = r.project{})"
)
_LIVE = ", ".join(f"'{word}'" for word in LIVE)
_PROMISED = {
    "estimated": _PROMISE.format(""),
    "over_budget": _PROMISE.format(" AND r.tokens_total > p.tokens_q90"),
    "within_budget": f"r.lifecycle NOT IN ({_LIVE}) AND " + _PROMISE.format(" AND r.tokens_total <= p.tokens_q90"),
}
"""Words that are asked of the promise: it may come after the run was written."""


class Condition(NamedTuple):
    """SQL over a run table named `r`, and the values of its question marks."""

    sql: str
    values: list[Any]

    def also(self, sql: str, *values: Any) -> Condition:
        """Both this and that."""
        return Condition(f"{self.sql} AND {sql}", [*self.values, *values])


def condition_of(where: RunFilter, *, without: str | None = None) -> Condition:
    """`without`: a facet name whose own condition is left out. Raises BadInput for a name outside RUN_FACETS."""
    check_filter(where)
    found = Condition("r.project = ?", [storable(where.project)])
    if where.since_ns is not None:
        found = found.also("r.started_at_ns >= ?", where.since_ns)
    if where.until_ns is not None:
        found = found.also("r.started_at_ns < ?", where.until_ns)
    if where.text:
        found = found.also("contains(r.search, ?)", storable(where.text.lower()))
    for word in where.has:
        if word in _PROMISED:
            found = found.also(_PROMISED[word])
        else:
            found = found.also("list_contains(r.words, ?)", storable(word))
    for name, values in where.equals.items():
        if values and name != without:
            found = _equals(found, name, values)
    return found


def _equals(found: Condition, name: str, values: Sequence[str]) -> Condition:
    known = [storable(value) for value in values if value]
    marks = ", ".join("?" * len(known))
    parts = [f'r."{name}" IN ({marks})'] if known else []
    if len(known) < len(values):
        parts.append(f'(r."{name}" IS NULL OR r."{name}" = \'\')')
    return found.also(f"({' OR '.join(parts)})", *known)
