"""What a shift may be asked, and how long a dismissal holds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Runbook(BaseModel):
    """What to do first when a signal, or a class of alerts, pages. An empty text: nothing can be done, so it cannot page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field("", description="What to do first, in one sentence.")
    link: str | None = Field(None, description="Where it says how.")


class OncallOptions(BaseModel):
    """Pages, mutes and dispositions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shift_hours: float = Field(
        12.0, gt=0, le=168, description="Length of a shift.", json_schema_extra={"unit": "hours"}
    )
    pages_per_shift: int = Field(
        2,
        ge=0,
        description="Alerts that may page in one shift; what is more goes into the digest. Alerts about policy are exempt.",
        json_schema_extra={"unit": "pages"},
    )
    runs_min: int = Field(
        20, ge=1, description="Runs below which an alert is a wobble and never pages.", json_schema_extra={"unit": "runs"}
    )  # fmt: skip
    policy_signals: tuple[str, ...] = Field(
        ("guardrail",),
        description="Signals that page at once, outside every budget, mute and inhibition; a score is named score:NAME.",
    )
    runbooks: dict[str, Runbook] = Field(
        {}, description="What to do first, by signal or class; it replaces the shipped sentence."
    )
    mute_hours_max: float = Field(
        72.0,
        gt=0,
        le=72,
        description="How long all mutes of one thing may last together within a week.",
        json_schema_extra={"unit": "hours"},
    )
    swing_days: float = Field(
        7.0, gt=0, le=30, description="How long a normal swing is taken as normal.", json_schema_extra={"unit": "days"}
    )
    tolerance_max: float = Field(
        0.5, gt=0, le=1, description="The most that a normal swing may add to a tolerance.", json_schema_extra={"unit": "share"}
    )  # fmt: skip
    harmless_days: float = Field(
        30.0, gt=0, le=90, description="How long something graded harmless is only listed.", json_schema_extra={"unit": "days"}
    )  # fmt: skip
    snooze_days_max: float = Field(
        14.0, gt=0, le=30, description="How long an alert sleeps at most when no new version comes.", json_schema_extra={"unit": "days"}
    )  # fmt: skip
    repeat_days: float = Field(
        7.0,
        gt=0,
        description="A second dismissal as a swing or wobble within this time asks for an investigation.",
        json_schema_extra={"unit": "days"},
    )
    drill_required_days: float | None = Field(
        None,
        gt=0,
        description="A rotation passes a drill once in so many days; the handover says when it is due. Without it none is asked for.",
        json_schema_extra={"unit": "days"},
    )
    refuted_at: float = Field(
        20.0, gt=1, description="Evidence at which a dismissal is refuted; one in so many true ones ever is."
    )
