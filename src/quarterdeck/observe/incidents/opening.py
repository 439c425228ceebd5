"""How an incident begins: by hand with a title, or from an alert, which brings its slice, its window and its rate. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quarterdeck.errors import BadInput
from quarterdeck.model.alerts import Alert
from quarterdeck.model.incidents import Exposure, Facts, Incident, Seen
from quarterdeck.model.signals import Keys
from quarterdeck.observe.incidents.facts import read_facts


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody says when an incident is opened. `facts` is a document of `read_facts`; id, title, rate and traffic may be missing."""

    by: str
    title: str | None = None
    alert: Alert | None = None
    facts: Mapping[str, Any] | None = None
    where: Keys = ()
    from_ns: int | None = None
    to_ns: int | None = None


def incident_from(draft: Draft, project: str, incident_id: str, runs_from_ns: Sequence[int], now_ns: int) -> Incident:
    """Not yet recorded. `runs_from_ns`: when the runs that the alert names started. Raises BadInput without title, name or window."""
    alert = draft.alert
    title = (draft.title or (alert.title if alert else "")).strip()
    if not title:
        raise BadInput("an incident takes a title, or an alert that has one")
    if not draft.by.strip():
        raise BadInput("by takes who opens it")
    made = Incident(project, incident_id, title, "open", now_ns, draft.by)
    if alert is not None:
        made = replace(
            made,
            signature=alert.signature,
            where=alert.where,
            alert_ids=(alert.alert_id,),
            from_ns=_began(alert, runs_from_ns),
            to_ns=alert.resolved_ns,
        )
    return _said(made, draft)


def _said(made: Incident, draft: Draft) -> Incident:
    """What is said aloud goes before what the alert brings."""
    begin = made.from_ns if draft.from_ns is None else draft.from_ns
    end = made.to_ns if draft.to_ns is None else draft.to_ns
    if begin is not None and end is not None and begin >= end:
        raise BadInput("since takes a time before until")
    return replace(made, where=draft.where or made.where, from_ns=begin, to_ns=end)


def _began(alert: Alert, runs_from_ns: Sequence[int]) -> int:
    """The deploy where there is one; else the first run that the alert rests on. Never after the alert itself."""
    deploys = [one.deploy.opened_ns for one in alert.findings if one.deploy is not None]
    return min([alert.opened_ns, *(deploys or runs_from_ns)])


def facts_from(document: Mapping[str, Any], incident: Incident, exposure: Exposure | None) -> Facts:
    """Facts with what the incident knows filled in where they say nothing: id, title, rate and traffic. Raises BadInput."""
    known: dict[str, Any] = {"id": incident.incident_id, "title": incident.title}
    if exposure is not None and exposure.judged:
        known["rate"] = Seen(exposure.failing, exposure.judged)._asdict()
    if exposure is not None and exposure.per_day is not None:
        known["traffic_per_day"] = exposure.per_day
    return read_facts(known | {key: value for key, value in document.items() if value is not None})
