"""Recorded times as nanoseconds since the epoch.

A time without a zone is taken as UTC: some recordings hold local times whose zone nobody wrote down, and only
differences matter there. Refuses anything else than ISO 8601.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def iso_ns(text: str) -> int:
    """Nanoseconds since the epoch. Raises ValueError when the text is no ISO 8601 time."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND * 1000
