"""`POST alerts/{alert_id}/probe`, `GET alerts/{alert_id}/probe-input`, `GET probes`, `GET probes/{probe_id}`, `GET probe-targets`:
a failing input, run again on candidate and baseline.
"""

from __future__ import annotations

import json
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices, alerts_of, probes_of
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.probe import (
    ProbeIn,
    ProbeInputOut,
    ProbeOut,
    ProbesOut,
    TargetsOut,
    probe_dict,
    probe_input_dict,
    target_dict,
)
from quarterdeck.errors import BadInput
from quarterdeck.model.alerts import Alert
from quarterdeck.model.probes import Pair, Probe, ProbeCase
from quarterdeck.probes.options import TargetOptions
from quarterdeck.probes.pairs import PAIRS_MAX
from quarterdeck.probes.targets.endpoint_options import EndpointSide

router = APIRouter(tags=["alerts"])

_AT = 1_795_503_600_000_000_000
_PROBE = Probe(
    project="default", probe_id="5f0c2b7a91c35e68", alert_id="0d4f2b7a91c35e68", target="support", by="ann", at_ns=_AT,
    run_id="9f86d081884c7d659a2feaa0c55ad015", pairs=(Pair(True, False, "timeout"),) * 7, state="done",
    verdict="regression", ended_ns=_AT + 90 * 10**9,
)  # fmt: skip
_TARGET = TargetOptions(
    name="support",
    candidate=EndpointSide(base_url="https://models.example.com/v1", model="support-v7", key_env="MODELS_KEY"),
    baseline=EndpointSide(base_url="https://models.example.com/v1", model="support-v6", key_env="MODELS_KEY"),
)
_INPUT = probe_input_dict("9f86d081884c7d659a2feaa0c55ad015", ProbeCase("Where is my order?", "Be brief.", "timeout"))


class ProbesQuery(ProjectQuery):
    """Which probes."""

    alert_id: Annotated[str | None, Field(max_length=512, description="Of this alert.")] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Most items of one answer.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


class InputQuery(ProjectQuery):
    """Of which run."""

    run_id: Annotated[str | None, Field(max_length=512, description="By default the alert's first run.")] = None


@router.post("/alerts/{alert_id}/probe", response_model=ProbeOut, responses=answers(probe_dict(_PROBE), missing=True))
async def probe_alert(
    request: Request,
    ctx: Ctx,
    project: Project,
    alert_id: Id,
    asked: Annotated[ProbeIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Begin a probe; it goes on by itself. At most 20 pairs; the failure that triggered the alert is not counted."""
    probes_of(ctx.services)
    return await ctx.answer(request, lambda: probe_dict(_ask(ctx.services, project, alert_id, asked)))


@router.get("/alerts/{alert_id}/probe-input", response_model=ProbeInputOut, responses=answers(_INPUT, missing=True))
async def get_probe_input(
    request: Request, ctx: Ctx, project: Project, alert_id: Id, query: Annotated[InputQuery, Query()]
) -> Response:
    """What a probe would give both sides: system text and first user message of the run's first model call."""
    probes, alerts = probes_of(ctx.services), alerts_of(ctx.services)

    def make() -> dict[str, Any]:
        run_id = query.run_id or _run_of(alerts.get_alert(project, alert_id))
        return probe_input_dict(run_id, probes.case_of(project, run_id))

    return await ctx.answer(request, make)


@router.get("/probes", response_model=ProbesOut, responses=answers(listing([probe_dict(_PROBE)])))
async def list_probes(request: Request, ctx: Ctx, project: Project, query: Annotated[ProbesQuery, Query()]) -> Response:
    """Probes, the newest first."""
    probes = probes_of(ctx.services)

    def make() -> dict[str, Any]:
        found, cursor = probes.listed(project, query.alert_id, cursor=query.cursor, limit=query.limit)
        return listing([probe_dict(one) for one in found], cursor)

    return await ctx.answer(request, make)


@router.get("/probes/{probe_id}", response_model=ProbeOut, responses=answers(probe_dict(_PROBE), missing=True))
async def get_probe(
    request: Request, ctx: Ctx, project: Project, probe_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """One probe as it stands."""
    probes = probes_of(ctx.services)
    return await ctx.answer(request, lambda: probe_dict(probes.get(project, probe_id)))


@router.get("/probe-targets", response_model=TargetsOut, responses=answers(listing([target_dict(_TARGET)])))
async def list_probe_targets(
    request: Request, ctx: Ctx, _project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """What may be probed, as the settings name it."""
    probes = probes_of(ctx.services)
    return await ctx.answer(request, lambda: listing([target_dict(one) for one in probes.options.targets]))


def _ask(services: ApiServices, project: str, alert_id: str, asked: ProbeIn) -> Probe:
    probes, alert = probes_of(services), alerts_of(services).get_alert(project, alert_id)
    by = asked.by.strip()
    if not by:
        raise BadInput("by: expected who asks, got only blanks")
    given = asked.input is not None or asked.outcomes is not None
    probe = Probe(
        project=project,
        probe_id=token_hex(8),
        alert_id=alert_id,
        target=asked.target,
        by=by,
        at_ns=services.clock.now_ns(),
        run_id=asked.run_id or (None if given else _run_of(alert)),
        input=asked.input,
        check=None if asked.check is None else json.dumps(asked.check),
        pairs_max=min(asked.pairs, PAIRS_MAX),
    )
    if asked.outcomes is not None:
        return probes.report(probe, [Pair(*pair) for pair in asked.outcomes])
    return probes.ask(probe)


def _run_of(alert: Alert) -> str:
    """The first run that the alert's findings rest on. Raises BadInput."""
    found = next((run_id for finding in alert.findings for run_id in finding.run_ids), None)
    if found is None:
        raise BadInput("this alert names no run", mend="give run_id, or the text as `input`")
    return found
