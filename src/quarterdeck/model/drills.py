"""Drills: a known regression, or nothing at all, sent through the real pipeline to see what the watch makes of it. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DrillKind = Literal["regression", "noise"]
DrillState = Literal["running", "found", "missed", "quiet", "escalated", "failed"]
PREFIX = "drill-"


def is_drill(project: str) -> bool:
    """Whether a project holds the runs of a drill: nobody is told of its alerts."""
    return project.startswith(PREFIX)


@dataclass(frozen=True, slots=True)
class Drill:
    """`size`: by how much the failing share was raised, 0 for noise. `runs`: of the new version, sent so far.

    `found_ns`: when its alert fired; `detect_s`: seconds of the drill's own time from the change until then; `runs_until`: runs of the
    new version until then, at most. `alarms`: alerts that fired though nothing was wrong. `because` says why it failed.
    """

    project: str
    drill_id: str
    kind: DrillKind
    size: float
    state: DrillState
    by: str
    started_ns: int
    runs: int = 0
    found_ns: int | None = None
    detect_s: float | None = None
    runs_until: int | None = None
    alarms: int = 0
    title: str | None = None
    because: str | None = None

    @property
    def sent_to(self) -> str:
        """The project that holds its runs."""
        return PREFIX + self.drill_id
