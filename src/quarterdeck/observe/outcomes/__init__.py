"""Outcomes: what somebody found out about a run, posted or told by spans, beside the run or long after it."""

from quarterdeck.observe.outcomes.desk import OutcomeDesk, Posted, Unaccepted
from quarterdeck.observe.outcomes.gauges import OutcomeGauges
from quarterdeck.observe.outcomes.logged import LoggedEvaluations
from quarterdeck.observe.outcomes.names import NameBook
from quarterdeck.observe.outcomes.options import OutcomeOptions
from quarterdeck.observe.outcomes.told import Telling, told_outcomes
from quarterdeck.observe.outcomes.verdict import Verdicts

__all__ = [
    "LoggedEvaluations",
    "NameBook",
    "OutcomeDesk",
    "OutcomeGauges",
    "OutcomeOptions",
    "Posted",
    "Telling",
    "Unaccepted",
    "Verdicts",
    "told_outcomes",
]
