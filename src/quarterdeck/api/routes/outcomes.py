"""`POST outcomes`, `GET outcomes`, `GET outcomes/summary`: what was found out about runs, beside or after them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import PageQuery, ProjectQuery, WindowQuery, bounded_window
from quarterdeck.api.routes.common import answers
from quarterdeck.api.services import outcomes_of
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.outcome import (
    OutcomesIn,
    OutcomesOut,
    OutcomeSummaryOut,
    PostedOut,
    outcome_dict,
    posted_dict,
    summary_dict,
)
from quarterdeck.model.outcomes import Outcome
from quarterdeck.observe.outcomes import Posted, Unaccepted
from quarterdeck.observe.outcomes.posted import RUN_ID_MAX
from quarterdeck.store.cursors import decode_span_cursor, encode_span_cursor
from quarterdeck.store.feed import OutcomeName, OutcomeStore, OutcomeSummary

router = APIRouter(tags=["outcomes"])

SUMMARY_MINUTES = 7 * 24 * 60
"""The window of a summary where none is asked for: outcomes come late."""

_AT = 1_795_503_600_000_000_000
_POSTED = posted_dict(Posted(2, 1, [Unaccepted(2, "score: found 'good', expected a number from 0 to 1")], []))
OUTCOME_EXAMPLE = outcome_dict(
    Outcome("default", "0b7c1f52d7f04d0e", "thumbs", 1.0, None, _AT, _AT + 90 * 10**9, "api", "solved at once")
)
_SUMMARY = summary_dict(
    OutcomeSummary(812, [OutcomeName("thumbs", 96, 96, 0.83, 312.0, 5_400.0)]), _AT - SUMMARY_MINUTES * 60 * 10**9, _AT
)


class OutcomesQuery(PageQuery):
    """Outcomes of one run, known or not; or all of the project, page by page."""

    run_id: Annotated[
        str | None, Field(min_length=1, max_length=RUN_ID_MAX, description="The run; without one, all of the project.")
    ] = None


@router.post("/outcomes", response_model=PostedOut, responses=answers(_POSTED))
async def post_outcomes(
    request: Request,
    ctx: Ctx,
    project: Project,
    asked: Annotated[OutcomesIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Take outcomes in. One (run, name) has one: the newest `at`. The same post again changes nothing."""
    desk = outcomes_of(ctx.services)
    return await ctx.answer(request, lambda: posted_dict(desk.post(project, asked.items)))


@router.get("/outcomes", response_model=OutcomesOut, responses=answers(listing([OUTCOME_EXAMPLE])))
async def list_outcomes(
    request: Request, ctx: Ctx, project: Project, query: Annotated[OutcomesQuery, Query()]
) -> Response:
    """Outcomes of a run, oldest first (of a run that is not known yet too); or all, in the order in which they came."""
    store = ctx.services.store

    def make() -> object:
        if query.run_id is None:
            return _page(store, project, query)
        return listing([outcome_dict(found) for found in store.outcomes_of(project, [query.run_id])])

    return await ctx.answer(request, make)


def _page(store: OutcomeStore, project: str, query: OutcomesQuery) -> dict[str, object]:
    """The store knows the order over all projects; a page ends where one of this project was found, or at the end."""
    at = 0 if query.cursor is None else decode_span_cursor(query.cursor, 1)[0]
    while True:
        found, at = store.outcomes_after(after_seq=at, limit=query.limit)
        items = [outcome_dict(outcome) for outcome in found if outcome.project == project]
        if len(found) < query.limit:
            return listing(items)
        if items:
            return listing(items, encode_span_cursor(at))


@router.get("/outcomes/summary", response_model=OutcomeSummaryOut, responses=answers(_SUMMARY))
async def get_outcome_summary(
    request: Request, ctx: Ctx, project: Project, query: Annotated[WindowQuery, Query()]
) -> Response:
    """By name: how many of the runs that are over have it, and how late it comes (default: the last 7 days)."""
    since_ns, until_ns = bounded_window(query, ctx.services.clock.now_ns(), SUMMARY_MINUTES)
    store = ctx.services.store
    return await ctx.answer(
        request,
        lambda: summary_dict(store.outcome_summary(project, since_ns, until_ns), since_ns, until_ns),
    )
