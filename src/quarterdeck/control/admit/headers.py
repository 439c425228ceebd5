"""Small readers of what providers write in headers and bodies: durations, instants, numbers, kinds of failure.

Refuses: raising on anything a server may send. What cannot be read is None.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from quarterdeck.control.admit.feedback import Kind

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_KEYS_MAX = 512
_BODY_MAX = 65_536


def lower(headers: Mapping[str, Any] | None) -> dict[str, str]:
    """Headers by lower-case name; bytes are decoded."""
    found = {}
    for at, (name, value) in enumerate((headers or {}).items()):
        if at >= _KEYS_MAX:
            break
        found[_text(name).lower()] = _text(value)
    return found


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def number(text: str | None) -> float | None:
    """A number that is not negative; None else (one provider has sent −1 for unknown)."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def duration_s(text: str | None) -> float | None:
    """`6m0s`, `12ms`, `1.5s`, or plain seconds."""
    if text is None:
        return None
    plain = number(text)
    if plain is not None:
        return plain
    parts = _DURATION.findall(text)
    if not parts or "".join(amount + unit for amount, unit in parts) != text.strip():
        return None
    return sum(float(amount) * _SECONDS[unit] for amount, unit in parts)


def until_s(text: str | None, now: float) -> float | None:
    """Seconds from `now` to an RFC 3339 instant; 0 when it has passed."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return max(instant.timestamp() - now, 0.0)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """`retry-after-ms`, `x-ms-retry-after-ms` or `retry-after` (seconds, fractions, or an HTTP date), in this order."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        value = number(headers.get(name))
        if value is not None:
            return value / 1000
    text = headers.get("retry-after")
    if text is None:
        return None
    value = duration_s(text)
    if value is not None:
        return value
    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """The marker `x-should-retry`."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").lower())


def document(body: Any) -> dict[str, Any]:
    """A body as a mapping: given as one, or as JSON text or bytes; empty when it is neither."""
    if isinstance(body, Mapping):
        return dict(body)
    if isinstance(body, list) and body and isinstance(body[0], Mapping):
        return dict(body[0])  # one provider wraps its error in a list
    if not isinstance(body, str | bytes) or len(body) > _BODY_MAX:
        return {}
    try:
        return document(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def error_of(body: Any) -> dict[str, Any]:
    """The `error` object of a body, or the body where it has none."""
    whole = document(body)
    error = whole.get("error")
    return dict(error) if isinstance(error, Mapping) else whole


def kind_of(status: int | None) -> Kind:
    """How a call with this HTTP status ended; None: the connection was lost."""
    if status is None:
        return "server"
    if status == 429:
        return "rate"
    if status in (503, 529):
        return "overloaded"
    if status in (408, 504):
        return "timeout"
    if status >= 500:
        return "server"
    return "client" if status >= 400 else "ok"
