"""Alerts in SQL: so that a restart neither forgets what is open nor tells of it twice.

An alert is one row: what lists are asked by as columns, the whole of it as one JSON document. Refuses: to change an
alert; whoever changes one writes it whole.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, and_, delete, insert, or_, select

from quarterdeck.errors import NotFound
from quarterdeck.model.alerts import Alert
from quarterdeck.model.signals import Finding
from quarterdeck.store.alerts import AlertFilter
from quarterdeck.store.cursors import decode_alert_cursor, encode_alert_cursor
from quarterdeck.store.sql.failures import failures_named
from quarterdeck.store.sql.schema import alert as table

_DECODER = msgspec.json.Decoder(Alert)
_OPEN = ("pending", "firing")


class SqlAlertStore:
    """An `AlertStore` over an engine that `open_engine` opened; whoever opened it closes it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put_alerts(self, alerts: Sequence[Alert]) -> None:
        latest = {(alert.project, alert.alert_id): alert for alert in alerts}
        with failures_named(), self._engine.begin() as connection:
            for alert in latest.values():
                _put(connection, alert)

    def get_alert(self, project: str, alert_id: str) -> Alert:
        query = select(table.c.document).where(table.c.project == project, table.c.alert_id == alert_id)
        with self._reading() as connection:
            document = connection.execute(query).scalar_one_or_none()
        if document is None:
            msg = f"no alert has the id {alert_id!r} in project {project!r}"
            raise NotFound(msg)
        return _DECODER.decode(document)

    def list_alerts(self, where: AlertFilter, *, cursor: str | None, limit: int) -> tuple[Sequence[Alert], str | None]:
        query = _matching(where)
        if cursor is not None:
            opened_ns, alert_id = decode_alert_cursor(cursor)
            earlier = and_(table.c.opened_ns == opened_ns, table.c.alert_id < alert_id)
            query = query.where(or_(table.c.opened_ns < opened_ns, earlier))
        query = query.order_by(table.c.opened_ns.desc(), table.c.alert_id.desc()).limit(limit + 1)
        found = self._alerts(query)
        page = found[:limit]
        more = len(found) > limit
        return page, encode_alert_cursor(page[-1].opened_ns, page[-1].alert_id) if more else None

    def open_alerts(self) -> Sequence[Alert]:
        query = select(table.c.document).where(table.c.state.in_(_OPEN))
        return self._alerts(query.order_by(table.c.opened_ns, table.c.alert_id))

    def prune_alerts(self, *, before_ns: int, never_fired_before_ns: int) -> int:
        old = table.c.resolved_ns < before_ns
        never_fired = and_(table.c.fired_ns.is_(None), table.c.resolved_ns < never_fired_before_ns)
        with failures_named(), self._engine.begin() as connection:
            return connection.execute(delete(table).where(table.c.state == "resolved", or_(old, never_fired))).rowcount

    def _alerts(self, query: Select[Any]) -> list[Alert]:
        with self._reading() as connection:
            return [_DECODER.decode(document) for document in connection.execute(query).scalars()]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with failures_named(), self._engine.connect() as connection:
            yield connection


def _put(connection: Connection, alert: Alert) -> None:
    """Replace: two statements are the same on every engine."""
    connection.execute(delete(table).where(table.c.project == alert.project, table.c.alert_id == alert.alert_id))
    connection.execute(insert(table).values(_values(alert)))


def _values(alert: Alert) -> dict[str, object]:
    names = ("project", "alert_id", "signature", "kind", "state", "opened_ns", "fired_ns", "resolved_ns")
    return {name: getattr(alert, name) for name in names} | {"document": _document(alert)}


def _document(alert: Alert) -> str:
    findings = tuple(_finite(finding) for finding in alert.findings)
    return msgspec.json.encode(replace(alert, findings=findings)).decode()


def _finite(finding: Finding) -> Finding:
    """JSON has no infinity: evidence that ran over is the largest number there is."""
    most = sys.float_info.max
    if finding.evidence <= most and finding.threshold <= most:
        return finding
    return replace(finding, evidence=min(finding.evidence, most), threshold=min(finding.threshold, most))


def _matching(where: AlertFilter) -> Select[Any]:
    query = select(table.c.document).where(table.c.project == where.project)
    if where.states:
        query = query.where(table.c.state.in_(where.states))
    if where.kinds:
        query = query.where(table.c.kind.in_(where.kinds))
    if where.signature is not None:
        query = query.where(table.c.signature == where.signature)
    if where.since_ns is not None:
        query = query.where(table.c.opened_ns >= where.since_ns)
    if where.until_ns is not None:
        query = query.where(table.c.opened_ns < where.until_ns)
    return query
