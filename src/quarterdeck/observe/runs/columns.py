"""The members of a run by column: what is unknown everywhere is seen in one step.

Refuses: to be typed column by column; the fields are those of `Span`, each a tuple over the members.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quarterdeck.model.spans import Span

Columns = Any
"""A `Span` whose fields are tuples, one entry per member, in order of start."""


def columns(spans: Sequence[Span]) -> Columns:
    """Transpose; `spans` must not be empty."""
    return Span._make(zip(*spans, strict=True))


def first(column: Sequence[Any]) -> Any:
    """The first known value, None when nothing is known."""
    return next((value for value in column if value is not None), None)


def known(column: Sequence[Any]) -> bool:
    """Whether any member knows it."""
    return column.count(None) != len(column)
