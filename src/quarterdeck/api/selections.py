"""Selections of runs written as words: `NAME=VALUE` for a column, a bare word for a flag or a state.

What for: a route that takes two filters, which cannot share one set of query parameters. Refuses names that are no
column of a run (BadInput lists them).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from quarterdeck.errors import BadInput
from quarterdeck.store.interface import RUN_FACETS, RunFilter

_WORD = re.compile(r"[a-z0-9_]{1,64}")


def selection(project: str, parameter: str, words: Sequence[str], window: tuple[int, int]) -> RunFilter:
    """Several values of one name are alternatives; all else must hold together. An empty value stands for unknown.

    Raises BadInput that names the parameter, the word and what was expected.
    """
    equals: dict[str, tuple[str, ...]] = {}
    has: list[str] = []
    for word in words:
        name, is_pair, value = word.partition("=")
        if is_pair and name in RUN_FACETS:
            equals[name] = (*equals.get(name, ()), value)
        elif not is_pair and _WORD.fullmatch(word):
            has.append(word)
        else:
            msg = (
                f"{parameter}: found {word[:60]!r}, expected NAME=VALUE with NAME one of {', '.join(RUN_FACETS)}, "
                "or a word: failed, succeeded, error, orphans, residual, or a flag"
            )
            raise BadInput(msg)
    return RunFilter(project, *window, equals=equals, has=tuple(has))
