"""Drills as the API shows them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.api.wire.common import RateOut
from quarterdeck.model.drills import Drill, DrillKind, DrillState


class DrillIn(BaseModel):
    """What to send."""

    model_config = ConfigDict(extra="forbid")

    kind: DrillKind = Field("regression", description="A known regression, or noise in which nothing is worse.")
    size: float | None = Field(
        None,
        gt=0,
        le=0.8,
        description="By how much the failing share of a regression is raised, from 0.1; default 0.33.",
    )
    by: str = Field("", max_length=200, description="Who runs it.")


class DrillOut(BaseModel):
    """One drill. `runs_until`: runs of the new version until it was found, at most; `detect_s`: the drill's own seconds until then, at

    one run a second. `escalated`: an alert fired though nothing was wrong; null while it runs.
    """

    drill_id: str
    kind: DrillKind
    size: float
    state: DrillState
    by: str
    project: str
    started_at: str
    found_at: str | None
    detect_s: float | None
    runs: int
    runs_until: int | None
    escalated: bool | None
    in_words: str


class ReadinessOut(BaseModel):
    """When a drill was passed last, and whether one is due (null: the settings ask for none)."""

    passed_at: str | None
    due: bool | None
    in_words: str


class DrillsOut(BaseModel):
    """Drills, newest first, and what all of them say; a rate is null when nothing was counted."""

    items: list[DrillOut]
    next_cursor: str | None
    detection: RateOut | None
    false_escalation: RateOut | None
    readiness: ReadinessOut


def drill_dict(drill: Drill) -> dict[str, Any]:
    """As `DrillOut`."""
    return {
        "drill_id": drill.drill_id,
        "kind": drill.kind,
        "size": drill.size,
        "state": drill.state,
        "by": drill.by,
        "project": drill.sent_to,
        "started_at": rfc3339(drill.started_ns),
        "found_at": rfc3339_or_none(drill.found_ns),
        "detect_s": drill.detect_s,
        "runs": drill.runs,
        "runs_until": drill.runs_until,
        "escalated": None if drill.state in ("running", "failed") else drill.state == "escalated",
        "in_words": drill_words(drill),
    }


def drill_words(drill: Drill) -> str:
    """What it was, and what came of it, in one sentence."""
    what = "nothing was worse" if drill.kind == "noise" else f"failing runs were {100 * drill.size:.0f} points more"
    came = {
        "running": f"{drill.runs} runs of the new version are sent, and no alert has fired yet",
        "found": f"found after at most {drill.runs_until} runs of the new version: {drill.title}",
        "missed": f"not found in {drill.runs} runs",
        "quiet": f"no alert fired in {drill.runs} runs, as it should be",
        "escalated": f"{drill.alarms} alert(s) fired before anything was wrong: {drill.title}",
        "failed": f"it did not end: {drill.because}",
    }
    return f"{what}; {came[drill.state]}"
