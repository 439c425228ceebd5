"""Alerts in the operational state: one row each, the whole alert as it stands, and its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from quarterdeck.model.alerts import Alert


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts. `states` and `kinds`: () = all. Times are ns, half open, on `opened_ns`."""

    project: str
    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    signature: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None


class AlertStore(Protocol):
    """Alerts by id; the newest first."""

    def put_alerts(self, alerts: Sequence[Alert]) -> None:
        """Write, replacing by (project, alert_id). Durable on return."""
        ...

    def get_alert(self, project: str, alert_id: str) -> Alert:
        """Raises NotFound."""
        ...

    def list_alerts(self, where: AlertFilter, *, cursor: str | None, limit: int) -> tuple[Sequence[Alert], str | None]:
        """Newest `opened_ns` first; the cursor of the next page, None at the end. Raises BadInput for a foreign cursor."""
        ...

    def open_alerts(self) -> Sequence[Alert]:
        """Pending and firing alerts of all projects, oldest first (read at start)."""
        ...

    def prune_alerts(self, *, before_ns: int, never_fired_before_ns: int) -> int:
        """Remove alerts that were resolved before `before_ns`, and those that never fired and were resolved before

        `never_fired_before_ns`; answers how many.
        """
        ...
