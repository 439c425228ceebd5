"""The demo in virtual time through the patrol: what is found, and when."""

from __future__ import annotations

from typing import NamedTuple

from tests.sim.fleet_runs import EPOCH_NS, runs_over

from quarterdeck.model.signals import Finding
from quarterdeck.observe.signals import Patrol, SignalsOptions
from quarterdeck.simulate.fleet import FleetPlan

HISTORY_S = 240.0
CHANGE_S = 45.0
AFTER_S = 75.0


class Told(NamedTuple):
    """A finding, and the second of the plan at which it came."""

    at_s: float
    finding: Finding


def play(patrol: Patrol, plan: FleetPlan, until_s: float, *, last_start_s: float | None = None) -> list[Told]:
    """Every finding from the history's begin to `until_s`, the patrol looking at the time every second.

    `last_start_s`: runs that start later are left out.
    """
    last_ns = None if last_start_s is None else EPOCH_NS + int(last_start_s * 1e9)
    found: list[Told] = []
    tick_s = -HISTORY_S
    for at_s, run in runs_over(plan, -HISTORY_S, until_s):
        while tick_s < at_s:
            found += [Told(tick_s, finding) for finding in patrol.pass_time(EPOCH_NS + int(tick_s * 1e9))]
            tick_s += 1.0
        if last_ns is None or run.started_at_ns <= last_ns:
            found += [Told(at_s, finding) for finding in patrol.take(run)]
    return found


def new_patrol() -> Patrol:
    return Patrol("default", SignalsOptions())


def reached(found: list[Told]) -> list[Told]:
    return [told for told in found if told.finding.state == "reached"]


def names_change(finding: Finding) -> bool:
    """Whether it points at the support agent's new prompt."""
    where = dict(finding.where) | (dict(finding.deploy.where) if finding.deploy is not None else {})
    return (where.get("agent"), where.get("prompt_version")) == ("support-agent", "v7")
