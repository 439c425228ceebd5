"""Signals: what of a run can get worse, and the patrol that says when it did."""

from quarterdeck.observe.signals.mix import MixShift
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.signals.patrol import Patrol

__all__ = ["MixShift", "Patrol", "SignalsOptions"]
