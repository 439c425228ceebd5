"""Outcomes: what somebody found out about a run, posted or told by spans, beside the run or long after it."""

from quarterdeck.observe.outcomes.desk import OutcomeDesk, Posted, Unaccepted
from quarterdeck.observe.outcomes.options import OutcomeOptions
from quarterdeck.observe.outcomes.verdict import Verdicts

__all__ = ["OutcomeDesk", "OutcomeOptions", "Posted", "Unaccepted", "Verdicts"]
