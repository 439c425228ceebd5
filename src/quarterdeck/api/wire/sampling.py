"""Sampling of bodies: the policy, what it kept, what another would keep, and what a search among kept bodies says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339
from quarterdeck.observe.sampling.options import KeepRule, Mode, SamplingOptions
from quarterdeck.observe.sampling.strata import OTHER, PARTS
from quarterdeck.observe.sampling.summary import StratumSummary, Summary
from quarterdeck.stats.estimate import Estimate
from quarterdeck.stats.weighted import Weighted


class PolicyOut(BaseModel):
    """The rules: see the settings of the same names under `sampling`."""

    mode: Mode
    reservoir: int
    keep: list[KeepRule]
    top_share: float
    window_s: int
    hold_s: float
    grace_s: float
    strata_max: int


class ReasonOut(BaseModel):
    """One reason: sessions that it decided, and how many of them are kept."""

    reason: str
    sessions: int
    kept: int


class StratumOut(BaseModel):
    """One stratum over all windows; `parts` is null for `other`, an unknown part is `unknown`."""

    stratum: str
    parts: dict[str, str] | None
    seen: int
    kept: int
    probability_low: float | None
    probability_high: float | None
    reasons: dict[str, int]


class TextBytesOut(BaseModel):
    """Estimated from tokens, before anything is compressed or stored once."""

    all: int
    kept: int


class ExpectedErrorOut(BaseModel):
    """Standard error of an estimated total, relative to it; null where nothing is known of the quantity."""

    sessions: float | None
    tokens: float | None
    cost_usd: float | None


class SamplingOut(BaseModel):
    """Sessions last seen in the window. `undecided` ones are not over, or not silent for long enough."""

    policy: PolicyOut
    since: str
    until: str
    truncated: bool = Field(description="There were more runs than may be looked at; the newest were taken.")
    sessions: int
    runs: int
    undecided: int
    kept: int
    reasons: list[ReasonOut]
    strata: list[StratumOut]
    strata_total: int
    unknown: dict[str, int] = Field(description="Sessions that do not say this part of their identity.")
    text_bytes: TextBytesOut
    expected_relative_error: ExpectedErrorOut


class SamplingTryIn(BaseModel):
    """A policy to try; what is left out is as in force."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode | None = None
    reservoir: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    keep: list[KeepRule] | None = None
    top_share: Annotated[float | None, Field(ge=0, le=1)] = None
    since: Annotated[str | None, Field(max_length=64, description="RFC 3339, epoch milliseconds, or `-24h`.")] = None
    until: Annotated[str | None, Field(max_length=64)] = None


class MatchOut(BaseModel):
    """A run that says the text: the first span that does, and the text around it."""

    run_id: str
    session_id: str | None
    agent: str | None
    started_at: str
    trace_id: str
    span_id: str
    excerpt: str


class ShareOut(BaseModel):
    """An estimated share with its 95 % interval; `n`: sessions that it rests on."""

    value: float
    low: float
    high: float
    n: int
    method: str


class EstimatedOut(BaseModel):
    """What the kept bodies say of all runs of the window. `share` null: `insufficient` says why."""

    share: ShareOut | None
    insufficient: str | None
    weight_unknown: int = Field(description="Sessions left out because the odds of their bodies are unknown.")


class BodySearchOut(BaseModel):
    """`truncated`: not all kept bodies were read; those that were are a random part of them."""

    items: list[MatchOut]
    matches: int
    since: str
    until: str
    runs: int
    runs_read: int
    runs_without_bodies: int
    truncated: bool
    estimated: EstimatedOut


def policy_dict(options: SamplingOptions) -> dict[str, Any]:
    return options.model_dump(include=set(PolicyOut.model_fields), mode="json")


def sampling_dict(
    options: SamplingOptions, summary: Summary, *, window: tuple[int, int], truncated: bool, limit: int
) -> dict[str, Any]:
    """`limit`: strata shown, those with most sessions first."""
    return {
        "policy": policy_dict(options),
        "since": rfc3339(window[0]),
        "until": rfc3339(window[1]),
        "truncated": truncated,
        "sessions": summary.sessions,
        "runs": summary.runs,
        "undecided": summary.undecided,
        "kept": summary.kept,
        "reasons": [{"reason": r, "sessions": n, "kept": kept} for r, (n, kept) in summary.reasons.items()],
        "strata": [_stratum_dict(stratum) for stratum in summary.strata[:limit]],
        "strata_total": len(summary.strata),
        "unknown": dict(summary.unknown),
        "text_bytes": {"all": summary.text_bytes, "kept": summary.text_bytes_kept},
        "expected_relative_error": dict(summary.error),
    }


def _stratum_dict(stratum: StratumSummary) -> dict[str, Any]:
    parts = None if stratum.stratum == OTHER else dict(zip(PARTS, stratum.stratum.split("|"), strict=True))
    return {
        "stratum": stratum.stratum,
        "parts": parts,
        "seen": stratum.seen,
        "kept": stratum.kept,
        "probability_low": stratum.probability_low,
        "probability_high": stratum.probability_high,
        "reasons": dict(stratum.reasons),
    }


def estimated_dict(found: Weighted) -> dict[str, Any]:
    answer = found.answer
    if isinstance(answer, Estimate):
        share = {"value": answer.value, "low": answer.low, "high": answer.high, "n": answer.n, "method": answer.method}
        return {"share": share, "insufficient": None, "weight_unknown": found.unknown}
    return {"share": None, "insufficient": answer.reason, "weight_unknown": found.unknown}


def search_dict(
    matches: Sequence[Mapping[str, Any]],
    *,
    window: tuple[int, int],
    counts: Mapping[str, int],
    truncated: bool,
    estimated: Weighted,
    limit: int,
) -> dict[str, Any]:
    """`counts`: runs, runs_read, runs_without_bodies."""
    return {
        "items": list(matches[:limit]),
        "matches": len(matches),
        "since": rfc3339(window[0]),
        "until": rfc3339(window[1]),
        **counts,
        "truncated": truncated,
        "estimated": estimated_dict(estimated),
    }
