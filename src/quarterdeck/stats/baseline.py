"""What is normal for a stream: a rate that keeps learning, and how much worse must be worth waking someone.

Source: the running Jeffreys mean; measured to keep false alarms at their budget where a plug-in estimate from the same
history raises them tens of times (docs/design/statistics.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_TOP = 1 - 1e-9
"""A bet needs m < 1; a stream that always fails cannot get worse."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Sum `k` and count `n` of what was seen, both fading by half every `half_life` observations (None: never).

    `tolerance` is the smallest relative worsening that matters (0.1 = 10 %). Frozen: `absorb` answers a new one, so a
    snapshot at an alarm is the value itself.
    """

    k: float = 0.0
    n: float = 0.0
    tolerance: float = 0.1
    half_life: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.k <= self.n or self.tolerance < 0 or (self.half_life is not None and self.half_life <= 0):
            msg = f"expected 0 <= k <= n, tolerance >= 0 and half_life > 0, got {self}"
            raise ValueError(msg)

    @property
    def rate(self) -> float:
        """(k + 1/2) / (n + 1): the Jeffreys mean."""
        return (self.k + 0.5) / (self.n + 1)

    @property
    def m(self) -> float:
        """The mean that bets are made against: the rate with the tolerance on top, below 1."""
        return min(self.rate * (1 + self.tolerance), _TOP)

    def absorb(self, x: float) -> Baseline:
        """With one more observation in [0, 1]. Call it after the bet: m must not know what it is tested on."""
        if not 0 <= x <= 1:
            msg = f"observations must lie in 0..1, got {x}"
            raise ValueError(msg)
        keep = 1.0 if self.half_life is None else 0.5 ** (1 / self.half_life)
        return replace(self, k=self.k * keep + x, n=self.n * keep + 1)
