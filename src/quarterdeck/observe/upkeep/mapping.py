"""One stored span mapped again by the present tables. Pure but for the mapper's caches.

What was computed from content that is no longer there stays as it was: it was a fact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.spans import Span

FROM_CONTENT = ("tool_args_hash", "tool_result_hash", "prompt_hash", "toolset_hash", "tool_calls_requested")
"""Fields that are read from messages and payloads."""

Canonicalize = Callable[[RawSpan], Span]
WithoutMarks = Callable[[RawSpan], tuple[RawSpan, str | None]]


def mapped_again(old: Span, raw: RawSpan, canonicalize: Canonicalize, without_marks: WithoutMarks) -> Span:
    """The canonical form of `raw` today; fields of content that is not there any more are those of `old`."""
    clean, missing = without_marks(raw)
    new = canonicalize(clean)
    if missing is None:
        return new
    kept: dict[str, Any] = {name: getattr(old, name) for name in FROM_CONTENT if name in Span._fields}
    return new._replace(**kept)


def differs(new: Span, old: Span) -> bool:
    """Whether more than the version of the mapping changed."""
    return new._replace(mapping_version=old.mapping_version) != old
