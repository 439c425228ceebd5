"""What the promise rests on, estimated all the time and said in words: clustering, day effects, missing outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Condition
from quarterdeck.observe.signals.clustering import Clustering
from quarterdeck.observe.signals.columns import Columns
from quarterdeck.observe.signals.days import Days
from quarterdeck.observe.signals.outcomes_known import OutcomesKnown
from quarterdeck.stats import Answer, Estimate
from quarterdeck.stats.blocks import BLOCK_ABOVE


def clustering(columns: Columns, seen: Clustering) -> Condition:
    """Runs of one session are alike or not; where they are, each session is one observation, so the promise holds."""
    answers = [(name, answer) for name, answer in zip(columns.names, seen.answers(), strict=False)]
    known = [(name, answer) for name, answer in answers if isinstance(answer, Estimate)]
    if not known:
        reason = (
            "no run says which session or user it belongs to"
            if seen.runs == 0
            else "too few sessions with several runs"
        )
        return Condition(
            "clustering", None, f"Not known yet: {reason}.", Measured(None, None, None, seen.runs, reason=reason)
        )
    alike = [columns.names[at] for at in np.flatnonzero(seen.blocked)]
    name, worst = max(known, key=lambda one: one[1].value)
    if alike:
        words = f"Runs of one session are alike in {', '.join(alike)}: there each session counts as one observation."
    else:
        words = f"Runs of one session are no more alike than others (at most {worst.value:.3f}, in {name}; above {BLOCK_ABOVE} they would count as one)."
    return Condition("clustering", True, words, measured(worst))


def day_effect(columns: Columns, days: Days, tolerance: float) -> Condition:
    """Days differ by less than the tolerance, beyond chance."""
    found = [
        (columns.names[at], answer)
        for at in np.flatnonzero(columns.rates[: len(columns.names)])
        if isinstance(answer := days.effect(int(at)), Estimate)
    ]
    if not found:
        words = f"Not known yet: {len(days)} of 7 days were seen."
        return Condition(
            "day effect", None, words, Measured(None, None, None, len(days), reason="too few days", n_needed=7)
        )
    name, worst = max(found, key=lambda one: one[1].value)
    if worst.value <= tolerance:
        words = f"Days differ by {worst.value:.0%} of the rate at most (in {name}), within the tolerance of {tolerance:.0%}."
        return Condition("day effect", True, words, measured(worst))
    sure = worst.low > tolerance
    words = f"Days differ by {worst.value:.0%} of the rate in {name}, more than the tolerance of {tolerance:.0%}: a bad day may raise an alarm."
    return Condition("day effect", False if sure else None, words, measured(worst))


def outcomes(known: OutcomesKnown) -> Condition:
    """Runs that do not say whether they failed: few, or at least always the same share of them."""
    return known.condition()


def measured(answer: Answer) -> Measured:
    """An answer of the core as it is passed on."""
    if isinstance(answer, Estimate):
        return Measured(answer.value, answer.low, answer.high, answer.n, answer.method)
    return Measured(None, None, None, answer.n, None, answer.reason, answer.n_needed)


def all_of(
    columns: Columns, seen: Clustering, days: Days, known: OutcomesKnown, tolerance: float
) -> Sequence[Condition]:
    return clustering(columns, seen), day_effect(columns, days, tolerance), outcomes(known)
