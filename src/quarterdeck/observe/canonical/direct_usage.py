"""Usage from attributes of their own, and what a proxy's cached answer was billed.

The reads have left the counts in the row. Refuses to guess whether an input has its cache in it: the dialect, the total
or the provider's own number beside it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.model.spans import OpKind
from quarterdeck.observe.canonical.arithmetic import Counts, settle
from quarterdeck.observe.canonical.plan import SLOTS, Candidates, Plan

FROM_CACHE = Counts(0, 0)
"""What a proxy's cached answer was billed."""

ONE_NUMBER = frozenset({"embedding", "rerank", "chain"})
"""Kinds that may report a total alone: all of it went in."""

_IN = SLOTS["tokens_input"]
_REASONING = SLOTS["tokens_reasoning"]
_TOTAL = SLOTS["tokens_total"]


def direct_usage(row: list[Any], plan: Plan, kind: OpKind, attributes: Mapping[str, Any]) -> Counts:
    """Inclusive counts of the usage that the reads found."""
    reported = row[_IN : _REASONING + 1]
    total = row[_TOTAL]
    if total is not None and reported[0] is None and reported[1] is None and kind in ONE_NUMBER:
        reported[0] = total
    reported.append(total)
    excludes = plan.dialect.input_excludes_cache
    if plan.uncached_input and not excludes and reported[0] is not None:
        excludes = _first(plan.uncached_input, attributes) == reported[0]
    return settle(reported, excludes_cache=excludes)


def _first(candidates: Candidates, attributes: Mapping[str, Any]) -> Any:
    found = (read(attributes[key]) for key, read in candidates)
    return next((value for value in found if value is not None), None)
