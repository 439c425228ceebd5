"""An incident as lines for a person: how grave, what happened, what closing it still takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quarterdeck.cli import output

COLUMNS = (("sev", "left"), ("state", "left"), ("opened", "left"), ("id", "id"), ("title", "left"))


def row(incident: Mapping[str, Any]) -> list[str]:
    """One incident as cells of COLUMNS."""
    grave = output.UNKNOWN if incident["severity"] is None else f"sev-{incident['severity']}"
    return [grave, incident["state"], _moment(incident["opened_at"]), incident["incident_id"], incident["title"]]


def lines(incident: Mapping[str, Any]) -> Iterator[str]:
    """One incident in full."""
    grave = "not graded" if incident["severity"] is None else f"sev-{incident['severity']}"
    yield f"{grave}, {incident['state']}: {incident['title']}"
    yield f"id {incident['incident_id']}, opened {_moment(incident['opened_at'])} by {incident['by']}"
    yield from (f"because {words}" for words in (incident["grades"][-1]["because"] if incident["grades"] else ()))
    yield from _exposure(incident["exposure"])
    yield from (f"{name.replace('_', ' ')}: {one['value']}" for name, one in incident["fields"].items())
    yield from (f"action {one['action_id']}: {_action(one)}" for one in incident["actions"])
    yield from (f"duty {one['code']}: {_clock(one)}" for one in incident["clocks"])
    if incident["review_required"]:
        yield f"structural review: {incident['review_required']['found'] or incident['review_required']['why']}"
    yield from (f"{_moment(one['at'])}  {one['what']}: {one['words']} ({one['by']})" for one in incident["timeline"])
    if incident["to_close"]:
        yield f"to close it takes {', '.join(incident['to_close'])}"


def _exposure(exposure: Mapping[str, Any] | None) -> Iterator[str]:
    if exposure is not None:
        yield (
            f"{exposure['runs']:,} runs in {exposure['sessions']:,} sessions of {exposure['users']:,} users,"
            f" failing {output.rate(exposure['failing'])}"
        )


def _action(action: Mapping[str, Any]) -> str:
    due = f", due {_moment(action['due'])}" if action["due"] else ""
    return f"{action['text']} ({action['owner']}{due}{', done' if action['done_at'] else ''})"


def _clock(clock: Mapping[str, Any]) -> str:
    if clock["stopped_at"]:
        return f"{clock['title']}: {clock['note']}"
    if clock["started_at"]:
        return f"{clock['title']}: due {_moment(clock['due_at'])}, {clock['left_hours']:g} hours left"
    return f"{clock['title']}: not started; {clock['hours']:g} hours from {clock['starts'].replace('_', ' ')}"


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")
