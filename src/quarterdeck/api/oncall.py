"""How alerts stand with the people on call, read from the watch: what the inbox, one alert and the handover are written from.

A server that keeps no operational documents has no desk: its alerts have a class and a first action, and nothing can be closed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quarterdeck.api.services import ApiServices, alerts_of, watch_of
from quarterdeck.api.wire.disposition import disposition_dict
from quarterdeck.api.wire.oncall import Standing
from quarterdeck.errors import NotFound
from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import AlertClass, Mute
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.classes import class_of
from quarterdeck.observe.oncall.first_action import action_of
from quarterdeck.observe.oncall.mutes import holding
from quarterdeck.observe.oncall.page_text import suspect_of
from quarterdeck.observe.watch.oncall import OnCall
from quarterdeck.store.alerts import AlertFilter

_CLASSES: tuple[AlertClass, ...] = ("policy", "infrastructure", "capability", "shift", "wobble")
HELD_READ_MAX = 500


def desk_of(services: ApiServices) -> OnCall:
    """Raises NotFound on a server that does not watch the fleet, or keeps no documents."""
    desk = watch_of(services).oncall
    if desk is None:
        raise NotFound("this server keeps no dispositions and no mutes")
    return desk


def standing_of(services: ApiServices, alert: Alert) -> Standing:
    """How one alert stands now."""
    desk = watch_of(services).oncall
    if desk is None:
        kind = class_of(alert, {}, OncallOptions())
        return Standing(kind, None, action_of(alert, kind, OncallOptions()), suspect_of(alert.findings[0]))
    mute, snooze = desk.muted_by(alert), desk.snooze_of(alert.project, alert.alert_id)
    return Standing(
        kind=desk.class_of(alert),
        paging=desk.paging_of(alert),
        action=desk.action_of(alert),
        suspect=suspect_of(alert.findings[0]),
        before=[one for one in desk.past(alert) if not (one.standing and one.alert_id == alert.alert_id)],
        muted_by=None if mute is None else mute.mute_id,
        snoozed_until_ns=None if snooze is None else snooze.until_ns,
        disposition=_standing_disposition(desk, alert),
    )


def urgency_of(services: ApiServices, alert: Alert) -> tuple[bool, int, int, str]:
    """Sorts an inbox: what pages, then by class, then who waits longest."""
    desk = watch_of(services).oncall
    paging = None if desk is None else desk.paging_of(alert)
    kind = class_of(alert, {}, OncallOptions()) if desk is None else desk.class_of(alert)
    pages = paging is not None and paging.what == "page"
    return not pages, _CLASSES.index(kind), alert.fired_ns or alert.opened_ns, alert.alert_id


def dispositions_of(
    services: ApiServices, project: str, *, standing: bool, alert_id: str | None = None
) -> list[dict[str, Any]]:
    """As their documents, the newest first."""
    desk = desk_of(services)
    found = desk.dispositions(project, standing=standing, alert_id=alert_id)
    return [disposition_dict(one, desk.test_of(one.disposition_id)) for one in found]


def _standing_disposition(desk: OnCall, alert: Alert) -> dict[str, Any] | None:
    for one in desk.past(alert):
        if one.standing and one.alert_id == alert.alert_id:
            return disposition_dict(one, desk.test_of(one.disposition_id))
    return None


def held_by(services: ApiServices, mute: Mute) -> int:
    """Alerts whose page this mute holds or held; of the newest HELD_READ_MAX."""
    where = AlertFilter(mute.project)
    alerts, _ = alerts_of(services).list_alerts(where, cursor=None, limit=HELD_READ_MAX)
    return sum(_holds(replace(mute, ended_ns=None), mute.ended_ns or mute.until_ns, alert) for alert in alerts)


def _holds(mute: Mute, end_ns: int, alert: Alert) -> bool:
    return any(
        event.what == "held" and event.at_ns < end_ns and holding((mute,), alert, event.at_ns) is not None
        for event in alert.events
    )
