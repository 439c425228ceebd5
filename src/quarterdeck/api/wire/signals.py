"""Signals: streams as they stand, findings, the promise, and the runs to look at; shared by signals, alerts and rules.

Evidence is an e-value beside its threshold, never a probability; it is capped, since JSON has no infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.model.alerts import Alert
from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import (
    Condition,
    Deploy,
    Finding,
    FindingKind,
    FindingState,
    Keys,
    Lane,
    Point,
    Promise,
    SliceScore,
    StreamNow,
)

EVIDENCE_MAX = 1e12
"""More evidence than this changes no decision."""


class MeasuredOut(BaseModel):
    """A number with its interval and n; `value` null: `reason` says why, `n_needed` how many observations it takes."""

    value: float | None
    low: float | None
    high: float | None
    n: int = Field(ge=0)
    method: str | None
    reason: str | None
    n_needed: int | None


class StreamDeployOut(BaseModel):
    """The new version that a test is about: this part of the version identity had the value `old`, and now has `new`."""

    part: str
    old: str | None
    new: str
    opened_at: str


LaneOfStream = Literal["pooled", "cohort", "deploy"]
StateOfStream = Literal["learning", "quiet", "rising", "reached"]


class StreamOut(BaseModel):
    """One signal of the whole fleet, of one cohort or of one new version.

    `runs_needed`: runs until a change of the size that is looked for would reach the threshold. `sees`: the smallest
    change that as many runs again would show, as a value in `unit`. Both are null when it cannot be said.
    """

    stream_id: str
    signal: str
    title: str
    unit: str
    kind: Literal["rate", "amount"]
    lane: LaneOfStream
    cohort: dict[str, str | None]
    deploy: StreamDeployOut | None
    state: StateOfStream
    evidence: float = Field(ge=0, le=EVIDENCE_MAX)
    threshold: float | None = Field(description="Null until enough traffic was seen to set one.")
    runs: int
    now: MeasuredOut
    before: MeasuredOut
    runs_needed: int | None
    sees: float | None


class ConditionOut(BaseModel):
    """One condition of the promise; `holds` null: too little data to say."""

    name: str
    holds: bool | None
    because: str
    measured: MeasuredOut


class PromiseOut(BaseModel):
    """False alarms allowed a month, and how many were to be expected since then if nothing ever changed."""

    alarms_per_month: float
    expected_so_far: float
    since: str
    conditions: list[ConditionOut]


class SliceOut(BaseModel):
    """Runs with these values; `where` {} = all. `score`: log evidence less the price of searching, above 0 = not chance."""

    where: dict[str, str | None]
    n: int
    mean: float
    expected: float
    score: float


class FindingOut(BaseModel):
    """This signal of these runs got worse, or is over (`state`). `slices`: what it may be confined to, best first."""

    kind: FindingKind
    state: FindingState
    signal: str
    title: str
    unit: str
    lane: Lane
    cohort: dict[str, str | None]
    where: dict[str, str | None]
    stream_id: str
    key: str
    evidence: float = Field(ge=0, le=EVIDENCE_MAX)
    threshold: float
    at: str
    n: int
    now: MeasuredOut
    before: MeasuredOut
    deploy: StreamDeployOut | None
    slices: list[SliceOut]
    run_ids: list[str]
    wasted_usd: float | None


class PointOut(BaseModel):
    """One moment of a stream: evidence, and the value of its newest runs with its interval."""

    at: str
    evidence: float = Field(ge=0, le=EVIDENCE_MAX)
    value: float | None
    low: float | None
    high: float | None


class ExemplarOut(BaseModel):
    """A run to open, and why this one. `healthy` is a run like the one before it that did not get worse."""

    role: Literal["medoid", "boundary", "worst", "healthy"]
    run_id: str
    because: str


class DeployOut(BaseModel):
    """A new value of one part of the version identity within a cohort."""

    part: str
    old: str | None
    new: str
    cohort: dict[str, str | None]
    at: str


class AlertSpanOut(BaseModel):
    """An alert that a stream is part of, from its opening to its resolution; `to` null = it is open."""

    model_config = ConfigDict(populate_by_name=True)

    alert_id: str
    state: Literal["pending", "firing", "resolved"]
    from_: str = Field(alias="from")
    to: str | None


class StreamsOut(BaseModel):
    """A page of streams, and the promise that they keep together."""

    items: list[StreamOut]
    next_cursor: str | None
    promise: PromiseOut


class StreamDetailOut(StreamOut):
    """A stream over time. `history` is oldest first, at most 240 points; `deploys` are newest first."""

    history: list[PointOut]
    deploys: list[DeployOut]
    alerts: list[AlertSpanOut]
    exemplars: list[ExemplarOut]


def measured_dict(measured: Measured) -> dict[str, Any]:
    return measured._asdict()


def capped(evidence: float) -> float:
    """Evidence as it is answered."""
    return min(max(evidence, 0.0), EVIDENCE_MAX)


def keys_dict(keys: Keys) -> dict[str, str | None]:
    """Attributes as an object; {} = the whole fleet."""
    return dict(keys)


def stream_dict(stream: StreamNow) -> dict[str, Any]:
    return {
        "stream_id": stream.stream_id,
        "signal": stream.signal,
        "title": stream.title,
        "unit": stream.unit,
        "kind": stream.kind,
        "lane": stream.lane,
        "cohort": keys_dict(stream.cohort),
        "deploy": _stream_deploy(stream.deploy),
        "state": stream.state,
        "evidence": capped(stream.evidence),
        "threshold": stream.threshold if isfinite(stream.threshold) else None,
        "runs": stream.runs,
        "now": measured_dict(stream.now),
        "before": measured_dict(stream.before),
        "runs_needed": stream.runs_needed,
        "sees": stream.sees,
    }


def finding_dict(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "state": finding.state,
        "signal": finding.signal,
        "title": finding.title,
        "unit": finding.unit,
        "lane": finding.lane,
        "cohort": keys_dict(finding.cohort),
        "where": keys_dict(finding.where),
        "stream_id": finding.stream_id,
        "key": finding.key,
        "evidence": capped(finding.evidence),
        "threshold": finding.threshold,
        "at": rfc3339(finding.at_ns),
        "n": finding.n,
        "now": measured_dict(finding.now),
        "before": measured_dict(finding.before),
        "deploy": _stream_deploy(finding.deploy),
        "slices": slices_list(finding.slices),
        "run_ids": list(finding.run_ids),
        "wasted_usd": finding.wasted_usd,
    }


def slices_list(slices: Sequence[SliceScore]) -> list[dict[str, Any]]:
    return [one._asdict() | {"where": keys_dict(one.where)} for one in slices]


def promise_dict(promise: Promise) -> dict[str, Any]:
    return {
        "alarms_per_month": promise.alarms_per_month,
        "expected_so_far": promise.expected_so_far,
        "since": rfc3339(promise.since_ns),
        "conditions": [_condition(one) for one in promise.conditions],
    }


def point_dict(point: Point) -> dict[str, Any]:
    return {
        "at": rfc3339(point.at_ns),
        "evidence": capped(point.evidence),
        "value": point.value,
        "low": point.low,
        "high": point.high,
    }


def deploy_dict(deploy: Deploy) -> dict[str, Any]:
    return {
        "part": deploy.part,
        "old": deploy.old,
        "new": deploy.new,
        "cohort": keys_dict(deploy.cohort),
        "at": rfc3339(deploy.opened_ns),
    }


def alert_span_dict(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "state": alert.state,
        "from": rfc3339(alert.opened_ns),
        "to": rfc3339_or_none(alert.resolved_ns),
    }


def _stream_deploy(deploy: Deploy | None) -> dict[str, Any] | None:
    if deploy is None:
        return None
    return {"part": deploy.part, "old": deploy.old, "new": deploy.new, "opened_at": rfc3339(deploy.opened_ns)}


def _condition(condition: Condition) -> dict[str, Any]:
    return condition._asdict() | {"measured": measured_dict(condition.measured)}
