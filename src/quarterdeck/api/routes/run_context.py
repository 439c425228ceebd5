"""`GET runs/{run_id}/context`, `.../context/diff` and `.../context/superseded`: what models were given to read, what changed,
and which calls named something that was no longer true.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.run_views.contexts import Call, call_of, contexts_of, diff_of, model_calls
from quarterdeck.api.run_views.outline import Outline
from quarterdeck.api.run_views.pages import cursor_of, row_of
from quarterdeck.api.run_views.superseded import CALLS_MAX, references_of
from quarterdeck.api.wire.run_context import ContextDiffOut, ContextOut, context_dict, context_diff_dict
from quarterdeck.api.wire.superseded import SupersededListOut, superseded_dict
from quarterdeck.errors import BadInput

router = APIRouter(tags=["runs"])

SpanId = Annotated[str | None, Field(max_length=64)]


class ContextQuery(ProjectQuery):
    """A page of model calls. Each costs the reading of two spans in full."""

    limit: Annotated[int, Field(ge=1, le=500, description="Most calls of one answer.")] = 100
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


class DiffQuery(ProjectQuery):
    """Two model calls, by span id."""

    a: Annotated[SpanId, Field(description="The earlier one; by default the call before `b` in the same agent.")] = None
    b: Annotated[SpanId, Field(description="The later one; by default the last call that has one before it.")] = None


@router.get("/runs/{run_id:path}/context/diff", response_model=ContextDiffOut, responses=answers(missing=True))
async def get_context_diff(
    request: Request, ctx: Ctx, project: Project, run_id: Id, query: Annotated[DiffQuery, Query()]
) -> Response:
    """What changed in the context between two model calls, and whether the provider's cache could be used."""

    def make() -> object:
        outline = ctx.outlines.open(project, run_id)
        first, second = _pair(outline, model_calls(outline), query)
        return context_diff_dict(outline, diff_of(ctx.services, outline, first, second), ctx.services.token_rates)

    return await ctx.answer(request, make)


@router.get("/runs/{run_id:path}/context/superseded", response_model=SupersededListOut, responses=answers(missing=True))
async def list_superseded(
    request: Request, ctx: Ctx, project: Project, run_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Calls whose arguments name something that had been superseded: a deleted file, an address that has changed since."""

    def make() -> object:
        outline = ctx.outlines.open(project, run_id)
        calls = model_calls(outline)
        found = references_of(ctx.services, outline, calls)
        items = [superseded_dict(outline, calls, one) for one in found]
        left_out = max(0, len(calls) - CALLS_MAX)
        return {"items": items, "next_cursor": None, "calls": len(calls), "calls_left_out": left_out}

    return await ctx.answer(request, make)


@router.get("/runs/{run_id:path}/context", response_model=ContextOut, responses=answers(missing=True))
async def list_contexts(
    request: Request, ctx: Ctx, project: Project, run_id: Id, query: Annotated[ContextQuery, Query()]
) -> Response:
    """The context of each model call by start: how large, by consumer, and how much of it the call before had too."""

    def make() -> object:
        outline = ctx.outlines.open(project, run_id)
        calls = model_calls(outline)
        start = _after(outline, calls, query.cursor)
        page = calls[start : start + query.limit]
        more = start + len(page) < len(calls)
        rates = ctx.services.token_rates
        items = [context_dict(outline, found, rates) for found in contexts_of(ctx.services, outline, page)]
        cursor = cursor_of(outline, page[-1].row) if more else None
        return {"items": items, "calls": len(calls), "next_cursor": cursor}

    return await ctx.answer(request, make)


def _after(outline: Outline, calls: Sequence[Call], cursor: str | None) -> int:
    """Place of the first call after the one that the cursor names."""
    if cursor is None:
        return 0
    row = row_of(outline, cursor)
    for place, call in enumerate(calls):
        if call.row == row:
            return place + 1
    msg = f"cursor: found {cursor[:60]!r}, expected the next_cursor of the page before"
    raise BadInput(msg)


def _pair(outline: Outline, calls: Sequence[Call], query: DiffQuery) -> tuple[Call | None, Call]:
    if not calls:
        msg = "found a run without model calls, expected one with calls to compare"
        raise BadInput(msg)
    if query.b is None:
        later = next((call for call in reversed(calls) if call.previous is not None), calls[-1])
    else:
        later = call_of(outline, calls, query.b, "b")
    if query.a is not None:
        return call_of(outline, calls, query.a, "a"), later
    return next((call for call in calls if call.row == later.previous), None), later
