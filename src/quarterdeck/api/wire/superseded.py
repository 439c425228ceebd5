"""References to what had been superseded, as sent."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from quarterdeck.api.run_views.contexts import Call
from quarterdeck.api.run_views.outline import Outline
from quarterdeck.api.run_views.superseded import Reference

_QUOTED_MAX = 120
"""Characters of a value that is quoted."""


class SupersededOut(BaseModel):
    """A call's arguments name something that was no longer true."""

    span_id: str
    call: int = Field(description="Number of the model call, from 1, by start.")
    tool: str
    argument: str = Field(description="Where in the arguments it stands.")
    value: str
    entity: str = Field(description="What it belongs to: a file, an order.")
    now: str | None = Field(description="What is true instead; null where it is no more.")
    since_call: int
    since_span_id: str = Field(description="The first call that was given the message in which it ended.")
    in_words: str


class SupersededListOut(BaseModel):
    """References of a run's calls, in order of the calls."""

    items: list[SupersededOut]
    next_cursor: str | None
    calls: int
    calls_left_out: int = Field(description="Calls of a very long run that were not looked at.")


def superseded_dict(outline: Outline, calls: list[Call], found: Reference) -> dict[str, Any]:
    one, ids = found.found, outline.columns.span_id
    return {
        "span_id": ids[found.row],
        "call": found.number,
        "tool": found.tool,
        "argument": one.argument,
        "value": one.value,
        "entity": one.entity,
        "now": one.now,
        "since_call": found.since,
        "since_span_id": ids[calls[found.since - 1].row],
        "in_words": _words(found),
    }


def _words(found: Reference) -> str:
    one = found.found
    now = "it is no more" if one.now is None else f"now {one.now[:_QUOTED_MAX]}"
    return (
        f"{found.tool} was asked with {one.argument} {one.value[:_QUOTED_MAX]!r}, "
        f"superseded before call {found.since}: {now}."
    )
