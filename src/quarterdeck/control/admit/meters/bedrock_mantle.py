"""Bedrock mantle: no requests limit; input + `max_tokens` must fit the *input* quota; output counts as it streams.

Cached reads are free. After admission the input quota is charged with real input. Answers carry no headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.admit.charge import INPUT, OUTPUT, Charge
from quarterdeck.control.admit.feedback import Feedback
from quarterdeck.control.admit.headers import error_of, kind_of, lower, retry_after_s
from quarterdeck.control.admit.need import Need, Usage


class BedrockMantle:
    """Input and output a minute, the answer's cap held against input while the call runs."""

    name = "bedrock_mantle"
    dimensions = (INPUT, OUTPUT)
    streamed: tuple[int, ...] = (OUTPUT,)
    burst_s: Mapping[int, float] = {}
    charges_max_tokens = True
    gives_back = True

    def at_admission(self, need: Need) -> Charge:
        held = need.input - need.cached + need.max_tokens
        return Charge(0.0, held, need.output, concurrency=1.0, cost_usd=need.cost_usd)

    def during(self, need: Need, output: float) -> Charge:
        return Charge(0.0, need.input - need.cached + need.max_tokens, output)

    def at_settlement(self, need: Need, usage: Usage) -> Charge:
        del need
        return Charge(0.0, usage.input - usage.cache_read, usage.output, cost_usd=usage.cost_usd or 0.0)

    def feedback(self, status: int | None, headers: Mapping[str, Any] | None, body: Any, now: float) -> Feedback:
        kind = kind_of(status)
        message = str(error_of(body).get("message", "")).lower() if kind == "rate" else ""
        return Feedback(kind, (), retry_after_s(lower(headers), now), "daily quota" if "per day" in message else None)
