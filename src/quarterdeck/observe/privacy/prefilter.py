"""One look at the bytes of a whole request: whether anything in it may concern a rule. Most requests end here.

The shipped triggers are searched together by Hyperscan (Vectorscan), which takes 0.5 µs for a span of 1.8 KB and lets go of
the interpreter meanwhile; where it cannot be loaded RE2 does the same in 3 µs. Users' own patterns are looked up by the
literals that RE2 finds any match must contain (its `Filter`). Refuses to miss: what it cannot tell counts as "maybe".
Belongs to one thread (Hyperscan's scratch space).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import re2

from quarterdeck.observe.privacy.engine import quiet_options

NAME = 1
"""An attribute may be called like a secret."""
USER = 2
"""An attribute may name a user."""
OWN = 4
"""A pattern of the user's own may match."""
_FIRST_RULE = 3
EVERYTHING = -1
"""All marks there can be."""


def rule_mark(number: int) -> int:
    """The mark of the shipped rule in this place: something may match its pattern."""
    return 1 << (_FIRST_RULE + number)


class Prefilter:
    """`triggers` maps an expression to the mark it stands for; `own` are users' patterns (they mark OWN)."""

    def __init__(self, triggers: Mapping[str, int], own: Sequence[str] = (), *, native: bool = True) -> None:
        self._look = (_hyperscan(triggers) if native else None) or _combined(triggers)
        self._own = _literals(own)

    def marks(self, data: bytes) -> int:
        """The marks that may hold for these bytes; 0 = certainly nothing."""
        found = self._look(data)
        if self._own is not None and self._own.Match(data, True):
            found |= OWN
        return found


def _hyperscan(triggers: Mapping[str, int]) -> Callable[[bytes], int] | None:
    """One pass for all, or None where Hyperscan is not there (or does not know this processor)."""
    try:
        import hyperscan  # noqa: PLC0415 - optional on platforms without a wheel
    except ImportError:
        return None
    if not triggers:
        return lambda _data: 0
    marks = list(triggers.values())
    database = hyperscan.Database()
    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL
    try:
        database.compile(
            expressions=[expression.removeprefix("(?i)").encode() for expression in triggers],
            ids=list(range(len(marks))),
            flags=[
                flags | (hyperscan.HS_FLAG_CASELESS if expression.startswith("(?i)") else 0) for expression in triggers
            ],
        )
    except hyperscan.error:
        return None
    found = 0

    def note(number: int, _start: int, _end: int, _flags: int, _context: Any) -> None:
        nonlocal found
        found |= marks[number]

    def look(data: bytes) -> int:
        nonlocal found
        found = 0
        database.scan(data, match_event_handler=note)
        return found

    return look


def _combined(triggers: Mapping[str, int]) -> Callable[[bytes], int]:
    """The same by RE2: one automaton says whether anything is there, one for each mark then says what.

    Not `re2.Set`: it answers "nothing" also when it runs out of memory, where a search goes on more slowly.
    """
    options = quiet_options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 64 << 20

    def together(expressions: Iterable[str]) -> Any:
        return re2.compile("|".join(f"(?:{expression})" for expression in expressions).encode(), options)

    if not triggers:
        return lambda _data: 0
    anything = together(triggers)
    by_mark = {
        mark: together(expression for expression, marked in triggers.items() if marked == mark)
        for mark in set(triggers.values())
    }

    def look(data: bytes) -> int:
        if anything.search(data) is None:
            return 0
        return sum(mark for mark, pattern in by_mark.items() if pattern.search(data) is not None)

    return look


def _literals(patterns: Sequence[str]) -> Any:
    if not patterns:
        return None
    options = quiet_options()
    together = re2.Filter()
    for pattern in patterns:
        together.Add(pattern, options)
    together.Compile()
    return together


def literal_trigger(text: str, after: str) -> str:
    """The trigger for an attribute name: itself, in any case, and what follows a name."""
    return f"(?i){re.escape(text)}{after}"
