"""`GET limits`: every provider account behind the gateway: what is left, who waits, what was turned away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.services import limits_of
from quarterdeck.api.wire.limits import LimitsOut, limits_dict
from quarterdeck.control.admit.capacity import LittleCheck
from quarterdeck.control.admit.engine import DimensionState
from quarterdeck.control.admit.identify import Identified
from quarterdeck.control.admit.status import AccountStatus, BreakerStatus, LaneStatus
from quarterdeck.control.gateway.limits import LimitsNow
from quarterdeck.control.gateway.stops import Stop

router = APIRouter(tags=["limits"])

_EXAMPLE_NS = 1_795_503_600_000_000_000
_ACCOUNT = AccountStatus(
    account="claude-*",
    meter="anthropic",
    dimensions=(
        DimensionState("", "requests", 4_000.0, 4_000.0, 3_871.0, 96.0, 1.9),
        DimensionState("", "input", 450_000.0, 450_000.0, 121_400.0, 88_200.0, 43.8),
        DimensionState("", "output", 90_000.0, 90_000.0, 6_050.0, 71_300.0, 56.0),
    ),
    lanes=(
        LaneStatus("interactive", 0, 0.0, {}, 1.2),
        LaneStatus("standard", 41, 66_900.0, {"acme": 38, "globex": 3}, 24.5),
        LaneStatus("batch", 210, 402_000.0, {"acme": 210}, 190.0),
    ),
    in_flight=96,
    in_flight_max=204.0,
    held_back={"task:nightly": 7},
    shed={"deadline": 12},
    first_attempts=18_402,
    retries=31,
    retries_denied=2,
    saved_retries=10.0,
    refused_by_provider=4,
    breakers=(BreakerStatus("server", "closed", 0, 0.0), BreakerStatus("overloaded", "half_open", 2, None)),
    blocked=None,
    blocked_s=None,
    answers=18_270,
    cut_answers=0,
    first_token_s=0.61,
    little=LittleCheck(94.2, 11.9, 7.9, 0.002),
    rule=Identified(540_000.0, True, False, False, True, True, (1.0, 0.0, 0.0, 1.0, 0.0), 0.998),
)
_STOP = Stop((("agent", "researcher"), ("tenant", "acme")), "runaway: 41 runs over 20 × their usual cost", _EXAMPLE_NS)
_EXAMPLE = limits_dict(LimitsNow("default", (_ACCOUNT,), (_STOP,), 9), _EXAMPLE_NS)


@router.get("/limits", response_model=LimitsOut, responses=answers(_EXAMPLE))
async def get_limits(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Used, reserved and remaining by dimension, who waits in each lane, refusals by reason, retries, breakers, stops."""
    services = ctx.services

    def make() -> object:
        found = limits_of(services)()
        return limits_dict(found if found.project == project else None, services.clock.now_ns())

    return await ctx.answer(request, make)
