"""An objective in words.

Refuses: a number without its unit.
"""

from __future__ import annotations

from quarterdeck.observe.signals.objectives.burning import HOUR_NS, ObjectiveNow, PairNow


def title_of(now: ObjectiveNow, worst: PairNow) -> str:
    """One sentence: what burns, how much too fast, and when the budget is gone."""
    burn, window = worst.long.value or 0.0, _window(worst.pair.long_ns)
    head = f"objective {now.objective.name}: in the last {window}"
    if now.objective.is_amount:
        spent = _amount(now, burn * now.budget * worst.pair.long_ns / (720 * HOUR_NS))
        return f"{head} {spent} went, {burn:,.1f} times what {_amount(now, now.budget)} in 30 days allow; {_end(now)}"
    what = "of runs failed" if now.objective.quantity == "failing" else f"of {now.objective.quantity} were lost"
    return (
        f"{head} {_percent(burn * now.budget, 1)} {what} ({worst.long.n:,} seen), {burn:,.1f} times the {_percent(now.budget, 2)} "
        f"that the target allows; {_end(now)}"
    )


def _amount(now: ObjectiveNow, value: float) -> str:
    return f"${value:,.2f}" if now.objective.quantity == "cost_usd" else f"{value:,.0f} tokens"


def _percent(share: float, digits: int) -> str:
    return f"{share:.{digits}%}".replace("%", " %")


def _window(length_ns: int) -> str:
    hours = length_ns // HOUR_NS
    return "hour" if hours == 1 else f"{hours} hours" if hours < 48 else f"{hours // 24} days"


def _end(now: ObjectiveNow) -> str:
    seconds = now.exhausted_in_s
    if seconds is None:
        return "when the budget is gone cannot be said"
    if seconds == 0:
        return "the budget is gone"
    hours = seconds / 3600
    return f"the budget is gone in {hours:.0f} h" if hours < 48 else f"the budget is gone in {hours / 24:.0f} days"
