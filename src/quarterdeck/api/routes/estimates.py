"""`GET estimate` and `GET estimates/calibration`: what a task will take, and whether such promises came true."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery, WindowQuery, bounded_window
from quarterdeck.api.routes.common import answers
from quarterdeck.api.services import ApiServices, promises_of
from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.estimate import (
    CalibrationOut,
    EstimateOut,
    cohort_calibration_dict,
    estimate_dict,
)
from quarterdeck.control.promises import Cohort, calibrate
from quarterdeck.control.promises.calibration import Share
from quarterdeck.model.estimates import Basis, Estimate, Identity, Quantity, Spread, Task

router = APIRouter(tags=["estimates"])

RUNS_MAX = 5_000
"""Newest runs of the window that are compared with their promises."""
_WINDOW_MINUTES = 7 * 24 * 60
_DRIFT_RUNS = 200

_ESTIMATE = Estimate(
    {"tokens_total": Spread(31_000.0, 68_000.0, 140_000.0, 260_000.0), "steps": Spread(4.0, 9.0, 21.0, 44.0)},
    "medium",
    cold=False,
    basis=(Basis("agent_model", "support-agent on gpt-4.1", 41, 2, 0.8),),
    why="41 runs of support-agent on gpt-4.1",
)
_EXAMPLE = estimate_dict(_ESTIMATE, {"tokens_total": 100_000.0})
_COHORT = Cohort(
    "support-agent", "gpt-4.1", 130, 4, 0,
    {0.5: Share(0.52, 0.43, 0.6, 130), 0.9: Share(0.89, 0.83, 0.93, 130), 0.99: Share(0.99, 0.96, 1.0, 130)},
    {0.5: 14_200.0, 0.9: 6_900.0, 0.99: 1_300.0}, {0.5: 19_800.0, 0.9: 10_400.0, 0.99: 1_900.0}, None,
)  # fmt: skip


class EstimateQuery(ProjectQuery):
    """A task and who will do it."""

    agent: Annotated[str | None, Field(max_length=1000, description="Who will do it.")] = None
    model: Annotated[str | None, Field(max_length=1000, description="With which model.")] = None
    agent_version: Annotated[str | None, Field(max_length=1000, description="Version of the agent.")] = None
    prompt_version: Annotated[str | None, Field(max_length=1000, description="Version of its prompt.")] = None
    task_key: Annotated[str | None, Field(max_length=1000, description="The same text for repeats of one task.")] = None
    task_class: Annotated[str | None, Field(max_length=1000, description="Kind of task.")] = None
    feature: Annotated[str | None, Field(max_length=1000, description="Feature that asks for it.")] = None
    tenant: Annotated[str | None, Field(max_length=1000, description="For whom.")] = None
    text: Annotated[str | None, Field(max_length=20_000, description="What is asked; used for likeness only.")] = None
    budget_tokens: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="Answers the chance that total tokens stay within.")
    ] = None
    budget_usd: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="Answers the chance that dollars stay within.")
    ] = None


class CalibrationQuery(WindowQuery):
    """Runs that started in the window; by default the last seven days."""

    quantity: Annotated[Quantity, Field(description="Which promise is compared.")] = "tokens_total"


@router.get("/estimate", response_model=EstimateOut, responses=answers(_EXAMPLE))
async def get_estimate(
    request: Request, ctx: Ctx, project: Project, query: Annotated[EstimateQuery, Query()]
) -> Response:
    """What a task will take, from the runs of this project that are over; no model is called."""
    desk = promises_of(ctx.services)
    task = Task(query.task_key, query.text, query.task_class, query.feature, query.tenant)
    who = Identity(query.agent, query.model, query.agent_version, query.prompt_version)
    wanted: dict[Quantity, float | None] = {"tokens_total": query.budget_tokens, "cost_usd": query.budget_usd}
    ceilings = {name: value for name, value in wanted.items() if value is not None}
    return await ctx.answer(request, lambda: estimate_dict(desk.estimate(project, task, who), ceilings))


@router.get(
    "/estimates/calibration",
    response_model=CalibrationOut,
    responses=answers(
        {
            "quantity": "tokens_total", "since": "2026-11-17T07:00:00.000Z", "until": "2026-11-24T07:00:00.000Z",
            "runs": 134, "waiting": 0, "truncated": False, "items": [cohort_calibration_dict(_COHORT)],
        }
    ),
)  # fmt: skip
async def get_calibration(
    request: Request, ctx: Ctx, project: Project, query: Annotated[CalibrationQuery, Query()]
) -> Response:
    """Per agent and model: the share of runs below each promised quantile, the losses, and whether the newest leave it."""
    window = bounded_window(query, ctx.services.clock.now_ns(), _WINDOW_MINUTES)
    return await ctx.answer(request, lambda: _calibration(ctx.services, project, query.quantity, window))


def _calibration(services: ApiServices, project: str, quantity: Quantity, window: tuple[int, int]) -> object:
    waiting = None if services.promises is None else services.promises.waiting(project)
    runs = services.store.kept_promises(project, *window, limit=RUNS_MAX + 1)
    newest = runs[-RUNS_MAX:]
    return {
        "quantity": quantity,
        "since": rfc3339(window[0]),
        "until": rfc3339(window[1]),
        "runs": len(newest),
        "waiting": waiting,
        "truncated": len(runs) > RUNS_MAX,
        "items": [cohort_calibration_dict(cohort) for cohort in calibrate(newest, quantity, window=_DRIFT_RUNS)],
    }
