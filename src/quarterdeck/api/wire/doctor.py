"""The doctor's answers: findings with what they rest on, and the comparison with a provider's bill."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from quarterdeck.api.times import rfc3339
from quarterdeck.observe.doctor import Finding
from quarterdeck.observe.doctor.billing import Reconciliation, period_dict

_PERIODS_MAX = 2_000


class FindingOut(BaseModel):
    """Something to mend: what, by which numbers, and how."""

    code: str
    severity: Literal["info", "warning", "error"]
    what: str
    evidence: dict[str, Any]
    mend: str


class ExaminedOut(BaseModel):
    """What was looked at: runs and spans of the sample, out of the last hours."""

    runs: int
    spans: int
    hours: int


class DoctorOut(BaseModel):
    """All findings, worst first."""

    findings: list[FindingOut]
    examined: ExaminedOut


class PeriodOut(BaseModel):
    """Billed and stored calls of an hour (or day) and model; gap = share of the billed that is not stored; null = not known."""

    at: str
    model: str
    billed: int
    stored: int
    gap: float | None
    state: Literal["judged", "not_over", "before_first_span", "bill_cut"]
    billed_tokens: int | None
    stored_tokens: int | None


class BillingOut(BaseModel):
    """A bill against what is stored. Sums are over judged periods; `short` and `over` are how many miss or exceed it by over 1 %."""

    compared_at: str
    period: Literal["hour", "day"]
    verdict: Literal["agrees", "gap"] = Field(description="`gap`: a period lacks over 1 % of the billed calls.")
    billed: int
    stored: int
    gap: float | None
    billed_tokens: int | None
    stored_tokens: int | None
    response_ids: int | None
    response_ids_stored: int | None
    short: int
    over: int
    periods: list[PeriodOut]


def finding_dict(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "what": finding.what,
        "evidence": dict(finding.evidence),
        "mend": finding.mend,
    }


def billing_dict(result: Reconciliation | None) -> dict[str, Any] | None:
    """The first periods only, short ones first, when there are very many."""
    if result is None:
        return None
    short = set(map(id, result.short))
    shown = sorted(result.periods, key=lambda period: (id(period) not in short, period.at_ns, period.model))[
        :_PERIODS_MAX
    ]
    return {
        "compared_at": rfc3339(result.at_ns),
        "period": result.width,
        "verdict": "gap" if result.short else "agrees",
        "billed": result.billed,
        "stored": result.stored,
        "gap": result.gap,
        "billed_tokens": result.billed_tokens,
        "stored_tokens": result.stored_tokens,
        "response_ids": result.response_ids or None,
        "response_ids_stored": result.response_ids_known if result.response_ids else None,
        "short": len(result.short),
        "over": len(result.over),
        "periods": [dict(period_dict(period)) for period in shown],
    }
