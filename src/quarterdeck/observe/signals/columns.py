"""All signals side by side: one array a run, NaN where the run does not say. Scores take the columns at the end.

Refuses: more names of scores than there are columns for; they are counted as left out, not mixed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.signals.signal import Signal
from quarterdeck.stats.bets import Floats

Bools = NDArray[np.bool_]
AMOUNT_MAX = 1e300
SCORE = "score:"
"""Prefix of the signals that are posted scores."""


class Columns:
    """The order of signals in arrays. `size` is fixed: columns of scores that are not named yet stay empty."""

    def __init__(self, signals: tuple[Signal, ...], options: SignalsOptions) -> None:
        self.fixed = signals
        self.size = len(signals) + options.scores_max
        self.names = [signal.name for signal in signals]
        self._of = [signal.of for signal in signals]
        self._score_weight = options.score_weight
        self.amount: Bools = np.zeros(self.size, dtype=bool)
        self.amount[: len(signals)] = [signal.kind == "amount" for signal in signals]
        self._top = [AMOUNT_MAX if signal.kind == "amount" else 1.0 for signal in signals]
        self.amounts = np.flatnonzero(self.amount)
        self.rates = ~self.amount
        self.shares: Floats = self._shares()

    def read(self, run: Run) -> Floats:
        """What a run says, shape (size,). A number that its kind cannot have (a negative cost) says nothing."""
        values = np.full(self.size, np.nan)
        for at, of in enumerate(self._of):
            value = of(run)
            if value is not None and 0 <= value <= self._top[at]:
                values[at] = value
        return values

    def score(self, name: str) -> int | None:
        """The column of a score; made when it is new, None when all are taken."""
        full = SCORE + name
        if full not in self.names:
            if len(self.names) >= self.size:
                return None
            self.names.append(full)
            self.shares = self._shares()
        return self.names.index(full)

    def restore(self, names: Iterable[str]) -> None:
        """Give the scores of an earlier life their columns again."""
        for name in names:
            if name.startswith(SCORE):
                self.score(name.removeprefix(SCORE))

    def signal(self, at: int) -> Signal:
        """What stands in a column."""
        if at < len(self.fixed):
            return self.fixed[at]
        name = self.names[at].removeprefix(SCORE)
        return Signal(
            self.names[at], f"bad {name}", "1 − score", "rate", "What people and evaluators say of the runs.",
            _nothing, weight=self._score_weight,
        )  # fmt: skip

    def _shares(self) -> Floats:
        """Each column's part of a lane; the parts of the named ones sum to 1, the others have none."""
        weights = np.zeros(self.size)
        weights[: len(self.fixed)] = [signal.weight for signal in self.fixed]
        weights[len(self.fixed) : len(self.names)] = self._score_weight
        return np.asarray(weights / weights.sum())


def _nothing(run: Run) -> float | None:  # noqa: ARG001 - a score comes beside the run, never from it
    return None
