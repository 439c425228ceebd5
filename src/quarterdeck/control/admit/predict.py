"""When a call would start that came now: what waits ahead, over what refills.

An early and honest no needs a number. Refuses: a number where only an event can help; that is None.
"""

from __future__ import annotations

from quarterdeck.control.admit.call import Call
from quarterdeck.control.admit.capacity import Little
from quarterdeck.control.admit.charge import CONCURRENCY, Charge
from quarterdeck.control.admit.engine import Engine
from quarterdeck.control.admit.waiters import Waiters

NEVER = float("inf")


def predicted_start_s(
    now: float,
    call: Call,
    engine: Engine,
    *,
    waiters: Waiters,
    little: Little,
    at_once: float | None,
    blocked_s: float,
) -> float | None:
    """Seconds until the call probably starts. `at_once`: the limit of concurrency; `blocked_s`: nothing goes out so long."""
    ahead = waiters.ahead(call.ask.lane, call.ask.tenant, call.charge)
    calls_ahead, ahead[CONCURRENCY] = ahead[CONCURRENCY], 0.0
    waits = engine.wait_s(now, Charge(*ahead))
    if at_once is not None:
        behind = calls_ahead - (at_once - little.in_flight)
        waits = max(waits, behind / at_once * (little.time_s or 0.0))
    if call.scopes:
        share = engine.wait_s(now, call.charge, call.scopes)
        waits = max(waits, share if share != NEVER else 0.0)
    if blocked_s != NEVER:
        waits = max(waits, blocked_s)
    return None if waits == NEVER else waits
