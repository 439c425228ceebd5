"""`POST rules/try`: what the patrol would have said of stored history, under its rules or others."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery, WindowQuery, bounded_window
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.rules import RulesTryIn, RulesTryOut, rules_dict
from quarterdeck.errors import BadInput
from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Deploy, Finding, Promise
from quarterdeck.observe.signals.dry_run import try_rules
from quarterdeck.observe.signals.options import SignalsOptions

router = APIRouter(tags=["fleet"])

_DAY_MIN = 24 * 60
_EXAMPLE_NS = 1_795_503_600_000_000_000
_COHORT = (("agent", "support-agent"), ("environment", "production"))
_DEPLOY = Deploy(_COHORT, "prompt_version", "v6", "v7", _EXAMPLE_NS - 900 * 10**9)
_FINDING = Finding(
    project="default",
    kind="regression",
    state="reached",
    signal="failing",
    title="failing runs",
    unit="share of runs",
    lane="deploy",
    cohort=_COHORT,
    stream_id="3f1c9a6d0b7e4f52",
    evidence=31_000.0,
    threshold=219.0,
    at_ns=_EXAMPLE_NS,
    n=212,
    now=Measured(0.31, 0.25, 0.38, 212, "mean, Wilson"),
    before=Measured(0.12, 0.10, 0.14, 1_900, "mean, Wilson"),
    where=_DEPLOY.where,
    deploy=_DEPLOY,
    run_ids=("9f86d081884c7d65",),
)
_EXAMPLE = rules_dict(
    [_FINDING],
    [],
    Promise(1.0, 0.02, _EXAMPLE_NS - 86_400 * 10**9, ()),
    SignalsOptions(),
    window=(_EXAMPLE_NS - 86_400 * 10**9, _EXAMPLE_NS),
    counts=(8_416, 1),
    truncated=False,
)


@router.post("/rules/try", response_model=RulesTryOut, responses=answers(_EXAMPLE))
async def try_rules_route(
    request: Request,
    ctx: Ctx,
    project: Project,
    _query: Annotated[ProjectQuery, Query()],
    wanted: Annotated[RulesTryIn, Body()],
) -> Response:
    """What the rules would have said of the runs of the window (default: 24 hours). Changes nothing."""
    services = ctx.services
    window = bounded_window(WindowQuery(since=wanted.since, until=wanted.until), services.clock.now_ns(), _DAY_MIN)
    options = _options(services.signals, wanted)

    def make() -> object:
        tried = try_rules(services.store, project, window, options)
        return rules_dict(
            tried.findings,
            tried.streams,
            tried.promise,
            options,
            window=window,
            counts=(tried.runs, tried.deploys),
            truncated=tried.truncated,
        )

    return await ctx.answer(request, make)


def _options(in_force: SignalsOptions, wanted: RulesTryIn) -> SignalsOptions:
    """Raises BadInput for a name of a cohort key that nobody knows."""
    changes = wanted.model_dump(exclude={"since", "until"}, exclude_none=True)
    try:
        return SignalsOptions(**(in_force.model_dump() | changes))
    except ValidationError as error:
        raise BadInput("; ".join(str(one["msg"]) for one in error.errors())) from error
