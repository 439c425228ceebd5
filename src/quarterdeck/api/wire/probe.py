"""Probes: what is asked, how it stands, and what may be probed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.model.probes import Probe, ProbeCase, ProbeState, Verdict
from quarterdeck.probes.options import TargetOptions
from quarterdeck.probes.pairs import FALSE_REGRESSION, MISSED, PAIRS_MAX, in_words, weigh


class ErrorRatesOut(BaseModel):
    """Promised chances: of a false regression, and that a real difference of the usual size is not found."""

    false_regression: float
    missed: float


class ProbeOut(BaseModel):
    """One probe as it stands. `pairs` counts those that were run, without the failure that triggered it."""

    probe_id: str
    alert_id: str
    run_id: str | None
    target: str
    state: ProbeState
    verdict: Verdict | None
    pairs: int
    pairs_max: int
    candidate_failures: int
    baseline_failures: int
    evidence: float
    reverse_evidence: float
    error_rates: ErrorRatesOut
    in_words: str
    because: str | None
    by: str
    at: str
    ended_at: str | None


class ProbesOut(BaseModel):
    """A page of probes, the newest first."""

    items: list[ProbeOut]
    next_cursor: str | None


class TargetOut(BaseModel):
    """What the settings name. Both sides in words, without secrets."""

    name: str
    kind: Literal["endpoint", "http", "command"]
    candidate: str
    baseline: str


class TargetsOut(BaseModel):
    """All targets."""

    items: list[TargetOut]
    next_cursor: None


class ProbeInputOut(BaseModel):
    """What a stored run was given first, and how it failed."""

    run_id: str
    input: str
    system: str | None
    error_class: str | None


class ProbeIn(BaseModel):
    """What to probe. Without `run_id` and `input` the first run of the alert. `outcomes`: pairs (candidate failed, baseline
    failed) that the caller ran itself; then `target` only says what was run, and the answer has the verdict.
    """

    model_config = ConfigDict(extra="forbid")

    target: str = Field(min_length=1, max_length=100, description="Name of a target of the settings.")
    by: str = Field(min_length=1, max_length=200, description="Who asks.")
    run_id: str | None = Field(None, min_length=1, max_length=512, description="Whose input; it failed.")
    input: str | None = Field(None, min_length=1, max_length=200_000, description="The input itself.")
    check: dict[str, Any] | None = Field(None, description="What a good answer is; see the how-to.")
    pairs: int = Field(PAIRS_MAX, ge=1, le=PAIRS_MAX, description="Most pairs.")
    outcomes: Annotated[list[tuple[bool, bool]], Field(min_length=1, max_length=PAIRS_MAX)] | None = None


def probe_dict(probe: Probe) -> dict[str, Any]:
    """As `ProbeOut`."""
    found = weigh(probe.pairs, probe.pairs_max)
    names = ("probe_id", "alert_id", "run_id", "target", "state", "verdict", "pairs_max", "because", "by")
    return {name: getattr(probe, name) for name in names} | {
        "pairs": found.pairs,
        "candidate_failures": found.candidate_failures,
        "baseline_failures": found.baseline_failures,
        "evidence": found.evidence,
        "reverse_evidence": found.reverse_evidence,
        "error_rates": {"false_regression": FALSE_REGRESSION, "missed": MISSED},
        "in_words": in_words(found),
        "at": rfc3339(probe.at_ns),
        "ended_at": rfc3339_or_none(probe.ended_ns),
    }


def target_dict(target: TargetOptions) -> dict[str, Any]:
    """As `TargetOut`."""
    return {
        "name": target.name,
        "kind": target.candidate.kind,
        "candidate": target.candidate.shown(),
        "baseline": target.baseline.shown(),
    }


def probe_input_dict(run_id: str, case: ProbeCase) -> dict[str, Any]:
    """As `ProbeInputOut`."""
    return {"run_id": run_id, "input": case.input, "system": case.system, "error_class": case.error_class}
