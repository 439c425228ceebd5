"""Mutes: whose, why, until when, whether the canary still sings, and how many pages each held."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.api.wire.disposition import Held, HeldOut, held_dict
from quarterdeck.api.wire.signals import keys_dict
from quarterdeck.model.oncall import Mute
from quarterdeck.observe.oncall.dispositions import REASON_MAX


class MuteOut(BaseModel):
    """`signal` null: every signal; `where` {}: the whole fleet. `canary`: refuted, it pages through the mute. `held`: alerts."""

    mute_id: str
    signal: str | None
    where: dict[str, str | None]
    owner: str
    reason: str
    at: str
    until: str
    ended_at: str | None
    ended_because: str | None
    canary: HeldOut | None
    held: int


class MutesOut(BaseModel):
    """Newest first, those that are over too."""

    items: list[MuteOut]
    next_cursor: str | None


class MuteIn(BaseModel):
    """What is muted, for how long, and who answers for it."""

    model_config = ConfigDict(extra="forbid")

    signal: str | None = Field(None, min_length=1, max_length=200, description="One signal; null = every one.")
    where: dict[str, str | None] = Field(
        default_factory=dict, max_length=20, description="Values of the slice; {} = all."
    )
    owner: str = Field(min_length=1, max_length=200, description="Who answers for it.")
    reason: str = Field(min_length=1, max_length=REASON_MAX, description="Why, in three words or more.")
    hours: float = Field(
        gt=0, allow_inf_nan=False, description="How long; at most `oncall.mute_hours_max` within a week."
    )


class EndMuteIn(BaseModel):
    """Who ends it."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(min_length=1, max_length=200, description="Who ends it.")


def mute_dict(mute: Mute, canary: Held | None, held: int) -> dict[str, Any]:
    """As `MuteOut`."""
    return {
        "mute_id": mute.mute_id,
        "signal": mute.signal,
        "where": keys_dict(mute.where),
        "owner": mute.owner,
        "reason": mute.reason,
        "at": rfc3339(mute.at_ns),
        "until": rfc3339(mute.until_ns),
        "ended_at": rfc3339_or_none(mute.ended_ns),
        "ended_because": mute.ended_because,
        "canary": held_dict(canary, mute.ended_ns),
        "held": held,
    }
