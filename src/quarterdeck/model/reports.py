"""What the way of a span reports about itself: refusals, unmapped keys, prices' gaps, producers' coverage."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejection:
    """One span (or one whole request, `span_id` = "") that was refused, and why.

    `reason` is a stable snake_case word from docs/reference/rejections.md; `detail` names what was found and expected.
    """

    project: str
    at_ns: int
    reason: str
    detail: str
    trace_id: str = ""
    span_id: str = ""
    span_name: str = ""


@dataclass(frozen=True, slots=True)
class UnmappedKey:
    """A `gen_ai.*`, `llm.*`, ... attribute key that no dialect reads: counted, never summed."""

    project: str
    key: str
    dialect: str
    scope_name: str
    count: int
    first_seen_ns: int
    last_seen_ns: int
    example_trace_id: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An access key as stored: never the secret itself, only its SHA-256. `revoked_at_ns` None = in force."""

    key_id: str
    project: str
    name: str
    hash: str
    created_at_ns: int
    last_used_ns: int | None
    revoked_at_ns: int | None
