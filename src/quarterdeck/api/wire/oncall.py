"""Alerts as the people on call see them: class, whether it pages and why, what to do first, what became of the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.api.wire.alert import AlertOut, AlertRowOut
from quarterdeck.api.wire.disposition import DispositionOut
from quarterdeck.model.oncall import Action, AlertClass, Disposition, DispositionKind, Forecast, PageWhat, Paging

_BEFORE = 3


class PagingOut(BaseModel):
    """Whether it pages. `defect`: it should be able to, and the alert's quality keeps it from it."""

    what: PageWhat
    reason: str
    defect: bool


class ActionOut(BaseModel):
    """What to do first, and where it says how."""

    text: str
    link: str | None


class BeforeOut(BaseModel):
    """With what an alert of the same signature was closed before; `refuted`: it turned out wrong."""

    kind: DispositionKind
    by: str
    at: str
    refuted: bool


class _OncallFields(BaseModel):
    """`paging` is null until it was decided. `before` are the newest three. `muted_by` names the mute that holds its pages."""

    model_config = ConfigDict(populate_by_name=True)

    class_: AlertClass = Field(alias="class")
    paging: PagingOut | None
    first_action: ActionOut | None
    suspect: str
    before: list[BeforeOut]
    muted_by: str | None
    snoozed_until: str | None
    disposition: DispositionOut | None


class InboxRowOut(AlertRowOut, _OncallFields):
    """An alert in a list, as it stands with the people on call."""


class InboxAlertOut(AlertOut, _OncallFields):
    """One alert with all of its findings and events, as it stands with the people on call."""


class InboxOut(BaseModel):
    """A page of alerts."""

    items: list[InboxRowOut]
    next_cursor: str | None


class Standing(NamedTuple):
    """How an alert stands: what its fields are written from. `before`: newest first; `disposition`: as its document."""

    kind: AlertClass
    paging: Paging | None
    action: Action | None
    suspect: str
    before: Sequence[Disposition] = ()
    muted_by: str | None = None
    snoozed_until_ns: int | None = None
    disposition: dict[str, Any] | None = None


class ForecastIn(BaseModel):
    """What is expected at triage: that it is real, with this probability."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(min_length=1, max_length=200, description="Who expects it.")
    probability: float = Field(ge=0, le=1, allow_inf_nan=False, description="That it is real, 0 to 1.")


class ForecastOut(BaseModel):
    """`real` is null until it turned out."""

    alert_id: str
    by: str
    probability: float
    at: str
    real: bool | None
    decided_at: str | None
    decided_because: str | None


class ByIn(BaseModel):
    """Who does it."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(min_length=1, max_length=200, description="Who does it.")


class ReopenIn(ByIn):
    """Who takes a closing back, and why."""

    reason: str = Field(min_length=1, max_length=2000, description="Why; it stays with the alert.")


def standing_fields(standing: Standing) -> dict[str, Any]:
    """The fields that a list and a single alert have beyond the evidence."""
    paging, action = standing.paging, standing.action
    return {
        "class": standing.kind,
        "paging": None if paging is None else paging._asdict(),
        "first_action": None if action is None else action._asdict(),
        "suspect": standing.suspect,
        "before": [_before(one) for one in standing.before[:_BEFORE]],
        "muted_by": standing.muted_by,
        "snoozed_until": rfc3339_or_none(standing.snoozed_until_ns),
        "disposition": standing.disposition,
    }


def forecast_dict(forecast: Forecast) -> dict[str, Any]:
    """As `ForecastOut`."""
    return {
        "alert_id": forecast.alert_id,
        "by": forecast.by,
        "probability": forecast.probability,
        "at": rfc3339(forecast.at_ns),
        "real": forecast.real,
        "decided_at": rfc3339_or_none(forecast.decided_ns),
        "decided_because": forecast.decided_because,
    }


def refuted(disposition: Disposition) -> bool:
    """Whether what came after spoke against it."""
    return "refuted" in (disposition.ended_because or "")


def _before(one: Disposition) -> dict[str, Any]:
    return {"kind": one.kind, "by": one.by, "at": rfc3339(one.at_ns), "refuted": refuted(one)}
