"""When a call would start that came now: what waits ahead, over what refills.

An early and honest no needs a number. Refuses: a number where only an event can help; that is None.
"""

from __future__ import annotations

from quarterdeck.control.admit.call import Call
from quarterdeck.control.admit.capacity import Little
from quarterdeck.control.admit.charge import CONCURRENCY, Charge
from quarterdeck.control.admit.engine import Engine
from quarterdeck.control.admit.health import Block
from quarterdeck.control.admit.waiters import Waiters

NEVER = float("inf")
SAID_S = 0.05
"""How long a prediction for a lane is good for another call without a deadline."""


class Predictor:
    """Predicts for one gate. `at_once`: its limit of concurrency; `lanes`: how many there are."""

    def __init__(self, engine: Engine, waiters: Waiters, little: Little, *, at_once: float | None, lanes: int) -> None:
        self._engine = engine
        self._waiters = waiters
        self._little = little
        self._at_once = at_once
        self._said: list[tuple[float, float | None]] = [(-1.0, None)] * lanes

    def roughly_s(self, now: float, call: Call, block: Block | None) -> float | None:
        """As `start_s`; a call without a deadline is content with what was said for its lane a moment ago."""
        lane = call.ask.lane
        at, known = self._said[lane]
        if call.ask.deadline_at is not None or block is not None or call.scopes or now - at > SAID_S:
            known = self.start_s(now, call, block)
            self._said[lane] = now, known
        return known

    def start_s(self, now: float, call: Call, block: Block | None) -> float | None:
        """Seconds until the call probably starts. `block`: why nothing goes out now."""
        ahead = self._waiters.ahead(call.ask.lane, call.ask.tenant, call.charge)
        calls_ahead, ahead[CONCURRENCY] = ahead[CONCURRENCY], 0.0
        waits = self._engine.wait_s(now, Charge(*ahead))
        if self._at_once is not None:
            behind = calls_ahead - (self._at_once - self._little.in_flight)
            waits = max(waits, behind / self._at_once * (self._little.time_s or 0.0))
        if call.scopes:
            share = self._engine.wait_s(now, call.charge, call.scopes)
            waits = max(waits, share if share != NEVER else 0.0)
        if block is not None and block.wait_s != NEVER:
            waits = max(waits, block.wait_s)
        return None if waits == NEVER else waits
