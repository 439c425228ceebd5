"""The handover of a shift, from what is recorded: nothing is remembered for it, so it can be asked of any hours that were.

Refuses: to leave out what did not page. What waited or was held stands there with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from quarterdeck.api.oncall import desk_of
from quarterdeck.api.routes.alerts import inbox_row
from quarterdeck.api.services import ApiServices, alerts_of, watch_of
from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.disposition import disposition_dict
from quarterdeck.api.wire.drill import drill_dict
from quarterdeck.api.wire.oncall import refuted
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.incidents import Incident
from quarterdeck.model.oncall import Disposition, Mute
from quarterdeck.reports import handover as report_of
from quarterdeck.reports import to_markdown
from quarterdeck.store.alerts import AlertFilter

READ_MAX = 500
"""Alerts, the newest, that are looked through: a shift with more is an incident of its own."""
_DECIDED = ("paged", "batched", "held", "listed")
_HOURS_A_MONTH = 730.5
_HOUR_NS = 3_600 * 10**9


class Shift(NamedTuple):
    """Half open, in ns."""

    since_ns: int
    until_ns: int

    def has(self, at_ns: int | None) -> bool:
        return at_ns is not None and self.since_ns <= at_ns < self.until_ns


def handover_of(services: ApiServices, project: str, hours: float, now_ns: int) -> dict[str, Any]:
    """As `HandoverOut`. Raises NotFound on a server without on call."""
    desk = desk_of(services)
    shift = Shift(now_ns - int(hours * _HOUR_NS), now_ns + 1)
    alerts, _ = alerts_of(services).list_alerts(AlertFilter(project), cursor=None, limit=READ_MAX)
    decided = [(alert, event) for alert in alerts if (event := _last(alert, shift)) is not None]
    past = desk.dispositions(project)
    wrong = [one for one in past if refuted(one) and shift.has(one.ended_ns)]
    answer: dict[str, Any] = {
        "since": rfc3339(shift.since_ns),
        "until": rfc3339(now_ns),
        "paged": [inbox_row(services, alert) for alert in alerts if _paged(alert, shift)],
        "batched": _waited(services, decided, "batched"),
        "held": _waited(services, decided, "held"),
        "refuted": [disposition_dict(one, desk.test_of(one.disposition_id)) for one in wrong],
        "expiring": list(_expiring(past, desk.mutes(project), shift, now_ns)),
        "incidents": _incidents(services, project, shift),
        "drills": _drills(services, project, shift),
    }
    answer["quality"] = {
        "defects": [one for one in answer["batched"] if one["alert"]["paging"] and one["alert"]["paging"]["defect"]],
        "false_pages_expected": _expected(services, project, hours),
    }
    answer["in_words"] = in_words(answer, hours)
    return answer | {"markdown": to_markdown(report_of(answer))}


def in_words(answer: dict[str, Any], hours: float) -> str:
    """One line: judged before anything else is read."""
    counts = {name: len(answer[name]) for name in ("paged", "batched", "held", "refuted", "expiring", "incidents")}
    words = (
        f"{counts['paged']} paged in {hours:g} hours, {counts['batched']} waited for this digest, {counts['held']} held; "
        f"{_many(counts['refuted'], 'dismissal')} turned out wrong, {counts['expiring']} run out within the next shift"
    )
    opened = counts["incidents"]
    return words + (f"; {_many(opened, 'incident')}." if opened else ".")


def _many(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _last(alert: Alert, shift: Shift) -> AlertEvent | None:
    """What was decided last about it in these hours."""
    found = [event for event in alert.events if event.what in _DECIDED and shift.has(event.at_ns)]
    return found[-1] if found else None


def _paged(alert: Alert, shift: Shift) -> bool:
    return any(event.what == "paged" and shift.has(event.at_ns) for event in alert.events)


def _waited(services: ApiServices, decided: Sequence[tuple[Alert, AlertEvent]], what: str) -> list[dict[str, Any]]:
    return [
        {"alert": inbox_row(services, alert), "reason": event.words} for alert, event in decided if event.what == what
    ]


def _expiring(
    past: Sequence[Disposition], mutes: Sequence[Mute], shift: Shift, now_ns: int
) -> Iterator[dict[str, Any]]:
    """What ends by itself within as many hours as the shift had, the soonest first."""
    until_ns = now_ns + (shift.until_ns - shift.since_ns)
    ends = [(one.expires_ns, one) for one in past if one.standing and one.expires_ns is not None]
    soon: list[tuple[int, Disposition | Mute]] = [(at, one) for at, one in ends if now_ns <= at < until_ns]
    soon += [(one.until_ns, one) for one in mutes if one.ended_ns is None and now_ns <= one.until_ns < until_ns]
    for at_ns, one in sorted(soon, key=lambda pair: pair[0]):
        yield _disposition(one, at_ns) if isinstance(one, Disposition) else _mute(one, at_ns)


def _disposition(one: Disposition, at_ns: int) -> dict[str, Any]:
    words = f"{one.kind.replace('_', ' ')} of alert {one.alert_id}: {one.reason}"
    return _runs_out("disposition", one.disposition_id, words, one.by, at_ns)


def _mute(one: Mute, at_ns: int) -> dict[str, Any]:
    return _runs_out("mute", one.mute_id, f"mute of {one.signal or 'every signal'}: {one.reason}", one.owner, at_ns)


def _runs_out(what: str, id: str, words: str, by: str, at_ns: int) -> dict[str, Any]:
    return {"what": what, "id": id, "in_words": words, "by": by, "expires_at": rfc3339(at_ns)}


def _expected(services: ApiServices, project: str, hours: float) -> float:
    return watch_of(services).promise(project).alarms_per_month * hours / _HOURS_A_MONTH


def _incidents(services: ApiServices, project: str, shift: Shift) -> list[dict[str, Any]]:
    """Those that are not closed, and those that were opened in these hours, the newest first."""
    if services.incidents is None:
        return []
    found, _ = services.incidents.list_incidents(project, (), (), cursor=None, limit=READ_MAX)
    return [
        _incident(one) for one in found if one.state != "closed" or shift.has(one.opened_ns) or shift.has(one.closed_ns)
    ]


def _incident(one: Incident) -> dict[str, Any]:
    return {
        "incident_id": one.incident_id,
        "title": one.title,
        "state": one.state,
        "severity": one.severity,
        "opened_at": rfc3339(one.opened_ns),
    }


def _drills(services: ApiServices, project: str, shift: Shift) -> list[dict[str, Any]]:
    if services.drills is None:
        return []
    return [drill_dict(one) for one in services.drills.drills(project) if shift.has(one.started_ns)]
