"""Reading one attribute value: what it is, or None when the producer said nothing.

Producers write "", [], {}, "{}", "N/A", "null" or a redaction marker where they have nothing to say; all of them are
absent here. Refuses to raise: a value of an unexpected type is absent, or REJECTED where a count was claimed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

Reader = Callable[[Any], Any]

ABSENT = frozenset(
    {"", "{}", "[]", "N/A", "n/a", "null", "None", "undefined", '""', "<REDACTED>", "__REDACTED__", "[Scrubbed]"}
)
"""Texts that mean "nothing"."""

_ABSENT_MAX = max(map(len, ABSENT))

REDACTED = frozenset({"<REDACTED>", "__REDACTED__"})
"""Texts that mean "there was something, and it was taken out"."""

REJECTED = -1
"""A count that was claimed and cannot be one (negative, NaN, too large, not a number). Never leaves this package."""

TEXT_MAX = 512
"""Characters kept of a name or an id: the skeleton must stay small; the raw attributes keep the whole text."""

COUNT_MAX = 10**12
"""No single operation has more tokens than this; larger numbers are broken."""

LITERAL_MAX = 4_096
"""Characters of a Python dict that are parsed."""

JSON_MAX = 1 << 20
"""Characters of JSON text that are parsed; longer text is left alone."""


def text(value: Any) -> str | None:
    """A name or an id, at most TEXT_MAX characters; numbers become text, lists of one element their element."""
    if type(value) is str:
        size = len(value)
        if size <= _ABSENT_MAX:
            return None if value in ABSENT else value
        return value if size <= TEXT_MAX else value[: TEXT_MAX - 1] + "…"
    return _odd_text(value)


def _odd_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _safe_number_text(value)
    if isinstance(value, list | tuple) and value:
        parts = [part for part in (_flat_text(item) for item in value[:16]) if part is not None]
        return ",".join(parts)[:TEXT_MAX] or None
    return None


def _flat_text(item: Any) -> str | None:
    if isinstance(item, list | tuple | dict):
        return None
    return text(item)


def _safe_number_text(value: float) -> str | None:
    try:
        return str(value)[:TEXT_MAX]
    except ValueError:  # an integer of thousands of digits
        return None


def joined(value: Any) -> str | None:
    """A list of words, also as JSON text, comma-joined; a single word as it is."""
    if type(value) is str:
        if value in ABSENT:
            return None
        if value[0] == "[":
            decoded = decode_json(value)
            return _odd_text(decoded) if isinstance(decoded, list) else text(value)
        return text(value.strip('"'))
    if type(value) is list and len(value) == 1:  # the common case, quickly
        return text(value[0]) if type(value[0]) is str else _flat_text(value[0])
    return _odd_text(value)


def count(value: Any) -> int | None:
    """Tokens: int, float, numeric text or JSON-quoted numeric text, or `{"intValue": ...}`. REJECTED if it cannot be a count."""
    if type(value) is int:
        return value if 0 <= value <= COUNT_MAX else REJECTED
    return _odd_count(value)


def _odd_count(value: Any) -> int | None:
    if value is None or (isinstance(value, list | tuple | dict) and not value):
        return None
    if isinstance(value, dict):
        inner = value.get("intValue", value.get("doubleValue", value.get("stringValue")))
        return REJECTED if isinstance(inner, dict) else count(inner)
    if isinstance(value, str):
        if value in ABSENT:
            return None
        found = _parsed_number(value)
        return REJECTED if found is None else _whole(found)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _whole(value)
    return REJECTED


def _parsed_number(value: str) -> float | None:
    stripped = value[:64].strip().strip('"').strip()
    try:
        return int(stripped) if stripped.isdecimal() else float(stripped)
    except ValueError:
        return None


def _whole(value: float) -> int:
    # NaN compares false with everything, so it is rejected too
    return int(value) if 0 <= value <= COUNT_MAX else REJECTED


def number(value: Any) -> float | None:
    """A non-negative finite number (dollars, rates); anything else is None."""
    found: float | None = None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        found = value
    elif isinstance(value, str) and value not in ABSENT:
        found = _parsed_number(value)
    if found is None or not 0 <= found <= COUNT_MAX:
        return None
    return float(found)


def milliseconds(value: Any) -> float | None:
    """Milliseconds, as seconds."""
    found = number(value)
    return None if found is None else found / 1e3


def whole(value: Any) -> int | None:
    """A small ordinal such as a retry attempt; None when it is not one."""
    found = count(value)
    return None if found is None or found == REJECTED else found


def flag(value: Any) -> bool | None:
    """True or False, also as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def attempts_before(value: Any) -> int | None:
    """Attempts before this one, from a count that starts at 1."""
    found = whole(value)
    return None if found is None else max(0, found - 1)


