"""OpenAI: one pool of tokens. `max_tokens` is charged at admission, and nothing is known to come back.

Its guide says that the larger of prompt and `max_tokens` counts, users report the sum; the sum is held, and what remains
according to the headers puts it right. `reset` is a duration until the bucket is full, not until one may send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.admit.charge import REQUESTS, TOTAL, Charge
from quarterdeck.control.admit.feedback import Feedback, Window
from quarterdeck.control.admit.headers import duration_s, error_of, kind_of, lower, number, retry_after_s, should_retry
from quarterdeck.control.admit.need import Need, Usage

_DAY = ("per day", "(rpd)", "(tpd)")
_SPENT = ("insufficient_quota", "billing_hard_limit_reached")


class OpenAI:
    """Requests and one pool of tokens, both per minute."""

    name = "openai"
    dimensions = (REQUESTS, TOTAL)
    streamed: tuple[int, ...] = ()
    burst_s: Mapping[int, float] = {}
    charges_max_tokens = True
    gives_back = False

    def at_admission(self, need: Need) -> Charge:
        return Charge(1.0, total=need.input + need.max_tokens, concurrency=1.0, cost_usd=need.cost_usd)

    def during(self, need: Need, output: float) -> Charge:
        del output
        return self.at_admission(need)

    def at_settlement(self, need: Need, usage: Usage) -> Charge:
        total = max(need.input, usage.input) + max(need.max_tokens, usage.output)
        return Charge(1.0, total=total, cost_usd=usage.cost_usd or 0.0)

    def feedback(self, status: int | None, headers: Mapping[str, Any] | None, body: Any, now: float) -> Feedback:
        named = lower(headers)
        kind = kind_of(status)
        error = error_of(body) if kind == "rate" else {}
        terminal = _terminal(error)
        return Feedback(
            kind,
            tuple(_windows(named)),
            retry_after_s(named, now),
            terminal,
            retry_after_s(named, now) if terminal == "daily quota" else None,
            should_retry(named),
            _named_dimensions(error),
        )


def _windows(named: Mapping[str, str]) -> list[Window]:
    found = []
    for dimension, word in ((REQUESTS, "requests"), (TOTAL, "tokens")):
        limit = number(named.get(f"x-ratelimit-limit-{word}"))
        remaining = number(named.get(f"x-ratelimit-remaining-{word}"))
        if limit or remaining is not None:
            found.append(
                Window(dimension, limit or None, remaining, duration_s(named.get(f"x-ratelimit-reset-{word}")))
            )
    return found


def _terminal(error: Mapping[str, Any]) -> str | None:
    words = f"{error.get('code')} {error.get('type')}"
    if any(word in words for word in _SPENT):
        return "spend cap"
    message = str(error.get("message", "")).lower()
    return "daily quota" if any(word in message for word in _DAY) else None


def _named_dimensions(error: Mapping[str, Any]) -> tuple[int, ...]:
    kind = str(error.get("type", ""))
    return (REQUESTS,) if kind == "requests" else (TOTAL,) if kind == "tokens" else ()
