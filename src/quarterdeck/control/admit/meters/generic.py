"""Any other provider: whichever of requests, input, output and a pool are limited, charged with real usage.

Headers are read in the usual spelling (`x-ratelimit-limit-tokens` and relatives); where there are none, limits are
measured from refusals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.admit.charge import INPUT, OUTPUT, REQUESTS, TOTAL, Charge
from quarterdeck.control.admit.feedback import Feedback, Window
from quarterdeck.control.admit.headers import duration_s, error_of, kind_of, lower, number, retry_after_s, should_retry
from quarterdeck.control.admit.need import Need, Usage

_WORDS = ((REQUESTS, "requests"), (INPUT, "input-tokens"), (OUTPUT, "output-tokens"), (TOTAL, "tokens"))


class Generic:
    """Requests, input, output and a pool, each per minute, each only where a limit is given or told."""

    name = "generic"
    dimensions = (REQUESTS, INPUT, OUTPUT, TOTAL)
    streamed: tuple[int, ...] = (OUTPUT,)
    burst_s: Mapping[int, float] = {}
    charges_max_tokens = False
    gives_back = True

    def at_admission(self, need: Need) -> Charge:
        total = need.input + need.output
        return Charge(1.0, need.input, need.output, total, 1.0, need.cost_usd)

    def during(self, need: Need, output: float) -> Charge:
        return Charge(1.0, need.input, output, need.input + output)

    def at_settlement(self, need: Need, usage: Usage) -> Charge:
        del need
        return Charge(1.0, usage.input, usage.output, usage.input + usage.output, cost_usd=usage.cost_usd or 0.0)

    def feedback(self, status: int | None, headers: Mapping[str, Any] | None, body: Any, now: float) -> Feedback:
        named = lower(headers)
        kind = kind_of(status)
        code = str(error_of(body).get("code", "")) if kind == "rate" else ""
        terminal = "spend cap" if code == "insufficient_quota" else None
        return Feedback(kind, tuple(_windows(named)), retry_after_s(named, now), terminal, None, should_retry(named))


def _windows(named: Mapping[str, str]) -> list[Window]:
    found = []
    for dimension, word in _WORDS:
        limit = number(named.get(f"x-ratelimit-limit-{word}"))
        remaining = number(named.get(f"x-ratelimit-remaining-{word}"))
        if limit or remaining is not None:
            reset_s = duration_s(named.get(f"x-ratelimit-reset-{word}"))
            found.append(Window(dimension, limit or None, remaining, reset_s))
    return found
