"""What the way in reports about itself: unmapped keys and rejections."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from quarterdeck.api.times import rfc3339
from quarterdeck.model.reports import Rejection, UnmappedKey


class UnmappedOut(BaseModel):
    """An attribute key of a known family that no dialect reads: counted, never summed."""

    key: str
    dialect: str
    scope_name: str
    count: int
    first_seen: str
    last_seen: str
    example_trace_id: str


class UnmappedListOut(BaseModel):
    """Unmapped keys, most frequent first."""

    items: list[UnmappedOut]
    next_cursor: str | None


class RejectionOut(BaseModel):
    """A refused span, or a whole refused request (ids null)."""

    at: str
    reason: str
    detail: str
    trace_id: str | None
    span_id: str | None
    span_name: str | None


class RejectionsOut(BaseModel):
    """Rejections, newest first."""

    items: list[RejectionOut]
    next_cursor: str | None


def unmapped_dict(key: UnmappedKey) -> dict[str, Any]:
    return {
        "key": key.key,
        "dialect": key.dialect,
        "scope_name": key.scope_name,
        "count": key.count,
        "first_seen": rfc3339(key.first_seen_ns),
        "last_seen": rfc3339(key.last_seen_ns),
        "example_trace_id": key.example_trace_id,
    }


def rejection_dict(rejection: Rejection) -> dict[str, Any]:
    return {
        "at": rfc3339(rejection.at_ns),
        "reason": rejection.reason,
        "detail": rejection.detail,
        "trace_id": rejection.trace_id or None,
        "span_id": rejection.span_id or None,
        "span_name": rejection.span_name or None,
    }
