"""What an account looks like now: dimensions, lanes, what was turned away, retries, breakers.

Frozen, and read by the API, the command line and tests. Refuses: guessing; what is not measured is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from quarterdeck.control.admit.capacity import LittleCheck
from quarterdeck.control.admit.engine import HERE, DimensionState, Keeping
from quarterdeck.control.admit.gate import Gate
from quarterdeck.control.admit.identify import Identified


class LaneStatus(NamedTuple):
    """Who waits in a lane. `starts_in_s`: of a small call that came now; `held_back`: by a share of their own."""

    lane: str
    calls: int
    tokens: float
    tenants: Mapping[str, int]
    starts_in_s: float | None


class BreakerStatus(NamedTuple):
    """A breaker. `looks_again_in_s`: 0 when closed, None while its probe is out."""

    failure: str
    state: str
    opened: int
    looks_again_in_s: float | None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One provider account now.

    `dimensions`: of the account and of shares in use; used = capacity − level − held. `blocked`: why nothing goes out at
    all, with seconds left. `cut_answers` of `answers`: how many ended at a cap of ours. `saved_retries`: what is left of
    the budget. `little`: the last window of Little's law.
    `keeping`: where the buckets are, and whether that can be reached.
    """

    account: str
    meter: str
    dimensions: tuple[DimensionState, ...]
    lanes: tuple[LaneStatus, ...]
    in_flight: int
    in_flight_max: float | None
    held_back: Mapping[str, int]
    shed: Mapping[str, int]
    first_attempts: int
    retries: int
    retries_denied: int
    saved_retries: float
    refused_by_provider: int
    breakers: tuple[BreakerStatus, ...]
    blocked: str | None
    blocked_s: float | None
    answers: int
    cut_answers: int
    first_token_s: float | None
    little: LittleCheck | None
    rule: Identified | None
    keeping: Keeping = HERE


def status_of(name: str, gate: Gate, now: float) -> AccountStatus:
    """The status of one gate."""
    block = gate.health.block(now)
    most = gate.in_flight_max()
    return AccountStatus(
        account=name,
        meter=gate.meter.name,
        dimensions=tuple(gate.engine.state(now)),
        lanes=_lanes(gate, now),
        in_flight=gate.little.in_flight,
        in_flight_max=_finite(most),
        held_back=gate.waiters.parked_calls(),
        shed=dict(gate.shed),
        first_attempts=gate.retries.first,
        retries=gate.retries.retries,
        retries_denied=gate.retries.denied,
        saved_retries=gate.retries.saved,
        refused_by_provider=gate.health.refused,
        breakers=tuple(
            BreakerStatus(failure, one.state, one.opened, _finite(one.blocked_s(now)))
            for failure, one in gate.health.breakers.items()
        ),
        blocked=None if block is None else block.reason,
        blocked_s=None if block is None else _finite(block.wait_s),
        answers=gate.answers,
        cut_answers=gate.cut_answers,
        first_token_s=gate.health.first_tokens.recent_s,
        little=gate.little.last,
        rule=gate.learned.rule,
        keeping=gate.engine.keeping(),
    )


def _lanes(gate: Gate, now: float) -> tuple[LaneStatus, ...]:
    tenants: list[dict[str, int]] = [{} for _ in gate.policy.lanes]
    for lane, tenant, calls in gate.waiters.waiting():
        tenants[lane][tenant] = calls
    found = []
    for at, lane_name in enumerate(gate.policy.lanes):
        calls, amounts = gate.waiters.queued(at)
        tokens = amounts.total or amounts.input + amounts.output
        found.append(LaneStatus(lane_name, calls, tokens, tenants[at], gate.starts_in_s(now, at)))
    return tuple(found)


def _finite(value: float) -> float | None:
    return None if value == float("inf") else value
