"""A dismissal, or a mute, held to its word: it said that things stay as they were seen, and every later run bets against that.

A rate: the mean stays at or below the upper bound that was seen. An amount: half of the runs stay at or below the upper bound of the
median that was seen. Refuted at E >= 20: of true ones one in twenty ever is (Ville's inequality).

The bets begin at every observation with a part of the money, 1 / (k (k + 1)) at the k-th: parts sum to one, so the promise stays, and a
quiet week does not use up what a worsening after it would be shown with. It then takes evidence of about k² more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quarterdeck.model.oncall import Evidence
from quarterdeck.stats import BET_SIZES
from quarterdeck.stats.bets import Floats, log_bet

_HALF = 0.5
_LOG_MAX = 600.0
_MOST = 0.99
"""A bound of one could never be refuted."""


@dataclass(slots=True)
class HeldToWord:
    """`rate`: the signal is a number in 0..1. `take` observations; `refuted` once and for all."""

    evidence: Evidence
    rate: bool
    refuted_at: float
    n: int = 0
    above: float = 0.0
    refuted: bool = False
    _logs: Floats = field(default_factory=lambda: np.full(len(BET_SIZES), -np.inf))

    @property
    def _m(self) -> float:
        return min(self.evidence.high, _MOST) if self.rate else _HALF

    def take(self, value: float) -> bool:
        """One later observation of the signal in the slice, in its unit; answers whether it refutes."""
        x = min(max(value, 0.0), 1.0) if self.rate else float(value > self.evidence.high)
        self.n += 1
        self.above += x
        if not self.refuted:
            begun = np.logaddexp(self._logs, -np.log(self.n * (self.n + 1.0)))
            self._logs = np.minimum(begun + log_bet(x, self._m), _LOG_MAX)
            self.refuted = self.value >= self.refuted_at
        return self.refuted

    @property
    def value(self) -> float:
        """The evidence so far."""
        waits = 1 / (self.n + 1)
        return float(np.exp(self._logs).mean()) + waits

    def words(self) -> str:
        """What was predicted, and what came."""
        share = self.above / self.n if self.n else 0.0
        if self.rate:
            return f"predicted at most {self.evidence.high:.3g}, {share:.3g} came in {self.n:,} runs (evidence {self.value:,.3g})"
        return f"predicted half above {self.evidence.high:,.4g}, {share:.0%} of {self.n:,} runs were (evidence {self.value:,.3g})"

    def dump(self) -> dict[str, Any]:
        """Plain values; `load` takes them."""
        return {
            "evidence": list(self.evidence),
            "rate": self.rate,
            "refuted_at": self.refuted_at,
            "n": self.n,
            "above": self.above,
            "refuted": self.refuted,
            "logs": self._logs.tolist() if self.n else [],
        }

    @classmethod
    def load(cls, found: Mapping[str, Any]) -> HeldToWord:
        """Go on from what `dump` answered. Raises KeyError, TypeError or ValueError for anything else."""
        held = cls(Evidence(*found["evidence"]), found["rate"], found["refuted_at"])
        held.n, held.above, held.refuted = found["n"], found["above"], found["refuted"]
        if held.n:
            held._logs = np.asarray(found["logs"], dtype=np.float64)
        return held
