"""Small words that several receivers need: times as RFC 3339, and texts cut to a length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(ns: int) -> str:
    """`2026-11-24T07:00:00.000000Z`."""
    return (_EPOCH + timedelta(microseconds=ns // 1000)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def cut(text: str, most: int) -> str:
    """At most so many characters, the last of them saying that there was more."""
    return text if len(text) <= most else text[: most - 1] + "…"
