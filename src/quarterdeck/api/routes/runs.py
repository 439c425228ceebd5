"""`GET runs` and `GET runs/{run_id}`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import ApiContext, Ctx, Project
from quarterdeck.api.queries import ProjectQuery, RunsQuery, run_filter
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.routes.examples import RUN_EXAMPLE
from quarterdeck.api.routes.outcomes import OUTCOME_EXAMPLE
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.estimate import spreads_dict
from quarterdeck.api.wire.outcome import RunDetailOut, outcome_dict
from quarterdeck.api.wire.run import RunsOut, run_dict
from quarterdeck.control.promises import steps_of
from quarterdeck.errors import NotFound
from quarterdeck.model.runs import Run

router = APIRouter(tags=["runs"])

_DETAIL = {**RUN_EXAMPLE, "outcomes": [OUTCOME_EXAMPLE]}


@router.get("/runs", response_model=RunsOut, responses=answers(listing([RUN_EXAMPLE])))
async def list_runs(request: Request, ctx: Ctx, project: Project, query: Annotated[RunsQuery, Query()]) -> Response:
    """Runs that match all filters, in the order asked for."""
    where = run_filter(project, query, ctx.services.clock.now_ns())

    def make() -> object:
        page = ctx.services.store.list_runs(where, sort=query.sort, cursor=query.cursor, limit=query.limit)
        return listing([run_dict(run) for run in page.items], page.next_cursor)

    return await ctx.answer(request, make)


@router.get("/runs/{run_id:path}", response_model=RunDetailOut, responses=answers(_DETAIL, missing=True))
async def get_run(
    request: Request, ctx: Ctx, project: Project, run_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """One run, with the runs that its span links lead to and what was found out about it."""

    def make() -> object:
        store = ctx.services.store
        run = store.get_run(project, run_id)
        linked = {(project, link.split(" ")[1]) for link in run.links}
        found = store.runs_of_traces(sorted(linked)) if linked else {}
        told = [outcome_dict(outcome) for outcome in store.outcomes_of(project, [run_id])]
        shown = run_dict(run, {trace_id: runs for (_, trace_id), runs in found.items()})
        if shown["estimate"] is not None:
            shown["estimate"]["live"] = _live(ctx, run)
        return {**shown, "outcomes": told}

    return await ctx.answer(request, make)


def _live(ctx: ApiContext, run: Run) -> dict[str, Any] | None:
    """Quantiles of the whole run as far as its calls tell; None for a run that is over."""
    desk = ctx.services.promises
    if desk is None or run.lifecycle not in ("running", "waiting", "stalled"):
        return None
    try:
        opened = ctx.trees.open(run.project, run.run_id)
    except NotFound:
        return None  # its spans have just become those of another run
    found = desk.live(run, steps_of(opened.nodes, opened.spans) or ())
    return None if found is None else spreads_dict(found)
