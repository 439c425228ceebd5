"""Dispositions: what an alert can be closed with now, what it was closed with, and how that holds."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.api.wire.signals import capped
from quarterdeck.model.oncall import Disposition, DispositionKind
from quarterdeck.observe.oncall.choices import Choice
from quarterdeck.observe.oncall.dispositions import REASON_MAX

Name = str | None
_PLAIN = [
    "disposition_id",
    "alert_id",
    "signature",
    "kind",
    "reason",
    "by",
    "price",
    "tolerance",
    "other_alert_id",
    "probe_id",
    "incident_id",
    "approver",
    "ended_because",
]


class HeldOut(BaseModel):
    """What came after, held against what was said. Refuted when `evidence` reaches `threshold`; `refuted_at` null: it still holds,
    or nobody knows when it did not."""

    n: int
    evidence: float
    threshold: float
    refuted: bool
    refuted_at: str | None
    words: str


class EvidenceOut(BaseModel):
    """`signal` was `value` in [`low`, `high`] (95 %), from `n` observations over `window_s` seconds."""

    signal: str
    value: float
    low: float
    high: float
    n: int
    window_s: float


class DispositionOut(BaseModel):
    """With what an alert was closed. Exactly one parameter changed; `ended_at` null: it still stands."""

    disposition_id: str
    alert_id: str
    signature: str
    signals: list[str]
    kind: DispositionKind
    reason: str
    by: str
    at: str
    expires_at: str | None
    evidence: EvidenceOut | None
    price: str
    tolerance: float | None
    other_alert_id: str | None
    probe_id: str | None
    incident_id: str | None
    approver: str | None
    ended_at: str | None
    ended_because: str | None
    test: HeldOut | None


class DispositionsOut(BaseModel):
    """Newest first."""

    items: list[DispositionOut]
    next_cursor: str | None


class ChoiceOut(BaseModel):
    """A disposition as it would be now. `code` is `investigation_required` where somebody has to look first."""

    kind: DispositionKind
    parameter: str
    asks_for: list[str]
    price: str
    expires_days: float | None
    allowed: bool
    why_not: str | None
    code: str | None


class ChoicesOut(BaseModel):
    """Every disposition."""

    items: list[ChoiceOut]
    next_cursor: str | None


class CloseIn(BaseModel):
    """With what an alert is closed, why, and who says so."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    as_: DispositionKind | None = Field(
        None, alias="as", description="The disposition; without it the choices are told."
    )
    reason: str = Field(min_length=1, max_length=REASON_MAX, description="What it was, and how you know.")
    by: str = Field(min_length=1, max_length=200, description="Who closes it.")
    other_alert_id: Name = Field(None, min_length=1, max_length=200, description="Of `duplicate`: the other alert.")
    probe_id: Name = Field(None, min_length=1, max_length=200, description="A probe with a verdict.")
    incident_id: Name = Field(None, min_length=1, max_length=200, description="An incident that was opened for it.")
    approver: Name = Field(None, min_length=1, max_length=200, description="Of `harmless`: who approves.")
    days: float | None = Field(None, gt=0, le=30, allow_inf_nan=False, description="Until it expires, where it does.")


class Held(Protocol):
    """What came after a dismissal or a mute, as the watch counts it."""

    @property
    def n(self) -> int: ...

    @property
    def evidence(self) -> float: ...

    @property
    def refuted(self) -> bool: ...

    @property
    def refuted_at(self) -> float: ...

    @property
    def words(self) -> str: ...


def choice_dict(choice: Choice) -> dict[str, Any]:
    """As `ChoiceOut`."""
    return choice._asdict() | {"asks_for": list(choice.asks_for)}


def disposition_dict(one: Disposition, test: Held | None) -> dict[str, Any]:
    """As `DispositionOut`."""
    return {name: getattr(one, name) for name in _PLAIN} | {
        "signals": list(one.signals),
        "at": rfc3339(one.at_ns),
        "expires_at": rfc3339_or_none(one.expires_ns),
        "ended_at": rfc3339_or_none(one.ended_ns),
        "evidence": None if one.evidence is None else one.evidence._asdict(),
        "test": held_dict(test, one.ended_ns),
    }


def held_dict(test: Held | None, refuted_ns: int | None) -> dict[str, Any] | None:
    """As `HeldOut`. `refuted_ns`: when it ended, taken as the moment when it was refuted."""
    if test is None:
        return None
    return {
        "n": test.n,
        "evidence": capped(test.evidence),
        "threshold": test.refuted_at,
        "refuted": test.refuted,
        "refuted_at": rfc3339_or_none(refuted_ns) if test.refuted else None,
        "words": test.words,
    }
