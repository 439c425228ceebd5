"""Limits: what each provider account has left, who waits for what, and what was turned away.

Refuses: a time that nobody can say; it is null.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.common import listing
from quarterdeck.control.admit.engine import DimensionState, Keeping
from quarterdeck.control.admit.status import AccountStatus
from quarterdeck.control.gateway.limits import LimitsNow

_UNITS = {
    "requests": "requests a minute",
    "input": "input tokens a minute",
    "output": "output tokens a minute",
    "total": "tokens a minute",
    "concurrency": "calls at a time",
    "cost_usd": "US dollars a day (UTC)",
}


class DimensionOut(BaseModel):
    """One limit. capacity = used + reserved + remaining; `remaining` below 0 is a debt.

    `scope` "" is the account, else `tenant:NAME`, `task:NAME`, `node:NAME`. `full_at`: when nothing of it is used any more
    if no call comes; null for what time alone does not give back.
    """

    scope: str
    dimension: Literal["requests", "input", "output", "total", "concurrency", "cost_usd"]
    unit: str
    limit: float
    capacity: float
    used: float
    reserved: float
    remaining: float
    full_in_s: float | None
    full_at: str | None


class LaneTenantOut(BaseModel):
    """Calls of a tenant that wait in a lane."""

    tenant: str
    calls: int


class LaneOut(BaseModel):
    """A lane, highest first. `starts_in_s`: of a small call that came now; null when only the end of another call can tell."""

    lane: str
    calls: int
    tokens: float
    tenants: list[LaneTenantOut]
    starts_in_s: float | None
    starts_at: str | None


class ReasonCountOut(BaseModel):
    """How many calls were turned away for a reason, since the start."""

    reason: str
    calls: int


class HeldBackOut(BaseModel):
    """Calls that wait for a share of their own tenant, task or node."""

    scope: str
    calls: int


class RetriesOut(BaseModel):
    """Attempts since the start. `budget_left`: retries that may go out now; `share`: retries ÷ first attempts, null before any."""

    first_attempts: int
    retries: int
    denied: int
    share: float | None
    budget_left: float


class BreakerOut(BaseModel):
    """A breaker of one class of failure. `looks_again_in_s`: 0 when closed, null while its probe is out."""

    failure: str
    state: Literal["closed", "open", "half_open"]
    opened: int
    looks_again_in_s: float | None


class BlockedOut(BaseModel):
    """Why nothing goes out at all."""

    reason: str
    ends_in_s: float | None


class LittleOut(BaseModel):
    """A self-check over the last half minute: in flight = ends a second × seconds in flight; `gap` ≥ 0.05 is worth a look."""

    in_flight: float
    per_s: float
    time_s: float
    gap: float


class RuleOut(BaseModel):
    """What the provider's pool of tokens is charged with, as its headers show it. `explained`: share of their changes."""

    per_minute: float
    charges_input: bool
    charges_cached: bool | None
    charges_max_tokens: bool
    charges_output: bool
    gives_back: bool
    explained: float


class KeepingOut(BaseModel):
    """Where the ledger is. `processes` share it; `fail`: what happens when it cannot be reached, null where it cannot be lost;
    `lost_for_s`: null while it can be reached."""

    place: str
    processes: int
    fail: Literal["open", "closed"] | None
    lost_for_s: float | None


class AccountLimitsOut(BaseModel):
    """One provider account. `account`: the pattern of its models; `meter`: the provider's rule.

    `refused_by_provider`: 429s. `cut_answers` of `answers` ended at a cap of ours. `in_flight_max` null: no bound
    now. `rule`: null until enough was seen.
    """

    account: str
    meter: str
    dimensions: list[DimensionOut]
    lanes: list[LaneOut]
    held_back: list[HeldBackOut]
    in_flight: int
    in_flight_max: float | None
    shed: list[ReasonCountOut]
    retries: RetriesOut
    refused_by_provider: int
    breakers: list[BreakerOut]
    blocked: BlockedOut | None
    answers: int
    cut_answers: int
    first_token_s: float | None
    little: LittleOut | None
    rule: RuleOut | None
    keeping: KeepingOut


class StopOut(BaseModel):
    """A cohort whose calls are refused until then: the watch asked for it."""

    where: dict[str, str]
    reason: str
    until: str


class LimitsOut(BaseModel):
    """Every provider account behind the gateway, in the order of the settings; `stops` are in force now."""

    items: list[AccountLimitsOut]
    next_cursor: str | None
    at: str
    stops: list[StopOut]
    stop_refused: int


def limits_dict(found: LimitsNow | None, now_ns: int) -> dict[str, Any]:
    """None: nothing of this project goes through the gateway."""
    accounts, stops = (found.accounts, found.stops) if found is not None else ((), ())
    return {
        **listing([_account(account, now_ns) for account in accounts]),
        "at": rfc3339(now_ns),
        "stops": [{"where": dict(s.where), "reason": s.reason, "until": rfc3339(s.until_ns)} for s in stops],
        "stop_refused": 0 if found is None else found.stop_refused,
    }


def _account(account: AccountStatus, now_ns: int) -> dict[str, Any]:
    return {
        "account": account.account,
        "meter": account.meter,
        "dimensions": [_dimension(one, now_ns) for one in account.dimensions],
        "lanes": [
            {
                "lane": lane.lane,
                "calls": lane.calls,
                "tokens": lane.tokens,
                "tenants": [{"tenant": tenant, "calls": calls} for tenant, calls in lane.tenants.items()],
                "starts_in_s": lane.starts_in_s,
                "starts_at": _at(lane.starts_in_s, now_ns),
            }
            for lane in account.lanes
        ],
        "held_back": [{"scope": scope, "calls": calls} for scope, calls in account.held_back.items()],
        "in_flight": account.in_flight,
        "in_flight_max": account.in_flight_max,
        "shed": [{"reason": reason, "calls": calls} for reason, calls in sorted(account.shed.items())],
        "retries": {
            "first_attempts": account.first_attempts,
            "retries": account.retries,
            "denied": account.retries_denied,
            "share": account.retries / account.first_attempts if account.first_attempts else None,
            "budget_left": account.saved_retries,
        },
        "refused_by_provider": account.refused_by_provider,
        "breakers": [one._asdict() for one in account.breakers],
        "blocked": None if account.blocked is None else {"reason": account.blocked, "ends_in_s": account.blocked_s},
        "answers": account.answers,
        "cut_answers": account.cut_answers,
        "first_token_s": account.first_token_s,
        "little": None if account.little is None else account.little._asdict(),
        "keeping": _keeping(account.keeping, now_ns),
        "rule": None if account.rule is None else {name: getattr(account.rule, name) for name in RuleOut.model_fields},
    }


def _keeping(one: Keeping, now_ns: int) -> dict[str, Any]:
    lost_for_s = None if one.lost_since is None else max(now_ns / 1e9 - one.lost_since, 0.0)
    return {"place": one.place, "processes": one.processes, "fail": one.fail, "lost_for_s": lost_for_s}


def _dimension(one: DimensionState, now_ns: int) -> dict[str, Any]:
    return {
        "scope": one.scope,
        "dimension": one.dimension,
        "unit": _UNITS[one.dimension],
        "limit": one.limit,
        "capacity": one.capacity,
        "used": one.capacity - one.level - one.held,
        "reserved": one.held,
        "remaining": one.level,
        "full_in_s": one.full_in_s,
        "full_at": _at(one.full_in_s, now_ns),
    }


def _at(in_s: float | None, now_ns: int) -> str | None:
    return None if in_s is None else rfc3339(now_ns + round(in_s * 1e9))
