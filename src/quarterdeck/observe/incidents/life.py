"""What happens to an incident: opened, graded, contained, triaged, closed. Pure: an incident and an act in, an incident out.

Refuses: a downgrade without a bound and a name, "not reproduced" below the replays that the rate demands, and closing with anything missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from quarterdeck.errors import BadInput, DowngradeRefused, IncidentIncomplete
from quarterdeck.model.incidents import (
    FIELD_NAMES,
    TRIAGE_STEPS,
    Event,
    Facts,
    FieldValue,
    Given,
    Incident,
    RootCause,
    Seen,
    Triage,
)
from quarterdeck.observe.incidents.grade import grade, rate_bound, replays_needed
from quarterdeck.observe.incidents.rubric import Rubric

EVENTS_MAX = 2_000
_RATE_UNKNOWN = 0.01
"""Asked of replays when nobody counted: as for a fault of one in a hundred."""


def opened(incident: Incident, earlier: tuple[str, ...]) -> Incident:
    """As it is recorded first. `earlier`: incidents of its signature within the window; the second forces a review."""
    why = f"{len(earlier) + 1} incidents of one signature: something structural, not one event" if earlier else ""
    opened_ = replace(incident, earlier=earlier, review=why)
    return told(opened_, Event(incident.opened_ns, "opened", incident.title, incident.by))


def told(incident: Incident, event: Event) -> Incident:
    """With one more event. Raises BadInput when it has too many, or is closed."""
    if len(incident.events) >= EVENTS_MAX:
        raise BadInput(f"an incident has at most {EVENTS_MAX:,} events")
    if incident.state == "closed" and event.what != "closed":
        raise BadInput("the incident is closed; open another and name this one")
    return replace(incident, events=(*incident.events, event))


def graded(
    incident: Incident, facts: Facts, rubric: Rubric, *, by: str, at_ns: int, approver: str | None, replays: Seen | None
) -> Incident:
    """With one more grade. Raises DowngradeRefused for a milder one without what it takes."""
    found = grade(facts, rubric)
    before = incident.severity
    if before is not None and found.severity > before:
        _check_downgrade(incident, facts, rubric, approver, replays)
    given = Given(found, rubric.digest, facts, by, at_ns, approver)
    words = f"sev-{found.severity}: {found.because[0]}" + (f", approved by {approver}" if approver else "")
    return told(replace(incident, grades=(*incident.grades, given)), Event(at_ns, "graded", words, by))


def _check_downgrade(
    incident: Incident, facts: Facts, rubric: Rubric, approver: str | None, replays: Seen | None
) -> None:
    """A milder grade rests on a bound: the rate's upper bound from replays lies below the rate that the grade before rests on."""
    if not (approver or "").strip():
        raise DowngradeRefused("a milder grade takes a named approver")
    before = incident.grades[-1].facts.rate
    seen = replays or facts.rate
    bound = rate_bound(replace(facts, rate=seen), rubric)
    threshold = _RATE_UNKNOWN if before is None or not before.events else before.events / before.trials
    if bound is None or bound >= threshold:
        shown = "nobody counted" if bound is None else f"the rate may still be {bound:.1%}"
        raise DowngradeRefused(
            f"a milder grade takes replays whose bound lies below {threshold:.1%}; {shown}",
            mend=f"replay {replays_needed(min(max(threshold, 1e-6), 0.999)):,} times",
        )


def recomputes(given: Given, rubric: Rubric) -> bool | None:
    """Whether the grade follows from its own facts. None: it was given under another rubric."""
    return None if rubric.digest != given.rubric_digest else grade(given.facts, rubric) == given.grade


def replays_for(incident: Incident) -> int:
    """How many replays show a fault of this rate once, with 95 %: 9 for 30 %, 299 for 1 %."""
    share = rate_assumed(incident)
    return 1 if share >= 0.95 else replays_needed(share)


