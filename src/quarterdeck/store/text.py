"""Text that UTF-8 cannot hold, made storable the same way in every engine.

JSON may carry a lone surrogate (`"\\ud800"`); UTF-8, and so every column, cannot. It becomes `?` in skeletons and runs;
raw forms keep it. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span


def storable(value: Any) -> Any:
    """The value with lone surrogates in text (also within lists and maps) replaced by `?`; all else as it is."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, tuple):
        return tuple(storable(item) for item in value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def storable_span(span: Span) -> Span:
    return Span._make(storable(value) for value in span)


def storable_run(run: Run) -> Run:
    return replace(run, **{f.name: storable(getattr(run, f.name)) for f in fields(run)})