def served_from_cache(value: Any) -> bool | None:
    """Whether an answer came from a proxy's own cache: said by a flag, or by the cache's key being there."""
    said = flag(value)
    if said is not None:
        return said
    return True if text(value) else None


_FINISH = '"finish_reason"'


def last_finish_reason(value: Any) -> str | None:
    """The last finish reason in a list of output messages, also as JSON text, which is searched and not parsed."""
    if isinstance(value, str):
        at = value.rfind(_FINISH)
        if at < 0:
            return None
        said = value[at + len(_FINISH) : at + 80].lstrip(" :")
        return text(said[1:].partition('"')[0]) if said[:1] == '"' else None
    if isinstance(value, list):
        reasons = (item.get("finish_reason") for item in reversed(value[-8:]) if isinstance(item, dict))
        return next((found for found in map(text, reasons) if found), None)
    return None


def anything(value: Any) -> Any:
    """A payload as it is, absent values aside."""
    if isinstance(value, str):
        return None if value in ABSENT else value
    return None if isinstance(value, list | tuple | dict) and not value else value


def decode_json(value: Any) -> Any:
    """The value behind JSON text; a value that is not text as it is; None when it cannot be parsed."""
    if not isinstance(value, str):
        return value
    if len(value) > JSON_MAX:
        return None
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:  # covers lone surrogates and too deep nesting, too
        return None


def decode_twice(value: Any) -> Any:
    """Like decode_json, once more when the result is itself JSON text (MLflow writes every value so)."""
    found = decode_json(value)
    if isinstance(found, str) and found[:1] in ("{", "["):
        return decode_json(found)
    return found


def path_reader(path: str, read: Reader) -> Reader:
    """A reader of one place inside a JSON document: `a.b` walks dicts, `a.0` walks lists."""
    steps = tuple(path.split("."))

    def read_path(value: Any) -> Any:
        found = decode_twice(value)
        if found is None and isinstance(value, str):
            found = _decode_literal(value)
        for step in steps:
            found = _step(found, step)
            if found is None:
                return None
        return read(found)

    return read_path


def _decode_literal(value: str) -> Any:
    """A flat dict of numbers written down as Python writes it (LangSmith's token details)."""
    if value[:1] != "{" or len(value) > LITERAL_MAX:
        return None
    return decode_json(value.replace("'", '"').replace("None", "null"))


def unquoted(read: Reader) -> Reader:
    """A reader for values that come as JSON text, quotes and all."""

    def read_unquoted(value: Any) -> Any:
        return read(decode_json(value) if isinstance(value, str) and value[:1] == '"' else value)

    return read_unquoted


def _step(found: Any, step: str) -> Any:
    if isinstance(found, dict):
        return found.get(step)
    if isinstance(found, list) and step.isdecimal() and len(step) < 6 and int(step) < len(found):
        return found[int(step)]
    return None


def after(name: str, prefix: str) -> str | None:
    """What follows `prefix` in a span's name, else None."""
    return text(name[len(prefix) :].strip()) if name.startswith(prefix) else None


def within(session: str | None, call: str) -> str | None:
    """A request's number made unique by its MCP session; without one it identifies nothing."""
    return None if session is None else f"{session}/{call}"


def seconds_after(start_ns: int, moment: str | None) -> float | None:
    """Seconds from `start_ns` to an ISO 8601 moment (possibly JSON-quoted); None when it is none or lies before."""
    if moment is None:
        return None
    try:
        seconds = datetime.fromisoformat(moment.strip('"')).timestamp() - start_ns / 1e9
    except (ValueError, OverflowError, OSError):
        return None
    return round(seconds, 6) if 0 <= seconds < 86_400 else None
