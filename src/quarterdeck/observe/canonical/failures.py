"""Errors: whether a span failed, what the producer calls it, and which of our classes it belongs to.

Refuses to call a handled exception, a deferral or a warning an error: only the status, `error.type` and the producers'
own failure marks count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from quarterdeck.model.raw import RawEvent
from quarterdeck.model.spans import ErrorClass, OpKind
from quarterdeck.observe.canonical.values import count, flag, text

ERROR_CLASSES: Mapping[str, ErrorClass] = {name: name for name in get_args(ErrorClass)}

LOGFIRE_ERROR_LEVEL = 17
"""OpenTelemetry's severity number of ERROR, which Logfire uses for its levels."""

MESSAGE_MAX = 4_000
"""Characters of a message that are looked at."""

EVENTS_MAX = 128
"""Events of a span that are searched for an exception."""


def _is_word(*words: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value.lower() in words


def _is_severe(value: Any) -> bool:
    level = count(value)
    return level is not None and level >= LOGFIRE_ERROR_LEVEL


def _is_true(value: Any) -> bool:
    return flag(value) is True


FAILURE_MARKS: Mapping[str, Callable[[Any], bool]] = {
    "langfuse.observation.level": _is_word("error"),
    "logfire.level_num": _is_severe,
    "gen_ai.task.status": _is_word("failure", "failed", "error"),
    "gen_ai.tool.status": _is_word("error", "failure", "failed"),
    "tool.status": _is_word("error", "failure", "failed"),
    "mcp.result.isError": _is_true,
    "mcp.response.isError": _is_true,
    "lk.function_tool.is_error": _is_true,
    "genkit:state": _is_word("error"),
}
"""Producers' own marks of failure beside the OTLP status."""


def exception_of(events: Sequence[RawEvent]) -> tuple[str | None, str | None]:
    """(type, message) of the last exception event, (None, None) without one."""
    for event in reversed(events[-EVENTS_MAX:]):
        if event.name == "exception":
            attributes = event.attributes
            return text(attributes.get("exception.type")), text(attributes.get("exception.message"))
    return None, None


_STATUS_CLASSES: Mapping[int, ErrorClass] = {
    401: "provider_auth",
    403: "provider_auth",
    408: "infra",
    413: "context_overflow",
    429: "provider_rate_limit",
    500: "infra",
    502: "infra",
    503: "provider_overload",
    504: "infra",
    529: "provider_overload",
}

_WORDS: tuple[tuple[ErrorClass, str], ...] = (
        ("context_overflow",
         r"context[_ ]?length|maximum context|context window|prompt is too long|input is too long|"
         r"contextoverflow|context_window|request_too_large|exceeds? the (?:max\w* )?(?:number of )?tokens"),
        ("content_filter",
         r"content[_ ]?filter|content[_ ]management|content policy|content_policy|responsibleai|safety|"
         r"prohibited_content|blocked by"),
        ("guardrail_block", r"guardrail|tripwire|policy violation"),
        ("cancelled", r"cancel|keyboardinterrupt|\babort|generatorexit"),
        ("provider_rate_limit",
         r"rate[_ -]?limit|too many requests|\b429\b|quota|throttl|resource[_ ]exhausted|tokens per min"),
        ("provider_overload", r"overload|\b529\b|\b503\b|service[_ ]?unavailable|at capacity|try again later"),
        ("provider_auth",
         r"\b401\b|\b403\b|unauthori[sz]ed|authentication|permission[_ ]?denied|invalid[_ ]?(?:x-)?api[_ -]?key|"
         r"incorrect api key|forbidden|access ?denied|expired ?token"),
        ("schema_invalid",
         r"validation ?error|unexpectedmodelbehavio|output ?parser|jsondecode|json decode|invalid json|schema|"
         r"modelretry|retries exceeded|failed to parse"),
        ("infra",
         r"time[d]?[ _-]?out|deadline|connect|network|dns|econn|ssl|socket|\b50[0245]\b|internal ?server ?error|"
         r"api_error|memoryerror|oserror|unavailable|broken pipe|reset by peer|eof"),
)  # fmt: skip
"""Words in error types and messages, most telling first."""

_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _WORDS)

_TOOL_TIMEOUT = re.compile(r"time[d]?[ _-]?out|deadline")


def classify(kind: OpKind, error_type: str | None, message: str | None, http_status: int | None) -> ErrorClass:
    """Our class of a failure. Of a tool's failure only time-outs, cancellations, guardrails and schemas are told apart."""
    words = f"{error_type or ''} {(message or '')[:MESSAGE_MAX]}".lower()
    if kind == "tool":
        return _classify_tool(words)
    if kind == "guardrail":
        return "guardrail_block"
    found = _STATUS_CLASSES.get(http_status) if http_status is not None else None
    return found or _by_words(words) or "unknown"


def _classify_tool(words: str) -> ErrorClass:
    if _TOOL_TIMEOUT.search(words):
        return "tool_timeout"
    found = _by_words(words)
    return found if found in ("cancelled", "guardrail_block", "schema_invalid") else "tool_error"


def _by_words(words: str) -> ErrorClass | None:
    for name, pattern in _PATTERNS:
        if pattern.search(words):
            return name
    return None
