"""The outline of a run as sent: columns instead of one object per span, so that 50,000 rows are one small answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from quarterdeck.api.run_views.density import Density
from quarterdeck.api.run_views.outline import Outline
from quarterdeck.api.run_views.pages import Rows, columns_of
from quarterdeck.api.times import rfc3339


class OutlineColumnsOut(BaseModel):
    """One list per field, all of one length. Times are microseconds from the run's start."""

    row: list[int] = Field(description="Number of the row in the whole tree order.")
    trace: list[int] = Field(description="Place in `traces`.")
    span_id: list[str]
    parent: list[int] = Field(description="Row of the parent after repair; -1 = none.")
    depth: list[int]
    end: list[int] = Field(description="The row after the last one below this one.")
    offset_us: list[int]
    duration_us: list[int | None] = Field(description="Null while a span has not ended, or never came.")
    flags: list[int] = Field(
        description="Bits: 1 failed, 2 the error began here, 4 never received, 8 not ended, 16 critical path."
    )
    kind: list[int] = Field(description="Place in `texts`; so are name, model, tool, agent, error and rule; -1 = none.")
    name: list[int]
    model: list[int]
    tool: list[int]
    agent: list[int]
    error: list[int]
    rule: list[int] = Field(description="The rule that repaired the parent.")
    tokens_input: list[int | None]
    tokens_output: list[int | None]
    cache_read: list[int | None]
    residual: list[int | None] = Field(description="Tokens that nothing below explains.")
    cost_usd: list[float | None]


class BucketsOut(BaseModel):
    """Spans at work per pixel of a window; each list has `width` numbers."""

    from_us: int
    to_us: int
    spans: list[int]
    model: list[int]
    tool: list[int]
    errors: list[int]
    critical: list[int]


class OutlineOut(BaseModel):
    """A run as rows in tree order. `state` first: only the spans that started first, while the whole is being built."""

    run_id: str
    started_at: str
    state: Literal["first", "whole"]
    spans: int = Field(description="Rows of the whole outline that this answer is cut from.")
    end_us: int = Field(description="Where the last span ends.")
    texts: list[str]
    traces: list[str]
    columns: OutlineColumnsOut
    buckets: BucketsOut | None
    next_cursor: str | None


def outline_dict(outline: Outline, page: Rows, buckets: Density | None, *, whole: bool) -> dict[str, Any]:
    """`buckets` are given when a width was asked for."""
    return {
        "run_id": outline.run.run_id,
        "started_at": rfc3339(outline.run.started_at_ns),
        "state": "whole" if whole else "first",
        "spans": outline.rows,
        "end_us": outline.end_us,
        "texts": list(outline.texts),
        "traces": list(outline.traces),
        "columns": {"row": list(page.rows), **columns_of(outline, page.rows)},
        "buckets": None if buckets is None else buckets._asdict(),
        "next_cursor": page.next_cursor,
    }
