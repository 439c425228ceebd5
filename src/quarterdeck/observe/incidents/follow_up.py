"""What is done about an incident: actions, duties to report, replays, notes, alerts that join, the structural review. Pure.

Refuses: replays that cannot be, a duty that no law in the dated list knows, an answer to what was not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.incidents import ActionItem, Clock, Event, Exposure, FieldValue, Incident, Running, Seen
from quarterdeck.observe.incidents.life import told, with_field
from quarterdeck.observe.incidents.rubric import load_duties

ACTIONS_MAX = 200
ALERTS_MAX = 200
REPLAYS_MAX = 10**9


def with_action(incident: Incident, action: ActionItem, *, by: str, at_ns: int) -> Incident:
    """With one more thing to do. Raises BadInput without a text or an owner."""
    if not action.text.strip() or not action.owner.strip():
        raise BadInput("an action takes a text and an owner")
    if len(incident.actions) >= ACTIONS_MAX:
        raise BadInput(f"an incident has at most {ACTIONS_MAX} actions")
    words = f"{action.owner}: {action.text}"
    return told(replace(incident, actions=(*incident.actions, action)), Event(at_ns, "action", words, by))


def action_done(incident: Incident, action_id: str, *, by: str, at_ns: int) -> Incident:
    """With an action done. Raises NotFound, and BadInput when it was done before."""
    found = next((one for one in incident.actions if one.action_id == action_id), None)
    if found is None:
        raise NotFound(f"the incident has no action {action_id!r}")
    if found.done_ns is not None:
        raise BadInput(f"the action {action_id} is done already")
    done = tuple(replace(one, done_ns=at_ns) if one is found else one for one in incident.actions)
    return told(replace(incident, actions=done), Event(at_ns, "done", found.text, by))


def clock_started(incident: Incident, code: str, *, started_ns: int, by: str, at_ns: int) -> Incident:
    """With a duty to report that runs since `started_ns`. Raises BadInput for one that runs, or is not known."""
    if any(one.clock.code == code for one in incident.clocks):
        raise BadInput(f"the clock {code} was started already")
    if started_ns > at_ns:
        raise BadInput("a clock starts now or earlier, not in the future")
    clock = _clock(incident, code)
    words = f"{clock.title}: due {clock.hours:g} hours after {clock.starts.replace('_', ' ')}; confirm with counsel"
    running = (*incident.clocks, Running(clock, started_ns))
    return told(replace(incident, clocks=running), Event(at_ns, "clock_started", words, by))


def clock_stopped(incident: Incident, code: str, *, note: str, by: str, at_ns: int) -> Incident:
    """With an answer to a duty: reported, or why it does not apply. Raises BadInput, NotFound."""
    if not note.strip():
        raise BadInput("note takes what was reported to whom, or why the duty does not apply")
    found = next((one for one in incident.clocks if one.clock.code == code), None)
    if found is None:
        raise NotFound(f"no clock {code!r} runs", mend="start it first")
    if found.stopped_ns is not None:
        raise BadInput(f"the clock {code} was stopped already")
    stopped = replace(found, stopped_ns=at_ns, note=note)
    clocks = tuple(stopped if one is found else one for one in incident.clocks)
    words = f"{found.clock.title}: {note}" + ("" if at_ns <= found.due_ns else " (after it was due)")
    return told(replace(incident, clocks=clocks), Event(at_ns, "clock_stopped", words, by))


def _clock(incident: Incident, code: str) -> Clock:
    """From the newest grade, which says why; else from the dated list, which anybody may start."""
    offered = incident.grades[-1].grade.clocks if incident.grades else ()
    if found := next((one for one in offered if one.code == code), None):
        return found
    duties = load_duties().clocks
    for duty in duties:
        if duty.code == code:
            return Clock(duty.code, duty.title, duty.hours, duty.starts, "started by hand; confirm with counsel")
    raise BadInput(f"unknown clock {code!r}; expected one of {', '.join(duty.code for duty in duties)}")


def with_replays(incident: Incident, seen: Seen, *, by: str, at_ns: int) -> Incident:
    """With more replays: they add up. Raises BadInput for counts that cannot be."""
    if not 0 <= seen.events <= seen.trials or not 1 <= seen.trials <= REPLAYS_MAX:
        raise BadInput(f"replays take events and trials, 0 <= events <= trials, 1 <= trials <= {REPLAYS_MAX:,}")
    before = incident.replays or Seen(0, 0)
    made = Seen(before.events + seen.events, before.trials + seen.trials)
    words = f"seen in {seen.events:,} of {seen.trials:,} replays, {made.events:,} of {made.trials:,} in all"
    return told(replace(incident, replays=made), Event(at_ns, "replays", words, by))


def noted(incident: Incident, text: str, *, by: str, at_ns: int, kind: str = "note") -> Incident:
    """With a line in the timeline; what went well or badly has its own part in the post-mortem."""
    if not text.strip():
        raise BadInput("a note takes a text")
    return told(incident, Event(at_ns, kind, text, by))


def reviewed(incident: Incident, found: str, *, by: str, at_ns: int) -> Incident:
    """With what the structural review found. Raises BadInput when none was asked for."""
    if not incident.review:
        raise BadInput("this incident needs no structural review: it is the first of its signature")
    if not found.strip():
        raise BadInput("a structural review takes what it found")
    return told(replace(incident, reviewed=found), Event(at_ns, "review", found, by))


def with_alert(incident: Incident, alert_id: str, title: str, *, by: str, at_ns: int) -> Incident:
    """With one more alert of the same cause. Raises BadInput for one that is there."""
    if alert_id in incident.alert_ids:
        raise BadInput(f"the alert {alert_id} is part of the incident already")
    if len(incident.alert_ids) >= ALERTS_MAX:
        raise BadInput(f"an incident has at most {ALERTS_MAX} alerts")
    joined = replace(incident, alert_ids=(*incident.alert_ids, alert_id))
    return told(joined, Event(at_ns, "alert", title, by))


def measured(
    incident: Incident, exposure: Exposure, fields: Sequence[FieldValue], *, words: str, by: str, at_ns: int
) -> Incident:
    """With who was exposed, and those fields that its runs tell and nobody typed."""
    typed = {one.name for one in incident.fields if one.source != "runs"}
    seen = told(replace(incident, exposure=exposure), Event(at_ns, "exposure", words, by))
    for field in fields:
        if field.name not in typed:
            seen = with_field(seen, field, at_ns)
    return seen
