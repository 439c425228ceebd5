"""What a task will take, before it starts: calibrated quantiles from history."""

from __future__ import annotations

from quarterdeck.control.estimate.backtest import Backtest, backtest
from quarterdeck.control.estimate.estimator import Estimator
from quarterdeck.control.estimate.fits import fits
from quarterdeck.control.estimate.prior import PUBLISHED, Prior
from quarterdeck.control.estimate.rules import RULES, Rules
from quarterdeck.control.estimate.tier import Tier, TierChoice

__all__ = ["PUBLISHED", "RULES", "Backtest", "Estimator", "Prior", "Rules", "Tier", "TierChoice", "backtest", "fits"]
