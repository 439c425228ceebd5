"""A number as it may be shown: with its interval and n, or with the reason why there is none."""

from __future__ import annotations

from typing import NamedTuple


class Measured(NamedTuple):
    """`value` lies in [`low`, `high`], from `n` observations by `method`; without a value `reason` says why.

    `n_needed` is how many observations it takes (all of them, not more of them); None = not known.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str | None = None
    reason: str | None = None
    n_needed: int | None = None