def rate_assumed(incident: Incident) -> float:
    """The rate that replays are planned for: of the newest grade's facts, else one in a hundred."""
    rate = incident.grades[-1].facts.rate if incident.grades else None
    return _RATE_UNKNOWN if rate is None or not rate.events else rate.events / rate.trials


def triaged(incident: Incident, step: Triage) -> Incident:
    """With a step of the walk; a later word on the same step stands beside the earlier one."""
    if not step.evidence.strip():
        raise BadInput("evidence takes what was looked at, or why the step does not apply")
    words = f"{step.step}: {step.finding.replace('_', ' ')}; {step.evidence}"
    return told(replace(incident, triage=(*incident.triage, step)), Event(step.at_ns, "triage", words, step.by))


def with_field(incident: Incident, field: FieldValue, at_ns: int) -> Incident:
    """With one of the six fields; a later value replaces it, and the timeline keeps both."""
    if not field.value.strip():
        raise BadInput(f"{field.name} takes a value, or why it does not apply")
    rest = tuple(one for one in incident.fields if one.name != field.name)
    words = f"{field.name.replace('_', ' ')} ({field.source.replace('_', ' ')}): {field.value}"
    return told(replace(incident, fields=(*rest, field)), Event(at_ns, "field", words, field.by))


def with_cause(incident: Incident, cause: RootCause, *, by: str, at_ns: int) -> Incident:
    """With its root cause. A distributional one takes a rate and factors. Raises BadInput."""
    if not cause.text.strip():
        raise BadInput("a root cause takes a text")
    if cause.kind == "distributional" and (cause.rate is None or not cause.factors):
        raise BadInput("a distributional cause takes a rate (events, trials) and the factors that make it")
    return told(replace(incident, root_cause=cause), Event(at_ns, "cause", f"{cause.kind}: {cause.text}", by))


def contained(incident: Incident, how: str, *, by: str, at_ns: int) -> Incident:
    """It does no more harm. Its grade stays."""
    if not how.strip():
        raise BadInput("how takes what was done: a tool or route disabled, a rollback, a person who approves")
    # Told first: what is closed refuses, and containing it must not open it again.
    said = told(incident, Event(at_ns, "contained", how, by))
    return replace(said, state="contained", to_ns=incident.to_ns or at_ns)


def missing(incident: Incident) -> Iterator[str]:
    """What it takes to close, in words."""
    if not incident.grades:
        yield "a grade"
    named = {field.name for field in incident.fields}
    yield from (f"the field {name.replace('_', ' ')}" for name in FIELD_NAMES if name not in named)
    walked = {one.step for one in incident.triage}
    yield from (f"the triage step {step}" for step in TRIAGE_STEPS if step not in walked)
    if incident.root_cause is None:
        yield "a root cause"
    if not incident.actions and (incident.severity or 0) <= 2:
        yield "an action with an owner"
    if incident.review and not incident.reviewed:
        yield "a structural review"
    yield from (f"an answer to the duty {one.clock.title}" for one in incident.clocks if one.stopped_ns is None)


def closed(incident: Incident, *, by: str, at_ns: int, not_reproduced: bool = False) -> Incident:
    """Closed. Raises IncidentIncomplete with all that is missing."""
    if incident.state == "closed":
        raise BadInput("the incident is closed already")
    lacking = list(missing(incident))
    if not_reproduced:
        lacking += _not_shown(incident)
    if lacking:
        raise IncidentIncomplete("it cannot be closed without " + ", ".join(lacking))
    over = replace(incident, state="closed", closed_ns=at_ns, to_ns=incident.to_ns or at_ns)
    return told(over, Event(at_ns, "closed", "not reproduced" if not_reproduced else "closed", by))


def _not_shown(incident: Incident) -> Iterator[str]:
    """What "not reproduced" still takes."""
    made = incident.replays or Seen(0, 0)
    if made.events:
        yield f"taking back that it was not reproduced: it was seen in {made.events:,} of {made.trials:,} replays"
    elif made.trials < replays_for(incident):
        yield f"{replays_for(incident):,} replays, {made.trials:,} were made"
