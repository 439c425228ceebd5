"""Error types that can be counted: free text becomes a template, and the number of distinct ones is bounded.

Some producers write a whole message into `error.type`. A class name in front is kept alone; other text loses what
changes from case to case (numbers, ids, quotes), so that equal failures are equal words. Per project and day (of the
span's start) at most DISTINCT_MAX types are told apart; later ones are `_OTHER`, OpenTelemetry's word for that.
"""

from __future__ import annotations

import re
from functools import lru_cache

DISTINCT_MAX = 500
"""Error types of one project and day that are told apart."""

DAYS_MAX = 64
"""Pairs of project and day whose types are remembered; when full, all are forgotten."""

TYPE_MAX = 120
"""Characters of an error type; the raw attributes keep the whole text."""

OTHER = "_OTHER"

DAY_NS = 86_400 * 10**9

_CLASS = re.compile(
    r"^([A-Za-z_][\w.]*(?:Error|Exception|Timeout|Interrupt|Exit|Warning|Failure|Cancelled)):?(?:\s|$|\()"
)
_VARIABLE = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(?=[0-9a-z_-]*\d)[0-9a-z_-]{16,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"'[^']{0,200}'|\"[^\"]{0,200}\"|`[^`]{0,200}`"), "<text>"),
    (re.compile(r"https?://\S+|(?:/[\w.-]+){2,}"), "<place>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
    (re.compile(r"\s+"), " "),
)


@lru_cache(maxsize=2_048)
def error_type(said: str) -> str:
    """The countable form of what a producer calls an error. A short word (`timeout`, `429`, `a.b.Error`) is itself."""
    word = said.strip()
    if len(word) <= TYPE_MAX and not any(sign.isspace() for sign in word):
        return word or OTHER
    named = _CLASS.match(word)
    if named is not None:
        return named[1][:TYPE_MAX]
    for pattern, instead in _VARIABLE:
        word = pattern.sub(instead, word)
    return word[:TYPE_MAX].strip() or OTHER


def type_of_message(message: str) -> str | None:
    """The exception's class that a status message begins with (`ValueError: no such order`), else None."""
    named = _CLASS.match(message)
    return named[1][:TYPE_MAX] if named is not None else None


class ErrorTypes:
    """Which types were seen, per project and day. Belongs to one thread."""

    def __init__(self, distinct_max: int = DISTINCT_MAX) -> None:
        self._distinct_max = distinct_max
        self._seen: dict[tuple[str, int], set[str]] = {}

    def admit(self, project: str, start_ns: int, said: str) -> str:
        """The type under which this failure is counted."""
        word = error_type(said)
        day = (project, start_ns // DAY_NS)
        seen = self._seen.get(day)
        if seen is None:
            if len(self._seen) >= DAYS_MAX:
                self._seen.clear()
            seen = self._seen[day] = set()
        if word not in seen:
            if len(seen) >= self._distinct_max:
                return OTHER
            seen.add(word)
        return word
