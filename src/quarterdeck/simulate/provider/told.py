"""What a provider tells of its limits: headers of an answer, and the status, headers and body of a refusal, each in its own form.

Written from the providers' documents, apart from the readers of clients. Refuses: telling what a real one keeps to itself
(Bedrock and Gemini send no headers).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

Closed = Literal["spend_cap", "daily_quota"]
_NAMES = {"requests": "requests", "input": "input-tokens", "output": "output-tokens", "total": "tokens"}
_WORDS = {"requests": "requests per min (RPM)", "total": "tokens per min (TPM)", "input": "input tokens per minute",
          "output": "output tokens per minute"}  # fmt: skip


class Standing(NamedTuple):
    """One limit: per minute, what is left, and seconds until all of it is."""

    limit: float
    remaining: float
    full_in_s: float


class Refusal(NamedTuple):
    """An answer that is an error."""

    status: int
    headers: Mapping[str, str]
    document: dict[str, Any]


def headers_of(meter: str, standings: Mapping[str, Standing], epoch_s: float) -> dict[str, str]:
    """Headers of an answer. `epoch_s`: the wall clock, for those who tell instants."""
    found: dict[str, str] = {}
    if meter not in ("openai", "azure", "anthropic"):
        return found
    for dimension, one in standings.items():
        name = _NAMES[dimension]
        if meter == "anthropic":
            whole = datetime.fromtimestamp(math.ceil(epoch_s + one.full_in_s), UTC)
            reset = whole.isoformat().replace("+00:00", "Z")
            prefix, parts = f"anthropic-ratelimit-{name}-", ("limit", "remaining", "reset")
            keys = [prefix + part for part in parts]
        else:
            reset = str(math.ceil(one.full_in_s)) if meter == "azure" else go_duration(one.full_in_s)
            keys = [f"x-ratelimit-{part}-{name}" for part in ("limit", "remaining", "reset")]
        found |= dict(zip(keys, (f"{one.limit:.0f}", f"{max(one.remaining, 0):.0f}", reset), strict=True))
    return found


def go_duration(seconds: float) -> str:
    """`6m0s`, `1.5s`, `12ms`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}m{rest:.0f}s" if minutes else f"{rest:.3f}".rstrip("0").rstrip(".") + "s"


def rate_refusal(meter: str, dimension: str, wait_s: float, standing: Standing, told: Mapping[str, str]) -> Refusal:
    """A 429 for a limit per minute. `told`: what answers carry too."""
    message = (
        f"Rate limit reached on {_WORDS[dimension]}: limit {standing.limit:.0f}. Please try again in {wait_s:.3f}s."
    )
    waits = {"retry-after": str(max(math.ceil(wait_s), 1)), "retry-after-ms": str(math.ceil(wait_s * 1000))}
    if meter == "openai":
        kind = "requests" if dimension == "requests" else "tokens"
        return Refusal(429, {**told, **waits}, _openai(message, kind, "rate_limit_exceeded"))
    if meter == "azure":
        return Refusal(429, {**told, **waits}, {"error": {"code": "429", "message": message}})
    if meter == "anthropic":
        return Refusal(429, {**told, "retry-after": waits["retry-after"]}, _anthropic("rate_limit_error", message))
    if meter == "bedrock_runtime":
        slow_down = {"__type": "ThrottlingException", "message": "Too many tokens, please wait before trying again."}
        return Refusal(429, {"x-amzn-errortype": "ThrottlingException"}, slow_down)
    if meter == "gemini":
        quota = {"requests": "GenerateRequestsPerMinute", "input": "GenerateContentInputTokensPerModelPerMinute"}
        return Refusal(429, {}, _gemini(quota.get(dimension, "Quota"), standing.limit, wait_s))
    waits = {} if meter == "bedrock_mantle" else {"retry-after": waits["retry-after"]}
    return Refusal(429, waits, _openai(message, dimension, "rate_limit_exceeded"))


def closed_refusal(meter: str, closed: Closed, wait_s: float) -> Refusal:
    """A 429 that no retry mends: a spend cap, or a daily quota that resumes in `wait_s`."""
    if meter == "gemini":
        return Refusal(429, {}, _gemini("GenerateRequestsPerDayPerProjectPerModel", 1_000, min(wait_s, 22)))
    if closed == "daily_quota":
        words = "Rate limit reached on requests per day (RPD)."
        document = (
            _anthropic("rate_limit_error", words)
            if meter == "anthropic"
            else _openai(words, "requests", "rate_limit_exceeded")
        )
        return Refusal(429, {"retry-after": str(math.ceil(wait_s))}, document)
    if meter == "anthropic":
        document = _anthropic("rate_limit_error", "Your organization has reached its spend limit.")
        document["error"]["details"] = {"error_code": "enforced_spend_limit_reached"}
        return Refusal(429, {}, document)
    words = "You exceeded your current quota, please check your plan and billing details."
    return Refusal(429, {}, _openai(words, "insufficient_quota", "insufficient_quota"))


def failure(meter: str, status: int) -> Refusal:
    """A failure of the provider itself: 500, 503, 529."""
    if meter == "anthropic":
        return Refusal(status, {}, _anthropic("overloaded_error" if status == 529 else "api_error", "Overloaded"))
    return Refusal(status, {}, _openai("The server is overloaded or not ready yet.", "server_error", "server_error"))


def _openai(message: str, kind: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _anthropic(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


def _gemini(quota: str, limit: float, wait_s: float) -> dict[str, Any]:
    failures = [{"quotaId": f"{quota}-FreeTier", "quotaDimensions": {"model": "gemini"}, "quotaValue": f"{limit:.0f}"}]
    details = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": failures},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{wait_s:.0f}s"},
    ]
    error = {
        "code": 429,
        "message": "You exceeded your current quota.",
        "status": "RESOURCE_EXHAUSTED",
        "details": details,
    }
    return {"error": error}
