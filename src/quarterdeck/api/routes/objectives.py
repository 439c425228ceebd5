"""`GET objectives`: budgets and targets over 30 days, and how quickly they burn."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.services import ApiServices
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.objectives import ObjectivesOut, objective_dict
from quarterdeck.observe.signals.objectives import WINDOWS_NS, Objective, stand, standing
from quarterdeck.store.spending import Spent

router = APIRouter(tags=["signals"])

_EXAMPLE_NS = 1_795_503_600_000_000_000
_EXAMPLE = stand(
    Objective(name="support spend", quantity="cost_usd", match={"feature": "support"}, budget=500.0),
    "default",
    [
        Spent(_EXAMPLE_NS - length, 40, 0.9 * length / 3.6e12, 40, 0.0, 0, 40, 3, 0, 0.0) if length < 10**15
        else Spent(_EXAMPLE_NS - length, 9_000, 212.4, 8_900, 0.0, 0, 9_000, 310, 0, 0.0)
        for length in WINDOWS_NS
    ],
    _EXAMPLE_NS,
    runs_min=20,
)  # fmt: skip


@router.get("/objectives", response_model=ObjectivesOut, responses=answers(listing([objective_dict(_EXAMPLE)])))
async def list_objectives(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """What was spent of every budget and target of the settings, the burn rate of each window, and when it is gone."""
    return await ctx.answer(request, lambda: objectives_document(ctx.services, project))


def objectives_document(services: ApiServices, project: str) -> dict[str, Any]:
    """The answer of `GET objectives`. Raises what the store raises."""
    found = standing(services.burn, project, services.store, services.clock.now_ns())
    return listing([objective_dict(now) for now in found])
