"""Classes of failures."""

from __future__ import annotations

import pytest

from quarterdeck.model.raw import RawEvent
from quarterdeck.model.spans import ErrorClass, OpKind
from quarterdeck.observe.canonical.failures import FAILURE_MARKS, classify, exception_of


@pytest.mark.parametrize(
    ("kind", "error_type", "message", "http_status", "expected"),
    [
        ("llm", "RateLimitError", "", None, "provider_rate_limit"),
        ("llm", None, "Error code: 429 - too many requests", None, "provider_rate_limit"),
        ("llm", None, "ThrottlingException", None, "provider_rate_limit"),
        ("llm", "overloaded_error", "Overloaded", None, "provider_overload"),
        ("llm", None, None, 529, "provider_overload"),
        ("llm", None, "503 Service Unavailable", None, "provider_overload"),
        ("llm", "AuthenticationError", "Incorrect API key provided", 401, "provider_auth"),
        ("llm", "BadRequestError", "This model's maximum context length is 128000 tokens", 400, "context_overflow"),
        ("llm", "invalid_request_error", "prompt is too long: 215000 tokens > 200000 maximum", 400, "context_overflow"),
        ("llm", None, "The response was filtered due to content_filter", None, "content_filter"),
        ("llm", "APITimeoutError", "Request timed out.", None, "infra"),
        ("llm", "ConnectionError", "", None, "infra"),
        ("llm", "UnexpectedModelBehavior", "Exceeded maximum retries", None, "schema_invalid"),
        ("agent", "asyncio.CancelledError", "", None, "cancelled"),
        ("agent", "InputGuardrailTripwireTriggered", "", None, "guardrail_block"),
        ("guardrail", None, None, None, "guardrail_block"),
        ("tool", "HTTPError", "403 Forbidden", 403, "tool_error"),
        ("tool", "TimeoutError", "", None, "tool_timeout"),
        ("tool", "ValidationError", "", None, "schema_invalid"),
        ("llm", None, None, None, "unknown"),
        ("llm", "WeirdError", "something", 418, "unknown"),
    ],
)
def test_classes(
    kind: OpKind, error_type: str | None, message: str | None, http_status: int | None, expected: ErrorClass
) -> None:
    assert classify(kind, error_type, message, http_status) == expected


def test_the_last_exception_counts() -> None:
    events = (
        RawEvent("exception", 1, {"exception.type": "First"}),
        RawEvent("exception", 2, {"exception.type": "Last", "exception.message": "m"}),
        RawEvent("other", 3, {}),
    )
    assert exception_of(events) == ("Last", "m")
    assert exception_of(()) == (None, None)


def test_marks_of_failure() -> None:
    assert FAILURE_MARKS["logfire.level_num"](17)
    assert not FAILURE_MARKS["logfire.level_num"](13)
    assert FAILURE_MARKS["mcp.result.isError"]("true")
    assert not FAILURE_MARKS["langfuse.observation.level"]("WARNING")
