"""Anthropic: requests, input and output apart. Cached input is free of the limit; output counts as it is written.

`reset` is an RFC 3339 instant. A 429 for a spend cap has the same type as a rate limit, no `retry-after`, and is never
retried. 529 is the provider's own capacity, not a quota.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.admit.charge import INPUT, OUTPUT, REQUESTS, Charge
from quarterdeck.control.admit.feedback import Feedback, Window
from quarterdeck.control.admit.headers import document, kind_of, lower, number, retry_after_s, should_retry, until_s
from quarterdeck.control.admit.need import Need, Usage

_WORDS = ((REQUESTS, "requests"), (INPUT, "input-tokens"), (OUTPUT, "output-tokens"))
_SPENT = ("enforced_spend_limit_reached", "spend limit", "credit balance is too low")


class Anthropic:
    """Requests, uncached input and real output, each per minute."""

    name = "anthropic"
    dimensions = (REQUESTS, INPUT, OUTPUT)
    streamed: tuple[int, ...] = (OUTPUT,)
    burst_s: Mapping[int, float] = {}
    charges_max_tokens = False
    gives_back = True

    def at_admission(self, need: Need) -> Charge:
        return Charge(1.0, need.input - need.cached, need.output, concurrency=1.0, cost_usd=need.cost_usd)

    def during(self, need: Need, output: float) -> Charge:
        return Charge(1.0, need.input - need.cached, output)

    def at_settlement(self, need: Need, usage: Usage) -> Charge:
        del need
        return Charge(1.0, usage.input - usage.cache_read, usage.output, cost_usd=usage.cost_usd or 0.0)

    def feedback(self, status: int | None, headers: Mapping[str, Any] | None, body: Any, now: float) -> Feedback:
        named = lower(headers)
        kind = kind_of(status)
        text = str(document(body)).lower() if kind == "rate" or status == 400 else ""
        terminal = "spend cap" if any(word in text for word in _SPENT) else None
        wait_s = retry_after_s(named, now)
        return Feedback(
            "rate" if terminal else kind, tuple(_windows(named, now)), wait_s, terminal, None, should_retry(named)
        )


def _windows(named: Mapping[str, str], now: float) -> list[Window]:
    found = []
    for dimension, word in _WORDS:
        limit = number(named.get(f"anthropic-ratelimit-{word}-limit"))
        remaining = number(named.get(f"anthropic-ratelimit-{word}-remaining"))
        if limit or remaining is not None:
            reset_s = until_s(named.get(f"anthropic-ratelimit-{word}-reset"), now)
            found.append(Window(dimension, limit or None, remaining, reset_s))
    return found
