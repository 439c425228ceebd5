"""Times at the edge: RFC 3339 out; RFC 3339, epoch milliseconds or "-60m" in.

Refuses: local time. A time without an offset is read as UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from quarterdeck.errors import BadInput

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC on purpose: formatting it is twice as fast, and the Z is ours
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_NS = 2**63 - 1
"""The year 2262: what a signed 64-bit column can hold."""
_UNIT_NS = {"s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9, "w": 7 * 86_400 * 10**9}
_RELATIVE = re.compile(r"-([0-9]{1,9})([smhdw])")
_DIGITS = re.compile(r"[0-9]{1,16}")
_EXPECTED = 'RFC 3339 ("2026-11-24T07:00:00Z"), epoch milliseconds, or relative to now ("-60m", "-24h", "-7d")'


def rfc3339(ns: int) -> str:
    """`2026-11-24T07:00:00.000000Z`; microseconds, rounded down; held within the years 1970 to 2554."""
    micros = min(max(ns, 0), 2**64) // 1000
    return (_EPOCH + timedelta(microseconds=micros)).isoformat(timespec="microseconds") + "Z"


def rfc3339_or_none(ns: int | None) -> str | None:
    """None stays None, and so does 0, which stands for "not ended"."""
    return rfc3339(ns) if ns else None


def parse_instant(text: str, *, now_ns: int, name: str) -> int:
    """Nanoseconds since the epoch. Raises BadInput that names the parameter, what was found and what was expected."""
    found = _parse(text.strip(), now_ns)
    if found is None or not 0 <= found <= _MAX_NS:
        msg = f"{name}: found {text[:60]!r}, expected {_EXPECTED}, between 1970 and 2262"
        raise BadInput(msg)
    return found


def _parse(text: str, now_ns: int) -> int | None:
    if relative := _RELATIVE.fullmatch(text):
        return max(0, now_ns - int(relative[1]) * _UNIT_NS[relative[2]])
    if _DIGITS.fullmatch(text):
        return int(text) * 1_000_000
    return _parse_date(text)


def _parse_date(text: str) -> int | None:
    # A "+" of an offset arrives as a space when the caller forgot to percent-encode it.
    try:
        moment = datetime.fromisoformat(re.sub(r" (?=\d\d:?\d\d$)", "+", text))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (aware - _EPOCH_UTC) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError):
        return None
