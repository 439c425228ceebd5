"""Which rule a provider follows, found from how what remains changes: least squares over what was sent and settled.

Between two answers the level changes by its refill, minus what was charged at admission, plus or minus what was corrected at
the end. Each is a known amount times an unknown weight near 0 or 1; the weights are the rule. Refuses: an answer from fewer than
60 changes, or when the weights explain the changes badly.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from quarterdeck.control.admit.need import Need, Usage

ROWS_NEEDED = 60
_ROWS_MAX = 2_000
_EXPLAINED = 0.9
_COLUMNS = 6


class Identified(NamedTuple):
    """What a pool of tokens is charged with. `per_minute`: its refill; `charges_cached`: None when no call
    had cached input; `explained`: share of the variance of changes.

    `weights` of input, cached input and max_tokens at admission, of output and of max_tokens given back at the end.
    """

    per_minute: float
    charges_input: bool
    charges_cached: bool | None
    charges_max_tokens: bool
    charges_output: bool
    gives_back: bool
    weights: tuple[float, float, float, float, float]
    explained: float


class MeterProbe:
    """Collects one dimension's changes. Tell it of every call and of every word of the provider, in order."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, ...]] = deque(maxlen=_ROWS_MAX)
        self._sums = [0.0] * _COLUMNS
        self._said_at: float | None = None
        self._remaining = 0.0

    def admitted(self, need: Need) -> None:
        """A call was accepted."""
        self._sums[1] += need.input
        self._sums[2] += need.cached
        self._sums[3] += need.max_tokens

    def settled(self, need: Need, usage: Usage) -> None:
        """An answer is complete."""
        self._sums[4] += usage.output
        self._sums[5] += need.max_tokens

    def said(self, now: float, remaining: float, capacity: float) -> None:
        """The provider's word. What comes from a full or an empty bucket says nothing of a rule and is passed over."""
        if self._said_at is not None and 0 < remaining < 0.98 * capacity and self._remaining > 0:
            self._sums[0] = now - self._said_at
            self._rows.append((*self._sums, remaining - self._remaining))
        self._said_at, self._remaining = now, remaining
        self._sums = [0.0] * _COLUMNS

    def identify(self) -> Identified | None:
        """The rule, or None while it is not clear."""
        if len(self._rows) < ROWS_NEEDED:
            return None
        import numpy as np  # noqa: PLC0415 - three quarters of the library's import time, for what few ask

        table = np.asarray(self._rows)
        causes, changes = table[:, :_COLUMNS], table[:, _COLUMNS]
        scale = np.abs(causes).max(axis=0)
        used = scale > 0
        weights = np.zeros(_COLUMNS)
        weights[used] = np.linalg.lstsq(causes[:, used] / scale[used], changes, rcond=None)[0] / scale[used]
        spread = float(((changes - changes.mean()) ** 2).sum())
        left = float(((changes - causes @ weights) ** 2).sum())
        explained = 1 - left / spread if spread > 0 else 0.0
        if explained < _EXPLAINED:
            return None
        rate, given, cached, asked, output, back = (float(weight) for weight in weights)
        return Identified(
            per_minute=rate * 60,
            charges_input=given < -0.5,
            charges_cached=given + cached < -0.5 if used[2] else None,
            charges_max_tokens=asked < -0.5,
            charges_output=output < -0.5,
            gives_back=back > 0.5,
            weights=(given, cached, asked, output, back),
            explained=explained,
        )
