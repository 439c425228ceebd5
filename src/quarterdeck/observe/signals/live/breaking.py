"""Passes what the rules ask for to admission, and its answer back.

Refuses: to stop anything by itself.
"""

from __future__ import annotations

from quarterdeck.model.ports import Breaker
from quarterdeck.model.signals import Finding
from quarterdeck.observe.signals.live.rules import LiveRules


def pass_on(rules: LiveRules, breaker: Breaker | None, now_ns: int) -> list[Finding]:
    """Ask for every stop that is due; the findings say what came of it. Call after `look`. None = nobody is connected."""
    findings: list[Finding] = []
    for request in rules.stops():
        stopped = None
        if breaker is not None:
            stopped = breaker.stop(request.project, request.where, request.reason, request.until_ns)
        finding = rules.heard(request, stopped, now_ns)
        if finding is not None:
            findings.append(finding)
    return findings
