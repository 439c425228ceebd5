"""Ids that are the same every time the same recording is read: hashes of what was recorded.

Refuses randomness: a history that is sent twice must arrive as the same spans.
"""

from __future__ import annotations

import re
from hashlib import sha256

_HEX_SPAN = re.compile(r"[0-9a-fA-F]{16}")
_HEX_TRACE = re.compile(r"[0-9a-fA-F]{32}")


def hashed_trace_id(*parts: str) -> bytes:
    """16 bytes from the parts, never all zero in practice."""
    return sha256("\x1f".join(("trace", *parts)).encode()).digest()[:16]


def hashed_span_id(*parts: str) -> bytes:
    """8 bytes from the parts."""
    return sha256("\x1f".join(("span", *parts)).encode()).digest()[:8]


def trace_id_of(recorded: str) -> bytes:
    """The recorded trace id where it is 32 hex digits, else a hash of it."""
    return bytes.fromhex(recorded) if _HEX_TRACE.fullmatch(recorded) else hashed_trace_id(recorded)


def span_id_of(recorded: str) -> bytes:
    """The recorded span id where it is 16 hex digits, else a hash of it."""
    return bytes.fromhex(recorded) if is_span_id(recorded) else hashed_span_id(recorded)


def is_span_id(recorded: str) -> bool:
    """Whether the text is a span id as OpenTelemetry writes it."""
    return _HEX_SPAN.fullmatch(recorded) is not None
