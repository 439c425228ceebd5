"""Evidence: what makes a run worth keeping whatever the odds.

Pure: a run (and who is in an alert) in, the name of the first rule that holds out. Refuses: to read bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from quarterdeck.model.runs import Run
from quarterdeck.observe.sampling.options import KeepRule

NEGATIVE_OUTCOMES = frozenset(
    {
        "negative", "negative_feedback", "thumbs_down", "thumbsdown", "downvote", "dislike", "bad", "unsatisfied",
        "dissatisfied", "rejected", "unhelpful", "incorrect", "wrong", "complaint", "escalated",
    }
)  # fmt: skip
"""Outcome words (lower case, spaces and dashes as underscores) that somebody says of a run that did not please."""

BUDGET_FLAG = "budget_breach"
GUARDRAIL_FLAG = "guardrail"
FEEDBACK_FLAG = "negative_feedback"


def is_negative(outcome: str | None) -> bool:
    """Whether an outcome word says that somebody was not pleased."""
    return outcome is not None and outcome.strip().lower().replace(" ", "_").replace("-", "_") in NEGATIVE_OUTCOMES


_RULES: Mapping[KeepRule, Callable[[Run, Collection[str]], bool]] = {
    "error": lambda run, _alerts: bool(run.failed) or run.lifecycle == "lost",
    "guardrail": lambda run, _alerts: run.error_class == "guardrail_block" or GUARDRAIL_FLAG in run.flags,
    "negative_feedback": lambda run, _alerts: is_negative(run.outcome) or FEEDBACK_FLAG in run.flags,
    "budget_breach": lambda run, _alerts: BUDGET_FLAG in run.flags,
    "alert": lambda run, alerts: run.run_id in alerts,
}


def evidence(run: Run, keep: Collection[KeepRule], alerts: Collection[str] = ()) -> KeepRule | None:
    """The first rule of `keep` (in the order of KEEP_RULES) that holds for the run. `alerts`: run ids in an alert or incident."""
    return next((name for name, holds in _RULES.items() if name in keep and holds(run, alerts)), None)
