"""Azure OpenAI: one pool of tokens per deployment, `max_tokens` charged at admission, released when the request ends.

Requests are policed over slices of seconds (600 a minute is 10 a second), so their bucket holds one second. `reset`
is whole seconds; −1 has been seen and means unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.admit.charge import REQUESTS, TOTAL, Charge
from quarterdeck.control.admit.feedback import Feedback, Window
from quarterdeck.control.admit.headers import error_of, kind_of, lower, number, retry_after_s, should_retry
from quarterdeck.control.admit.need import Need, Usage


class Azure:
    """Requests in slices of a second and one pool of tokens a minute."""

    name = "azure"
    dimensions = (REQUESTS, TOTAL)
    streamed: tuple[int, ...] = ()
    burst_s: Mapping[int, float] = {REQUESTS: 1.0}
    charges_max_tokens = True
    gives_back = True

    def at_admission(self, need: Need) -> Charge:
        return Charge(1.0, total=need.input + need.max_tokens, concurrency=1.0, cost_usd=need.cost_usd)

    def during(self, need: Need, output: float) -> Charge:
        del output
        return self.at_admission(need)

    def at_settlement(self, need: Need, usage: Usage) -> Charge:
        del need
        return Charge(1.0, total=usage.input + usage.output, cost_usd=usage.cost_usd or 0.0)

    def feedback(self, status: int | None, headers: Mapping[str, Any] | None, body: Any, now: float) -> Feedback:
        named = lower(headers)
        kind = kind_of(status)
        terminal = None
        if kind == "rate" and "quota" in str(error_of(body).get("code", "")).lower():
            terminal = "spend cap"
        return Feedback(kind, tuple(_windows(named)), retry_after_s(named, now), terminal, None, should_retry(named))


def _windows(named: Mapping[str, str]) -> list[Window]:
    found = []
    for dimension, word in ((REQUESTS, "requests"), (TOTAL, "tokens")):
        limit = number(named.get(f"x-ratelimit-limit-{word}"))
        remaining = number(named.get(f"x-ratelimit-remaining-{word}"))
        if limit or remaining is not None:
            found.append(Window(dimension, limit or None, remaining, number(named.get(f"x-ratelimit-reset-{word}"))))
    return found
