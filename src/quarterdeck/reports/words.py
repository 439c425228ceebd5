"""Times, shares and slices as a reader of a document wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def moment(text: str | None) -> str:
    """`2026-11-24 07:00 UTC` of an RFC 3339 text in UTC."""
    return "not known" if not text else f"{text[:16].replace('T', ' ')} UTC"


def named(by: str | None) -> str:
    return f"by {by}" if by else "by nobody named"


def share(measured: Mapping[str, Any]) -> str:
    """`31.0 % (25.0 to 38.0 %, of 212)`."""
    if measured["value"] is None:
        return "an unknown share"
    return f"{_percent(measured['value'])} % ({_percent(measured['low'])} to {_percent(measured['high'])} %, of {measured['n']:,})"


def slice_words(where: Mapping[str, Any]) -> str:
    """`agent support, prompt_version v7`; nothing is the whole fleet."""
    return (
        ", ".join(f"{name} {value if value is not None else '(unknown)'}" for name, value in where.items())
        or "the whole fleet"
    )


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.1f}"
