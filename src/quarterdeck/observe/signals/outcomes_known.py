"""How many runs do not say whether they failed, and whether that share is moving."""

from __future__ import annotations

from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Condition
from quarterdeck.stats import newcombe, wilson

FEW = 0.05
"""With fewer runs unknown, their outcomes cannot move a rate by much."""
MOVED = 0.10
"""A share of unknown runs that moves by more may hide a change, or make one up."""
WINDOW = 500
RUNS_MIN = 100
_NAME = "outcomes known"


class OutcomesKnown:
    """Counts before the newest window and within it: [runs, unknown]."""

    def __init__(self) -> None:
        self.before = [0, 0]
        self.window: list[bool] = []

    def add(self, failed: bool | None) -> None:
        """One run: what it says, None = nothing."""
        self.window.append(failed is None)
        if len(self.window) >= 2 * WINDOW:
            old, self.window = self.window[:WINDOW], self.window[WINDOW:]
            self.before = [self.before[0] + len(old), self.before[1] + sum(old)]

    def condition(self) -> Condition:
        """Whether the promise may rest on the outcomes that are known."""
        n, missing = len(self.window) + self.before[0], sum(self.window) + self.before[1]
        if n < RUNS_MIN:
            reason = f"fewer than {RUNS_MIN} runs"
            return Condition(
                _NAME,
                None,
                f"Not known yet: {reason}.",
                Measured(None, None, None, n, reason=reason, n_needed=RUNS_MIN),
            )
        low, high = wilson(missing, n)
        share = Measured(missing / n, low, high, n, "share of runs without outcome, Wilson")
        if missing == n:
            return Condition(_NAME, None, "No run says whether it failed.", share)
        if missing / n <= FEW:
            return Condition(_NAME, True, f"{1 - missing / n:.0%} of runs say whether they failed.", share)
        return self._steady(share)

    def _steady(self, share: Measured) -> Condition:
        if self.before[0] < RUNS_MIN:
            return Condition(
                _NAME,
                None,
                f"{share.value:.0%} of runs do not say whether they failed; whether that moves is not known yet.",
                share,
            )
        moved = newcombe(sum(self.window), len(self.window), self.before[1], self.before[0])
        low, high = moved
        if low > MOVED or high < -MOVED:
            return Condition(
                _NAME,
                False,
                f"The share of runs that do not say whether they failed moved to {sum(self.window) / len(self.window):.0%}.",
                share,
            )
        return Condition(
            _NAME, True, f"{share.value:.0%} of runs do not say whether they failed, about as many as before.", share
        )
