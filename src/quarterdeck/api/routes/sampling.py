"""`GET sampling`, `POST sampling/try`, `GET bodies/search`: which bodies are kept, and what they say of all runs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.body_search import search_bodies
from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery, WindowQuery, bounded_window
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.sampling import BodySearchOut, SamplingOut, SamplingTryIn, sampling_dict
from quarterdeck.observe.sampling.dry_run import look, try_policy
from quarterdeck.observe.sampling.options import SamplingOptions
from quarterdeck.observe.sampling.summary import StratumSummary, Summary

router = APIRouter(tags=["sampling"])

_DAY_MIN = 24 * 60
_STRATA_SHOWN = 100
_EXAMPLE_NS = 1_795_503_600_000_000_000
_EXAMPLE = sampling_dict(
    SamplingOptions(),
    Summary(
        sessions=2_410,
        runs=3_105,
        undecided=12,
        kept=388,
        text_bytes=402_000_000,
        text_bytes_kept=71_500_000,
        reasons={"reservoir": (2_228, 218), "error": (122, 122), "top_cost": (24, 24), "top_duration": (24, 24)},
        strata=[
            StratumSummary(
                "refund|support-agent|2.4.0|v7|gpt-4.1-2025-04-14|acme",
                2_380,
                370,
                0.0901,
                1.0,
                {"reservoir": 2_210, "error": 122, "top_cost": 24, "top_duration": 24},
            )
        ],
        unknown={"tenant": 18},
        error={"sessions": 0.065, "tokens": 0.067, "cost_usd": 0.071},
    ),
    window=(_EXAMPLE_NS - 3600 * 10**9, _EXAMPLE_NS),
    truncated=False,
    limit=_STRATA_SHOWN,
)


class BodySearchQuery(WindowQuery):
    """A text to look for in kept bodies."""

    q: Annotated[str, Field(min_length=2, max_length=200, description="Part of a message or payload, in any case.")]
    limit: Annotated[int, Field(ge=1, le=500, description="Most items of one answer.")] = 50


@router.get("/sampling", response_model=SamplingOut, responses=answers(_EXAMPLE))
async def get_sampling(
    request: Request, ctx: Ctx, project: Project, query: Annotated[WindowQuery, Query()]
) -> Response:
    """The policy in force, and what it kept of the sessions last seen in the window (default: 24 hours)."""
    services = ctx.services
    window = bounded_window(query, services.clock.now_ns(), _DAY_MIN)

    def make() -> object:
        found = look(services.store, project, window, services.sampling)
        return _document(services.sampling, found.summary, window, truncated=found.truncated)

    return await ctx.answer(request, make)


@router.post("/sampling/try", response_model=SamplingOut, responses=answers(_EXAMPLE))
async def try_sampling(
    request: Request,
    ctx: Ctx,
    project: Project,
    _query: Annotated[ProjectQuery, Query()],
    wanted: Annotated[SamplingTryIn, Body()],
) -> Response:
    """What a policy would have kept of the sessions last seen in the window (default: 24 hours). Changes nothing."""
    services = ctx.services
    window = bounded_window(WindowQuery(since=wanted.since, until=wanted.until), services.clock.now_ns(), _DAY_MIN)
    changes = wanted.model_dump(exclude={"since", "until"}, exclude_none=True)
    options = SamplingOptions(**(services.sampling.model_dump() | changes))

    def make() -> object:
        found = try_policy(services.store, project, window, options, services.sampling_key)
        return _document(options, found.summary, window, truncated=found.truncated)

    return await ctx.answer(request, make)


@router.get("/bodies/search", response_model=BodySearchOut, responses=answers())
async def get_bodies(
    request: Request, ctx: Ctx, project: Project, query: Annotated[BodySearchQuery, Query()]
) -> Response:
    """Runs whose kept bodies hold a text, and the estimated share of all runs that do (default: the last 60 minutes)."""
    services = ctx.services
    window = bounded_window(query, services.clock.now_ns(), services.options.default_window_minutes)
    return await ctx.answer(request, lambda: search_bodies(services, project, query.q, window, limit=query.limit))


def _document(
    options: SamplingOptions, summary: Summary, window: tuple[int, int], *, truncated: bool
) -> dict[str, Any]:
    return sampling_dict(options, summary, window=window, truncated=truncated, limit=_STRATA_SHOWN)
