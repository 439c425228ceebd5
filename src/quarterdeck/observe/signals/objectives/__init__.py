"""Objectives: budgets of dollars and tokens, targets of quality, and how quickly they burn.

Exact rules over sums of the store, outside the promised number of false alarms.
"""

from quarterdeck.observe.signals.objectives.burning import PAIRS, WINDOWS_NS, ObjectiveNow, Pair, PairNow, stand
from quarterdeck.observe.signals.objectives.options import BurnOptions, Objective
from quarterdeck.observe.signals.objectives.rules import Objectives, standing

__all__ = [
    "PAIRS",
    "WINDOWS_NS",
    "BurnOptions",
    "Objective",
    "ObjectiveNow",
    "Objectives",
    "Pair",
    "PairNow",
    "stand",
    "standing",
]
