"""Severity: a pure function of facts and a rubric. Same facts, same rubric, same grade, with every step in words.

Each harm is graded alone and the worst decides; nothing is averaged. Refuses to let time lower a grade: that it stopped takes nothing
away. Bounds of rates are exact (Clopper and Pearson, Biometrika 26 (1934) 404-413), one-sided.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple, get_args

from quarterdeck.model.incidents import Clock, Facts, Grade, Harm, Magnitude
from quarterdeck.observe.incidents.rubric import Duty, Rubric, load_duties
from quarterdeck.stats.rates import clopper_pearson

LEAST, WORST = 4, 0
_ORDER = get_args(Magnitude)
_EPSILON = 1e-9


class Step(NamedTuple):
    """One thing that made a harm graver (positive) or lighter, in parts of a grade."""

    words: str
    size: float


class Graded(NamedTuple):
    """One harm's own grade, and how it came about."""

    severity: int
    because: tuple[str, ...]


def grade(facts: Facts, rubric: Rubric) -> Grade:
    """The grade of the worst harm. Uses nothing but its arguments and the shipped duties to report."""
    found = [_harm_grade(facts, harm, rubric) for harm in facts.harms]
    worst = min(found, key=lambda one: one.severity)
    return Grade(worst.severity, rubric.version, worst.because, clocks_of(facts))


def rate_bound(facts: Facts, rubric: Rubric) -> float | None:
    """The upper bound of the rate; None when nobody counted."""
    if facts.rate is None:
        return None
    # A one-sided bound is the upper end of a two-sided interval with twice the error.
    return clopper_pearson(facts.rate.events, facts.rate.trials, 1 - 2 * (1 - rubric.rate_confidence))[1]


def reach_of(facts: Facts, rubric: Rubric) -> float | None:
    """How many it touches: affected users, or the bound of the rate times a day's traffic, whichever is more; None = unknown."""
    bound = rate_bound(facts, rubric)
    a_day = None if bound is None or facts.traffic_per_day is None else bound * facts.traffic_per_day
    known = [value for value in (a_day, facts.affected_users) if value is not None]
    return max(known, default=None)


def _harm_grade(facts: Facts, harm: Harm, rubric: Rubric) -> Graded:
    base = rubric.base[harm.magnitude] + (0 if harm.actual else rubric.hazard)
    kind = "happened" if harm.actual else "could have happened"
    because = [f"{harm.magnitude} {harm.type.replace('_', ' ')} harm {kind}: {base:g}"]
    steps = list(_steps(facts, harm, rubric))
    total = sum(step.size for step in steps)
    total = min(max(total, -rubric.most_down), rubric.most_up)
    because += [f"{step.words}: {-step.size:+g}" for step in steps if step.size]
    severity = _rounded(base - total, rubric)
    for severity_now, words in _limits(facts, harm, severity, rubric):
        severity = severity_now
        because.append(words)
    return Graded(severity, (*because, f"grade {severity}"))


def _rounded(score: float, rubric: Rubric) -> int:
    return min(max(math.ceil(score - (1 - rubric.moves_at) - _EPSILON), WORST), LEAST)


def _steps(facts: Facts, harm: Harm, rubric: Rubric) -> Iterator[Step]:
    """Minor harm has none: how frequent it is and who found it do not make it graver. `_limits` grades it."""
    if not harm.actual and facts.caught_by == "validation":
        yield Step("a control caught it before any effect", rubric.validation.step)
        return
    if harm.magnitude not in ("none", "minor"):
        yield from (step for step in _all_steps(facts, harm, rubric) if step.size)


def _all_steps(facts: Facts, harm: Harm, rubric: Rubric) -> Iterator[Step]:
    steps = rubric.steps
    if harm.actual:
        words = {"no": "cannot be undone", "partly": "undone in part", "yes": "can be undone"}
        yield Step(words[harm.reversible], steps.reversible.get(harm.reversible, 0))
    yield Step(f"the agent {facts.autonomy}", steps.autonomy.get(facts.autonomy, 0))
    yield Step(f"caught by {facts.caught_by.replace('_', ' ')}", steps.caught_by.get(facts.caught_by, 0))
    yield Step(f"the domain is {facts.domain.replace('_', ' ')}", steps.domain.get(facts.domain, 0))
    yield Step("it goes on", steps.ongoing if facts.ongoing else 0)
    if facts.confidence == rubric.unsure.confidence:
        yield Step("the facts are unsure, so the higher", rubric.unsure.step)
    yield from _by_hours(facts, rubric)
    yield from _by_reach(facts, harm, rubric)


