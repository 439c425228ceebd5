"""What every engine does with an outcome that comes beside a stored one, and how outcomes are summed up.

Pure. Refuses I/O. Two engines that decided these apart would answer apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from quarterdeck.model.outcomes import Outcome
from quarterdeck.store.text import storable

OutcomeKey = tuple[str, str, str, str]
"""(project, run_id, name, source): one outcome each."""


class Placed(NamedTuple):
    """An outcome as it is stored, and when in the order of writing."""

    outcome: Outcome
    seq: int


def key_of(outcome: Outcome) -> OutcomeKey:
    return outcome.project, outcome.run_id, outcome.name, outcome.source


def storable_outcome(outcome: Outcome) -> Outcome:
    """With lone surrogates replaced, as in every text that is stored."""
    return Outcome._make(storable(value) for value in outcome)


def says_the_same(one: Outcome, other: Outcome) -> bool:
    return (one.score, one.label, one.comment) == (other.score, other.label, other.comment)


def merged(stored: Placed | None, new: Outcome, next_seq: int) -> Placed | None:
    """What is to be written for `new`; None when the stored one stays as it is.

    What is said again is no news: it keeps its place, so that whoever takes each outcome once does not take it twice.
    """
    if stored is None:
        return Placed(new, next_seq)
    old = stored.outcome
    if new.at_ns < old.at_ns:
        return None
    if says_the_same(old, new):
        return None if new.at_ns == old.at_ns else Placed(old._replace(at_ns=new.at_ns), stored.seq)
    return Placed(new, next_seq)


def quantile(values: Sequence[float], q: float) -> float | None:
    """Linear between the two nearest of sorted `values` (DuckDB's `quantile_cont`); None without values."""
    if not values:
        return None
    at = (len(values) - 1) * q
    low, high = math.floor(at), math.ceil(at)
    return values[low] + (values[high] - values[low]) * (at - low)
