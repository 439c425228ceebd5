"""Evidence that grows with each observation: for one decision (`EProcess`) and for patrol (`EDetector`).

Both keep logarithms and are capped: a change that lasts for months must not overflow.
Sources: Ville's inequality for `EProcess`; Shin, Ramdas and Rinaldo, "E-detectors", NEJSDS (2023), arXiv 2203.03532,
for `EDetector` (Shiryaev-Roberts form).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quarterdeck.stats.bets import BET_SIZES, Floats, Side, log_bet

LOG_MAX = 300.0
"""Evidence is capped at e^300: nobody needs more to decide."""


class EProcess:
    """One-shot evidence against "the mean is at most m" (`side="lower"`: at least m).

    Reject when `value` >= 1/α, at any time and under any rule of stopping; a false rejection then has a probability
    of at most α. `m` may be given anew with each observation, if it was fixed before the observation was seen.
    """

    def __init__(self, m: float, *, side: Side = "upper", bets: Sequence[float] = BET_SIZES) -> None:
        self._m = _mean(m)
        self._side: Side = side
        self._bets = np.asarray(bets, dtype=np.float64)
        self._log: Floats = np.zeros(len(self._bets))
        self.n = 0

    def update(self, x: float, m: float | None = None) -> float:
        """Take one observation in [0, 1]; answers the evidence so far. Raises ValueError outside the range."""
        growth = log_bet(x, self._m if m is None else _mean(m), side=self._side, sizes=self._bets)
        self._log = np.minimum(self._log + growth, LOG_MAX)
        self.n += 1
        return self.value

    @property
    def logs(self) -> tuple[float, ...]:
        """The logarithm of each bet's wealth: with `n` all that is known, for `resume`."""
        return tuple(float(one) for one in self._log)

    def resume(self, logs: Sequence[float], n: int) -> None:
        """Go on from what `logs` and `n` said. Raises ValueError for another number of bets, or what is no number."""
        known = np.asarray(logs, dtype=np.float64)
        if known.shape != self._bets.shape or not np.isfinite(known).all() or n < 0:
            msg = f"expected {len(self._bets)} finite logarithms and n >= 0, got {len(known)} and n {n}"
            raise ValueError(msg)
        self._log, self.n = known, n

    @property
    def value(self) -> float:
        """E: the mean wealth over the bets; 1 without observations."""
        return float(np.exp(self.log_value))

    @property
    def log_value(self) -> float:
        return _log_mean(self._log)


class EDetector:
    """Evidence that the mean rose above m at some unknown time, forgetting what came before.

    Alarm when `value` >= A, then `reset`. The mean time between false alarms is at least A observations, and the
    chance of one within T observations is at most T/A.
    """

    def __init__(self, m: float, *, side: Side = "upper", bets: Sequence[float] = BET_SIZES) -> None:
        self._m = _mean(m)
        self._side: Side = side
        self._bets = np.asarray(bets, dtype=np.float64)
        self._log: Floats = np.full(len(self._bets), -np.inf)
        self.n = 0

    def update(self, x: float, m: float | None = None) -> float:
        """Take one observation in [0, 1]; answers the evidence so far. Raises ValueError outside the range."""
        growth = log_bet(x, self._m if m is None else _mean(m), side=self._side, sizes=self._bets)
        self._log = np.minimum(np.logaddexp(0.0, self._log) + growth, LOG_MAX)
        self.n += 1
        return self.value

    def reset(self) -> None:
        """Begin anew, after an alarm."""
        self._log = np.full(len(self._bets), -np.inf)
        self.n = 0

    @property
    def value(self) -> float:
        """R: the mean over the bets; 0 without observations."""
        return float(np.exp(self.log_value))

    @property
    def log_value(self) -> float:
        return _log_mean(self._log)


def alarm_threshold(items_per_month: float, alarms_per_month: float, share: float) -> float:
    """A of one stream: `items_per_month / (alarms_per_month · share)`.

    `alarms_per_month` is the budget of the whole fleet, `share` this stream's part of it; shares sum to 1.
    Raises ValueError unless all are positive and the share is at most 1.
    """
    if items_per_month <= 0 or alarms_per_month <= 0 or not 0 < share <= 1:
        msg = (
            "expected items_per_month > 0, alarms_per_month > 0 and a share in (0, 1], "
            f"got {items_per_month}, {alarms_per_month} and {share}"
        )
        raise ValueError(msg)
    return items_per_month / (alarms_per_month * share)


def _mean(m: float) -> float:
    if not 0 < m < 1:
        msg = f"m must lie strictly between 0 and 1, got {m}"
        raise ValueError(msg)
    return float(m)


def _log_mean(logs: Floats) -> float:
    top = float(np.max(logs))
    return top if np.isinf(top) else top + float(np.log(np.mean(np.exp(logs - top))))
