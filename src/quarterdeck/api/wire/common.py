"""Shapes that several documents share: a rate with its interval, a list, a problem."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from quarterdeck.stats import wilson


class RateOut(BaseModel):
    """A share with its n and its Wilson interval (95 %)."""

    value: float = Field(ge=0, le=1)
    n: int = Field(ge=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class ProblemOut(BaseModel):
    """An error (RFC 9457) with a stable code and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    mend: str | None
    retry_after_s: float | None


def rate(successes: int, n: int) -> dict[str, Any] | None:
    """`{"value", "n", "low", "high"}`; None when nothing was counted."""
    if n <= 0:
        return None
    low, high = wilson(successes, n)
    return {"value": successes / n, "n": n, "low": low, "high": high}


def listing(items: list[dict[str, Any]], next_cursor: str | None = None) -> dict[str, Any]:
    """The shape of every list."""
    return {"items": items, "next_cursor": next_cursor}
