"""Gemini: requests and input a minute; output is not limited. No headers; a refusal says all in its body.

A daily quota carries a short retry delay too, so the quota's id decides, not the delay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quarterdeck.control.admit.charge import INPUT, REQUESTS, Charge
from quarterdeck.control.admit.feedback import Feedback, Window
from quarterdeck.control.admit.headers import duration_s, error_of, kind_of, lower, number, retry_after_s
from quarterdeck.control.admit.need import Need, Usage


class Gemini:
    """Requests and input tokens, both per minute."""

    name = "gemini"
    dimensions = (REQUESTS, INPUT)
    streamed: tuple[int, ...] = ()
    burst_s: Mapping[int, float] = {}
    charges_max_tokens = False
    gives_back = False

    def at_admission(self, need: Need) -> Charge:
        return Charge(1.0, need.input, concurrency=1.0, cost_usd=need.cost_usd)

    def during(self, need: Need, output: float) -> Charge:
        del output
        return Charge(1.0, need.input)

    def at_settlement(self, need: Need, usage: Usage) -> Charge:
        del need
        return Charge(1.0, usage.input, cost_usd=usage.cost_usd or 0.0)

    def feedback(self, status: int | None, headers: Mapping[str, Any] | None, body: Any, now: float) -> Feedback:
        kind = kind_of(status)
        if kind != "rate":
            return Feedback(kind, (), retry_after_s(lower(headers), now))
        details = [item for item in error_of(body).get("details", ()) if isinstance(item, Mapping)]
        violations = list(_violations(details))
        daily = any("PerDay" in str(item.get("quotaId", "")) for item in violations)
        windows = tuple(_window(item) for item in violations if "PerDay" not in str(item.get("quotaId", "")))
        return Feedback(
            kind, windows, _delay(details) or retry_after_s(lower(headers), now), "daily quota" if daily else None,
            dimensions=tuple(window.dimension for window in windows),
        )  # fmt: skip


def _violations(details: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for item in details:
        if str(item.get("@type", "")).endswith("QuotaFailure"):
            yield from (one for one in item.get("violations", ()) if isinstance(one, Mapping))


def _window(violation: Mapping[str, Any]) -> Window:
    words = f"{violation.get('quotaMetric', '')} {violation.get('quotaId', '')}".lower()
    return Window(INPUT if "token" in words else REQUESTS, number(str(violation.get("quotaValue"))) or None, None)


def _delay(details: list[Mapping[str, Any]]) -> float | None:
    for item in details:
        if str(item.get("@type", "")).endswith("RetryInfo"):
            return duration_s(str(item.get("retryDelay")))
    return None