def _by_hours(facts: Facts, rubric: Rubric) -> Iterator[Step]:
    hours = facts.undetected_hours
    reached = [one for one in rubric.steps.undetected if hours is not None and hours >= one.hours]
    if reached:
        longest = max(reached, key=lambda one: one.hours)
        yield Step(f"undetected for {longest.hours:g} hours or more", longest.step)


def _by_reach(facts: Facts, harm: Harm, rubric: Rubric) -> Iterator[Step]:
    reach = reach_of(facts, rubric)
    if reach is None:
        return
    reached = [one for one in rubric.steps.reach if reach >= one.at_least]
    if reached:
        most = max(reached, key=lambda one: one.at_least)
        yield Step(f"about {reach:,.0f} people or answers, {most.at_least:g} or more", most.step)
    few = rubric.steps.few
    lightens = harm.actual and harm.magnitude != "catastrophic" and harm.type not in rubric.steps.few_does_not_lighten
    if reach < few.below and lightens:
        yield Step(f"fewer than {few.below:g} people", few.step)


def _limits(facts: Facts, harm: Harm, severity: int, rubric: Rubric) -> Iterator[tuple[int, str]]:
    """Floors and ceilings, each with the grade that holds after it."""
    least = rubric.serious_is_at_least
    grave = harm.actual and harm.magnitude in ("serious", "catastrophic") and harm.type in least.types
    if grave and severity > least.severity:
        severity = least.severity
        yield severity, f"serious {harm.type} harm that happened is at least {severity}, however few it touched"
    scale = rubric.at_scale
    if severity > scale.severity and harm.actual and harm.magnitude in scale.magnitude and _at_scale(facts, rubric):
        severity = scale.severity
        yield severity, f"{scale.rate_at_least:.0%} or more, {scale.a_day:g} or more a day: at least {severity}"
    best, words = _best(facts, harm, rubric)
    if severity < best:
        yield best, words


def _at_scale(facts: Facts, rubric: Rubric) -> bool:
    bound, traffic = rate_bound(facts, rubric), facts.traffic_per_day
    if facts.rate is None or bound is None or traffic is None:
        return False
    often = facts.rate.events / facts.rate.trials >= rubric.at_scale.rate_at_least
    return often and bound * traffic >= rubric.at_scale.a_day


def _best(facts: Facts, harm: Harm, rubric: Rubric) -> tuple[int, str]:
    """The gravest grade that this harm may have at all."""
    if harm.magnitude == "none":
        return rubric.none.best, "no harm to speak of"
    if harm.magnitude == "minor":
        if harm.actual and harm.reversible == "yes" and _seldom(facts, rubric):
            return rubric.minor.few_is, "minor, seldom, few, and undone: recorded"
        return rubric.minor.best, f"minor harm is never above {rubric.minor.best}, however frequent"
    if not harm.actual and facts.caught_by == "validation":
        return (
            rubric.validation.best,
            f"what a control caught before any effect is never above {rubric.validation.best}",
        )
    return WORST, ""


def _seldom(facts: Facts, rubric: Rubric) -> bool:
    reach = reach_of(facts, rubric)
    often = facts.rate is not None and facts.rate.events / facts.rate.trials >= rubric.minor.often_at
    return reach is not None and reach < rubric.minor.few_below and not (often and facts.ongoing)


def clocks_of(facts: Facts) -> tuple[Clock, ...]:
    """The duties to report that these facts may start."""
    found = [(duty, harm) for duty in load_duties().clocks for harm in facts.harms if _starts(duty, harm, facts)]
    first = {duty.code: (duty, harm) for duty, harm in reversed(found)}
    return tuple(
        Clock(
            duty.code, duty.title, duty.hours, duty.starts, f"{harm.magnitude} {harm.type} harm; confirm with counsel"
        )
        for duty, harm in reversed(first.values())
    )


def _starts(duty: Duty, harm: Harm, facts: Facts) -> bool:
    when = duty.when
    grave = _ORDER.index(harm.magnitude) >= _ORDER.index(when.magnitude_at_least)
    here = not when.domains or facts.domain in when.domains
    return harm.type in when.types and here and grave and harm.actual == when.actual


def replays_needed(rate: float, confidence: float = 0.95) -> int:
    """Replays after which a fault of this rate would have been seen once with this confidence: 9 for 30 %, 299 for 1 %."""
    if not 0 < rate < 1 or not 0 < confidence < 1:
        raise ValueError(f"expected 0 < rate < 1 and 0 < confidence < 1, got {rate} and {confidence}")
    return math.ceil(math.log(1 - confidence) / math.log(1 - rate))
