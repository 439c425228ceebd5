"""`GET runs/{run_id}/outline`: the run as columns, for views of any length."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import ApiContext, Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.run_views.density import Density, density
from quarterdeck.api.run_views.outline import Outline
from quarterdeck.api.run_views.outlines import Outlines
from quarterdeck.api.run_views.pages import Rows, Wanted, page_of
from quarterdeck.api.wire.outline import OutlineOut, outline_dict
from quarterdeck.errors import BadInput

router = APIRouter(tags=["runs"])

ROWS_MAX = 50_000
FIRST_MAX = 2_000
WIDTH_MAX = 4_096


class OutlineQuery(ProjectQuery):
    """Which rows, and whether buckets of them."""

    limit: Annotated[int, Field(ge=0, le=ROWS_MAX, description="Most rows of one answer; 0 = only the buckets.")] = 5000
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None
    depth: Annotated[int | None, Field(ge=0, le=100_000, description="Rows no deeper than this; 0 = roots.")] = None
    from_ms: Annotated[
        float | None, Field(ge=0, le=1e12, description="Rows at work from here on, ms from the run's start.")
    ] = None
    to_ms: Annotated[float | None, Field(ge=0, le=1e12, description="Rows that began before.")] = None
    width: Annotated[
        int | None,
        Field(ge=1, le=WIDTH_MAX, description="Answer so many buckets of the window too: one per pixel."),
    ] = None
    quick: Annotated[
        bool,
        Field(description=f"Answer the spans that started first (at most {FIRST_MAX}) when the whole is not ready."),
    ] = False


@router.get("/runs/{run_id:path}/outline", response_model=OutlineOut, responses=answers(missing=True))
async def get_outline(
    request: Request, ctx: Ctx, project: Project, run_id: Id, query: Annotated[OutlineQuery, Query()]
) -> Response:
    """A run as rows in tree order, in columns: a fortieth of the size of its spans.

    `width` adds what a minimap draws. `quick` never waits for a large run to be built: `state` says what came.
    """
    return await ctx.answer(request, lambda: outline_document(ctx, project, run_id, query))


def outline_document(ctx: ApiContext, project: str, run_id: str, query: OutlineQuery) -> dict[str, Any]:
    """The answer of `GET runs/{run_id}/outline`. Raises NotFound, BadInput for a foreign cursor or an empty window."""
    wanted = Wanted(query.limit, query.cursor, query.depth, _us(query.from_ms), _us(query.to_ms))
    outline, whole = _opened(ctx.outlines, project, run_id, query)
    page = Rows(range(0), None) if wanted.limit == 0 else page_of(outline, wanted)
    buckets = None if query.width is None else _buckets(outline, wanted, query.width)
    return outline_dict(outline, page, buckets, whole=whole)


def _opened(outlines: Outlines, project: str, run_id: str, query: OutlineQuery) -> tuple[Outline, bool]:
    """An outline, and whether it is the whole one."""
    if not query.quick:
        return outlines.open(project, run_id), True
    kept = outlines.kept(project, run_id)
    if kept is not None:
        return kept, True
    first = outlines.first(project, run_id, limit=min(query.limit or 1, FIRST_MAX))
    return first, first.rows >= first.run.spans


def _buckets(outline: Outline, wanted: Wanted, width: int) -> Density:
    start = wanted.from_us or 0
    end = outline.end_us if wanted.to_us is None else wanted.to_us
    if end <= start:
        msg = f"from_ms: found {start / 1000}, expected a time before to_ms ({end / 1000})"
        raise BadInput(msg)
    return density(outline, from_us=start, to_us=end, width=width, depth=wanted.depth)


def _us(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else int(milliseconds * 1000)
