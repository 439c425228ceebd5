"""Thresholds: each stream's part of one budget of false alarms. Pure."""

from __future__ import annotations

import numpy as np

from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.stats.bets import Floats

MONTH_S = 30 * 86_400.0
ITEMS_MIN = 300.0
"""A stream that is seen less often a month is treated as if it were seen this often: thresholds stay above chance."""
ELAPSED_MIN_S = 86_400.0
"""The first hours of a stream say little about its month: they are taken for a whole day's worth."""


def thresholds(options: SignalsOptions, shares: Floats, items: Floats, elapsed_s: float, cohorts: int | None) -> Floats:
    """A of every column: items a month / (alarms a month · share). `cohorts` None = the whole fleet; they share alike.

    A column without a part of the budget is never raised (inf).
    """
    a_month = np.maximum(ITEMS_MIN, items * MONTH_S / max(elapsed_s, ELAPSED_MIN_S))
    lane = options.share_pooled if cohorts is None else options.share_cohorts / max(1, cohorts)
    allowed = options.alarms_per_month * lane * shares
    return np.asarray(np.divide(a_month, allowed, out=np.full_like(a_month, np.inf), where=allowed > 0))


def deploy_thresholds(options: SignalsOptions, shares: Floats, deploys_a_month: float) -> Floats:
    """1/α of each signal of one deploy: its chance of a false alarm, however long it is watched, is α."""
    allowed = options.alarms_per_month * options.share_deploys * shares
    deploys = max(options.deploys_per_month, deploys_a_month)
    return np.asarray(np.divide(deploys, allowed, out=np.full_like(allowed, np.inf), where=allowed > 0))
