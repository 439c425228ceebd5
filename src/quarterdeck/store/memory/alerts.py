"""Alerts in memory, for tests: as the SQL store answers, gone with the process."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from quarterdeck.errors import NotFound
from quarterdeck.model.alerts import Alert
from quarterdeck.store.alerts import AlertFilter
from quarterdeck.store.cursors import decode_alert_cursor, encode_alert_cursor


class MemoryAlertStore:
    """An `AlertStore`."""

    def __init__(self) -> None:
        self._alerts: dict[tuple[str, str], Alert] = {}
        self._lock = Lock()

    def put_alerts(self, alerts: Sequence[Alert]) -> None:
        with self._lock:
            self._alerts.update({(alert.project, alert.alert_id): alert for alert in alerts})

    def get_alert(self, project: str, alert_id: str) -> Alert:
        with self._lock:
            found = self._alerts.get((project, alert_id))
        if found is None:
            msg = f"no alert has the id {alert_id!r} in project {project!r}"
            raise NotFound(msg)
        return found

    def list_alerts(self, where: AlertFilter, *, cursor: str | None, limit: int) -> tuple[Sequence[Alert], str | None]:
        found = sorted((alert for alert in self._all() if _matches(alert, where)), key=_place, reverse=True)
        if cursor is not None:
            after = decode_alert_cursor(cursor)
            found = [alert for alert in found if _place(alert) < after]
        page = found[:limit]
        return page, encode_alert_cursor(*_place(page[-1])) if len(found) > limit else None

    def open_alerts(self) -> Sequence[Alert]:
        return sorted((alert for alert in self._all() if alert.state != "resolved"), key=_place)

    def prune_alerts(self, *, before_ns: int, never_fired_before_ns: int) -> int:
        with self._lock:
            old = [key for key, alert in self._alerts.items() if _is_old(alert, before_ns, never_fired_before_ns)]
            for key in old:
                del self._alerts[key]
        return len(old)

    def _all(self) -> list[Alert]:
        with self._lock:
            return list(self._alerts.values())


def _place(alert: Alert) -> tuple[int, str]:
    return alert.opened_ns, alert.alert_id


def _matches(alert: Alert, where: AlertFilter) -> bool:
    return (
        alert.project == where.project
        and (not where.states or alert.state in where.states)
        and (not where.kinds or alert.kind in where.kinds)
        and (where.signature is None or alert.signature == where.signature)
        and (where.since_ns is None or alert.opened_ns >= where.since_ns)
        and (where.until_ns is None or alert.opened_ns < where.until_ns)
    )


def _is_old(alert: Alert, before_ns: int, never_fired_before_ns: int) -> bool:
    if alert.state != "resolved" or alert.resolved_ns is None:
        return False
    return alert.resolved_ns < (before_ns if alert.fired_ns is not None else max(before_ns, never_fired_before_ns))
