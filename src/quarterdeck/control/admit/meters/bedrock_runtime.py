"""Bedrock runtime: one pool; input and `max_tokens` at admission, then real usage with output at a burn-down rate.

Newer Claude models burn 5 tokens of the quota for each of output; cache reads are free. Answers carry no headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.admit.charge import REQUESTS, TOTAL, Charge
from quarterdeck.control.admit.feedback import Feedback, Kind
from quarterdeck.control.admit.headers import document, kind_of, lower, retry_after_s
from quarterdeck.control.admit.need import Need, Usage

BURN_DOWN = 5.0


class BedrockRuntime:
    """Requests and one pool of tokens a minute. `burn_down`: tokens of quota for each token of output."""

    name = "bedrock_runtime"
    dimensions = (REQUESTS, TOTAL)
    streamed: tuple[int, ...] = ()
    burst_s: Mapping[int, float] = {}
    charges_max_tokens = True
    gives_back = True

    def __init__(self, burn_down: float = BURN_DOWN) -> None:
        self.burn_down = burn_down

    def at_admission(self, need: Need) -> Charge:
        # The end may cost more than the admission, so the larger of the two is held.
        total = need.input - need.cached + max(need.max_tokens, need.output * self.burn_down)
        return Charge(1.0, total=total, concurrency=1.0, cost_usd=need.cost_usd)

    def during(self, need: Need, output: float) -> Charge:
        return Charge(1.0, total=need.input - need.cached + max(need.max_tokens, output * self.burn_down))

    def at_settlement(self, need: Need, usage: Usage) -> Charge:
        del need
        total = usage.input - usage.cache_read + usage.output * self.burn_down
        return Charge(1.0, total=total, cost_usd=usage.cost_usd or 0.0)

    def feedback(self, status: int | None, headers: Mapping[str, Any] | None, body: Any, now: float) -> Feedback:
        named = lower(headers)
        said = document(body)
        kind = _kind(status, f"{said.get('__type', '')} {said.get('code', '')} {named.get('x-amzn-errortype', '')}")
        daily = kind == "rate" and "per day" in str(said.get("message", said.get("Message", ""))).lower()
        return Feedback(kind, (), retry_after_s(named, now), "daily quota" if daily else None)


def _kind(status: int | None, error: str) -> Kind:
    if "ThrottlingException" in error:
        return "rate"
    if "ServiceUnavailable" in error or "ModelNotReady" in error:
        return "overloaded"
    return kind_of(status)
