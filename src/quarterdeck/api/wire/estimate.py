"""Estimates: of a task that is asked about, of a run beside what it took, and how true they were per cohort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from quarterdeck.api.times import rfc3339
from quarterdeck.control.estimate import fits
from quarterdeck.control.promises import Cohort, Drift
from quarterdeck.control.promises.calibration import SCORED, Share
from quarterdeck.model.estimates import QUANTITIES, Basis, Confidence, Estimate, Promise, Quantity, Rung, Spread
from quarterdeck.model.runs import Run


class SpreadOut(BaseModel):
    """Quantiles: the share of such runs that stays at or below each."""

    q10: float
    q50: float
    q90: float
    q99: float


class BasisOut(BaseModel):
    """One rung of history that an estimate stands on; `censored` of its `n` runs are known only from below."""

    rung: Rung
    name: str
    n: int
    censored: int
    weight: float


class AmountsOut(BaseModel):
    """One number per quantity; null = unknown. `steps`: model calls."""

    tokens_input: float | None
    tokens_output: float | None
    tokens_total: float | None
    steps: float | None
    cost_usd: float | None
    seconds: float | None


class SpreadsOut(BaseModel):
    """Quantiles per quantity; null = no history tells of it."""

    tokens_input: SpreadOut | None
    tokens_output: SpreadOut | None
    tokens_total: SpreadOut | None
    steps: SpreadOut | None
    cost_usd: SpreadOut | None
    seconds: SpreadOut | None


class RunEstimateOut(SpreadsOut):
    """What was promised of a run, beside what it took so far."""

    made_at: str
    source: str = Field(
        description="`server`: written while the run went on; `replayed`: it was over when first seen, estimated from what had ended before; `agent`: its own spans said it."
    )
    confidence: Confidence
    cold: bool
    why: str
    warnings: list[str]
    basis: list[BasisOut]
    spent: AmountsOut
    position: AmountsOut = Field(description="Share of such runs that stays at or below what this one took, 0 to 1.")
    over: list[Quantity] = Field(description="Quantities of which it took more than nine in ten such runs.")
    over_budget: bool | None = Field(description="Whether total tokens are among them; null while nobody knows.")
    live: SpreadsOut | None = Field(
        description="What the whole run will take, made anew from the calls it made so far and how such runs went on; only in `GET runs/{run_id}` of a run that goes on, else null."
    )


class EstimateOut(BaseModel):
    """What a task will take. `n`: runs of the history that counts most. `fits`: the chance to stay within each ceiling that was given."""

    estimate: SpreadsOut
    n: int
    confidence: Confidence
    cold: bool
    why: str
    warnings: list[str]
    basis: list[BasisOut]
    fits: dict[str, float | None]


class ShareOut(BaseModel):
    """A share of `n` runs with its 95 % interval; null without runs."""

    share: float | None
    low: float | None
    high: float | None
    n: int


class DriftOut(BaseModel):
    """The newest `n` runs leave what was promised; `low` to `high` with 99.9 % confidence."""

    level: str
    share: float
    low: float
    high: float
    n: int
    why: str
    mend: str


class CohortCalibrationOut(BaseModel):
    """One cohort. `n`: runs scored; `censored`: known only from below, not scored; losses per level, null = too few runs."""

    agent: str | None
    model: str | None
    n: int
    censored: int
    unpromised_quantity: int
    coverage: dict[str, ShareOut]
    pinball: dict[str, float | None]
    pinball_constant: dict[str, float | None]
    drift: DriftOut | None


class CalibrationOut(BaseModel):
    """Whether promises came true. `runs`: those looked at, the newest of the window; `waiting`: over, not learned from yet."""

    quantity: Quantity
    since: str
    until: str
    runs: int
    waiting: int | None = Field(
        description="Runs of any time that are over and wait to be promised or learned from; 0 once a replayed history is done, null where nothing is estimated."
    )
    truncated: bool = Field(description="Whether the window holds more runs than were looked at.")
    items: list[CohortCalibrationOut]


def spread_dict(spread: Spread | None) -> dict[str, float] | None:
    return None if spread is None else spread._asdict()


def basis_list(basis: Sequence[Basis]) -> list[dict[str, Any]]:
    return [one._asdict() for one in basis]


def spreads_dict(estimate: Estimate) -> dict[str, Any]:
    return {name: spread_dict(estimate.spreads.get(name)) for name in QUANTITIES}


def grounds_dict(estimate: Estimate) -> dict[str, Any]:
    """On what it stands."""
    return {
        "confidence": estimate.confidence,
        "cold": estimate.cold,
        "why": estimate.why,
        "warnings": estimate.warnings,
        "basis": basis_list(estimate.basis),
    }


def run_estimate_dict(run: Run, promise: Promise) -> dict[str, Any]:
    """What was promised of the run, beside what it took so far."""
    estimate, spent = promise.estimate, run.spent
    over = [name for name, spread in estimate.spreads.items() if spent.get(name, 0.0) > spread.q90]
    return {
        "made_at": rfc3339(promise.made_at_ns),
        "source": promise.source,
        **grounds_dict(estimate),
        **spreads_dict(estimate),
        "spent": {name: spent.get(name) for name in QUANTITIES},
        "position": {name: _position(estimate, name, spent.get(name)) for name in QUANTITIES},
        "over": over,
        "over_budget": run.over_budget,
        "live": None,
    }


def _position(estimate: Estimate, name: Quantity, spent: float | None) -> float | None:
    found = None if spent is None else fits(estimate, name, spent)
    return None if found is None else round(found, 4)


def estimate_dict(estimate: Estimate, ceilings: dict[Quantity, float]) -> dict[str, Any]:
    return {
        "estimate": spreads_dict(estimate),
        "n": max(estimate.basis, key=_weight).n if estimate.basis else 0,
        **grounds_dict(estimate),
        "fits": {name: fits(estimate, name, ceiling) for name, ceiling in ceilings.items()},
    }


def _weight(one: Basis) -> float:
    return one.weight


def cohort_calibration_dict(cohort: Cohort) -> dict[str, Any]:
    return {
        "agent": cohort.agent,
        "model": cohort.model,
        "n": cohort.n,
        "censored": cohort.censored,
        "unpromised_quantity": cohort.unpromised,
        "coverage": {str(level): _share_dict(cohort.coverage[level]) for level in SCORED},
        "pinball": {str(level): cohort.pinball[level] for level in SCORED},
        "pinball_constant": {str(level): cohort.pinball_constant[level] for level in SCORED},
        "drift": None if cohort.drift is None else drift_dict(cohort.drift),
    }


def _share_dict(share: Share) -> dict[str, Any]:
    return share._asdict()


def drift_dict(drift: Drift) -> dict[str, Any]:
    return {
        "level": str(drift.level), "share": drift.share, "low": drift.low, "high": drift.high, "n": drift.n,
        "why": drift.why, "mend": drift.mend,
    }  # fmt: skip
