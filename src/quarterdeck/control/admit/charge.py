"""Amounts by dimension: what a call takes, and what an account may take.

Six dimensions, in one fixed order, so that a decision is a walk over small tuples. Refuses units other than those
named here: counts of requests and tokens, calls at the same time, US dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from quarterdeck.errors import BadInput

DIMENSIONS = ("requests", "input", "output", "total", "concurrency", "cost_usd")
REQUESTS, INPUT, OUTPUT, TOTAL, CONCURRENCY, COST = range(6)
PER_MINUTE = (REQUESTS, INPUT, OUTPUT, TOTAL)
"""Dimensions that refill with time; concurrency refills by settling, cost at midnight UTC."""


class Charge(NamedTuple):
    """What one call takes. Tokens in `input`, `output`, `total`; `total` is the pool of providers that have one."""

    requests: float = 0.0
    input: float = 0.0
    output: float = 0.0
    total: float = 0.0
    concurrency: float = 0.0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account may take: per minute, at the same time, and per day (UTC). None: no limit is known."""

    requests: float | None = None
    input: float | None = None
    output: float | None = None
    total: float | None = None
    concurrency: float | None = None
    cost_usd: float | None = None

    def __post_init__(self) -> None:
        for name in DIMENSIONS:
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and 0 < value < float("inf")):
                raise BadInput(f"limit {name} must be a number above 0, got {value!r}")

    def of(self, dimension: int) -> float | None:
        """The limit of one dimension, by its place in `DIMENSIONS`."""
        value: float | None = getattr(self, DIMENSIONS[dimension])
        return value

    @classmethod
    def read(cls, given: Limits | Mapping[str, Any] | None) -> Limits:
        """Limits from a mapping, for example of JSON. Raises BadInput for an unknown name or a value that is none."""
        if given is None:
            return cls()
        if isinstance(given, Limits):
            return given
        unknown = sorted(set(given) - set(DIMENSIONS))
        if unknown:
            raise BadInput(f"unknown limit {', '.join(unknown)}; expected some of {', '.join(DIMENSIONS)}")
        return cls(**given)
