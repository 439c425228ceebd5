"""Alerts to decide about: the prompt that went bad, as the tests of the alerts' book have it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.unit.observe.alerts.findings import COHORT, NOW_NS, SECOND, V7, finding

from quarterdeck.model.alerts import Alert
from quarterdeck.model.signals import Finding

HOUR_NS = 3_600 * SECOND
DAY_NS = 24 * HOUR_NS
NOW = NOW_NS

__all__ = ["COHORT", "DAY_NS", "HOUR_NS", "NOW", "V7", "alert", "finding"]


def alert(*findings: Finding, **changed: Any) -> Alert:
    held = findings or (finding(),)
    plain = Alert(
        project="default",
        alert_id="a1",
        signature="sig",
        kind=held[0].kind,
        state="firing",
        title="support-agent in production with prompt v7 fails more than v6",
        where=V7.where if held[0].deploy else COHORT,
        findings=held,
        opened_ns=NOW - HOUR_NS,
        updated_ns=NOW,
        fired_ns=NOW,
    )
    return replace(plain, **changed)
