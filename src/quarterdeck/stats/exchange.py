"""One new observation among fresh reference observations: evidence that it is not one of them.

Source: exact under exchangeability, since the scores' positions are then equally likely; see Shafer and Vovk,
Game-Theoretic Foundations for Probability and Finance (2019), ch. 4 on conformal test martingales.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from quarterdeck.stats.bets import Floats
from quarterdeck.stats.processes import LOG_MAX

SHARES: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.999)
"""Parts of the wealth that are staked; never all, so that one surprise cannot end the test."""


def exchange_e(new: float, reference: ArrayLike) -> float:
    """An e-value for one step: the new score over the mean of all scores, its own included.

    Scores are >= 0 and may be learned from the past only. Its mean is 1 when the new observation comes from where the
    references come from. All scores 0 give 1. Raises ValueError for a negative score or no reference.
    """
    others = np.asarray(reference, dtype=np.float64)
    if others.size == 0 or new < 0 or bool(np.any(others < 0)):
        msg = "expected scores >= 0 and at least one reference"
        raise ValueError(msg)
    total = new + float(others.sum())
    return 1.0 if total == 0 else (others.size + 1) * new / total


class ExchangeProcess:
    """Steps of `exchange_e` multiplied up; reject "nothing changed" at `value` >= 1/α, at any time."""

    def __init__(self) -> None:
        self._log: Floats = np.zeros(len(SHARES))
        self.n = 0

    def update(self, new: float, reference: ArrayLike) -> float:
        """Take one step; answers the evidence so far. Raises ValueError as `exchange_e` does."""
        growth = np.log1p(np.asarray(SHARES) * (exchange_e(new, reference) - 1))
        self._log = np.minimum(self._log + growth, LOG_MAX)
        self.n += 1
        return self.value

    @property
    def value(self) -> float:
        """E: the mean wealth over the stakes; 1 without steps."""
        return float(np.mean(np.exp(self._log)))
