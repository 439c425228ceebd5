"""The fleet in words: facts in, two or three short sentences out.

Refuses: a rate without its n and interval, and a rate at all when too few runs have finished.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from quarterdeck.stats import wilson

_JUDGED_FROM = 20
"""Fewer finished runs than this and an interval spans half the scale: we count instead of rating."""
_CULPRIT_FAILURES = 3
_DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class CohortFacts:
    """Failures of one agent with one prompt version; None = unknown."""

    agent: str | None
    prompt_version: str | None
    failed: int


class WatchedFacts(NamedTuple):
    """Titles of alerts, the most urgent first. `judged`: some stream has learned what is normal."""

    firing: Sequence[str]
    pending: Sequence[str]
    judged: bool


@dataclass(frozen=True, slots=True)
class FleetFacts:
    """What is said. `watched` is None where nobody watches the fleet. `minutes` is the window, None for one that does not end now; `known` says whether there is any run at all."""

    live: int
    runs: int
    scored: int
    failed: int
    minutes: int | None
    cohorts: Sequence[CohortFacts]
    otlp_http: str | None
    known: bool
    watched: WatchedFacts | None = None


def in_words(facts: FleetFacts) -> str:
    """E.g. `1,012 runs live. 12 % of 1,416 finished runs failed in the last 60 min (10–14 %).`

    Alerts that fire are the answer, and stand in place of the rates. With none, what rises follows the rates.
    """
    if facts.watched is not None and facts.watched.firing:
        return f"{_runs(facts.live)} live. {_alerts(facts.watched)}"
    if not facts.live and not facts.runs:
        return _nothing(facts)
    parts = [f"{_runs(facts.live)} live.", _failing(facts), _culprit(facts), _rising(facts.watched)]
    return " ".join(part for part in parts if part)


def _alerts(watched: WatchedFacts) -> str:
    first, *more = watched.firing
    if more:
        rest = f"{len(more):,} more {'alert fires' if len(more) == 1 else 'alerts fire'}."
    elif watched.pending:
        rest = f"Evidence rises for {len(watched.pending):,} more."
    else:
        rest = "Nothing else moved."
    return f"{_sentence(first)} {rest}"


def _rising(watched: WatchedFacts | None) -> str:
    if watched is None or not watched.judged:
        return ""
    if not watched.pending:
        return "Nothing moved."
    more = f" {len(watched.pending) - 1:,} more." if len(watched.pending) > 1 else ""
    return f"Not sure yet: {_sentence(watched.pending[0])}{more}"


def _sentence(title: str) -> str:
    begun = title.replace("the ", "The ", 1) if title.startswith("the ") else title  # names keep their own first letter
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def _nothing(facts: FleetFacts) -> str:
    if facts.known:
        return f"No runs {_when(facts.minutes)}."
    where = facts.otlp_http or "this server's OTLP port"
    return f"No runs yet. Point an agent at {where}."


def _failing(facts: FleetFacts) -> str:
    when = _when(facts.minutes)
    if not facts.scored:
        return f"No run has finished {when}."
    if facts.scored < _JUDGED_FROM:
        return f"{facts.failed:,} of {_finished(facts.scored)} failed {when}: too few to judge."
    low, high = wilson(facts.failed, facts.scored)
    share = facts.failed / facts.scored
    return f"{_percent(share)} % of {_finished(facts.scored)} failed {when} ({_percent(low)}–{_percent(high)} %)."


def _culprit(facts: FleetFacts) -> str:
    """Names the cohort behind more than half of the failures, when there is one and it is not simply everybody."""
    if facts.failed < _CULPRIT_FAILURES or len(facts.cohorts) < 2:
        return ""
    worst = max(facts.cohorts, key=lambda cohort: cohort.failed)
    if worst.failed * 2 <= facts.failed or worst.agent is None:
        return ""
    prompt = f" with prompt {worst.prompt_version}" if worst.prompt_version else ""
    return f"{worst.agent}{prompt} makes most failures."


def _when(minutes: int | None) -> str:
    if minutes is None:
        return "in this window"
    if minutes >= 2 * _DAY_MIN:  # in wide windows nobody counts the odd minutes
        return f"in the last {round(minutes / _DAY_MIN):,} days"
    if minutes > 120:
        return f"in the last {round(minutes / 60)} h"
    return f"in the last {minutes} min"


def _runs(n: int) -> str:
    return "1 run" if n == 1 else f"{n:,} runs"


def _finished(n: int) -> str:
    return "1 finished run" if n == 1 else f"{n:,} finished runs"


def _percent(share: float) -> str:
    """Whole per cent; one decimal below ten so that small rates do not round to nothing."""
    percent = share * 100
    rounded = f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}"
    return rounded.removesuffix(".0")
