"""The handover of a shift: what paged, what waited and why, what was refuted, what runs out, and how good the alerts were."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from quarterdeck.api.wire.disposition import DispositionOut
from quarterdeck.api.wire.drill import DrillOut
from quarterdeck.api.wire.oncall import InboxRowOut
from quarterdeck.model.incidents import IncidentState


class WaitedOut(BaseModel):
    """An alert that did not page, and why."""

    alert: InboxRowOut
    reason: str


class ExpiringOut(BaseModel):
    """A disposition or a mute that ends by itself before the next shift does."""

    what: Literal["disposition", "mute"]
    id: str
    in_words: str
    by: str
    expires_at: str


class IncidentNowOut(BaseModel):
    """An incident that is not closed, or that was opened or closed in this time; `severity` null: not graded."""

    incident_id: str
    title: str
    state: IncidentState
    severity: int | None
    opened_at: str


class QualityOut(BaseModel):
    """`defects`: alerts that could not page though they should. `false_pages_expected`: of this time, if nothing had changed."""

    defects: list[WaitedOut]
    false_pages_expected: float | None


class HandoverOut(BaseModel):
    """As it stood at `until`. `markdown` is the same for people."""

    since: str
    until: str
    in_words: str
    paged: list[InboxRowOut]
    batched: list[WaitedOut]
    held: list[WaitedOut]
    refuted: list[DispositionOut]
    expiring: list[ExpiringOut]
    incidents: list[IncidentNowOut]
    quality: QualityOut
    drills: list[DrillOut]
    markdown: str
