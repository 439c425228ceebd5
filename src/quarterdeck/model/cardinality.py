"""How many values a cohort label has, which are frequent, and what was not let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FrequentValue:
    """A value and in how many runs it was seen: at least `runs_low`, at most `runs_high` (a sketch counts within bounds)."""

    value: str
    runs_low: int
    runs_high: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Runs whose value became `other` for one reason, and an example of such a value (cut to 200 characters)."""

    runs: int
    example: str


@dataclass(frozen=True, slots=True)
class LabelNow:
    """One label of one project. `distinct` is an estimate with its 95 % bounds, over all values that came.

    `admitted` of at most `capacity` values stand for themselves; `refused` maps a reason (`cap`, `uuid`, `hex`, ...) to
    what became `other`.
    """

    label: str
    distinct: float
    distinct_low: float
    distinct_high: float
    admitted: int
    capacity: int
    refused: Mapping[str, Refused] = field(default_factory=dict)
    top: Sequence[FrequentValue] = ()
