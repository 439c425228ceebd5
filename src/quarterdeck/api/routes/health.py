"""`GET health`: how the server is doing and what to mend."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.findings import Doctor, producers_of
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.services import ApiServices
from quarterdeck.api.wire.doctor import billing_dict, finding_dict
from quarterdeck.api.wire.health import (
    HealthOut,
    endpoints_dict,
    ingest_dict,
    limit_dict,
    producer_dict,
    status_of,
    storage_dict,
)

router = APIRouter(tags=["health"])


@router.get("/health", response_model=HealthOut, responses=answers())
async def get_health(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """The way in, the store, named limits, the project's producers, and findings with their mends."""
    return await ctx.answer(request, lambda: _document(ctx.services, ctx.doctor, project))


def _document(services: ApiServices, doctor: Doctor, project: str) -> dict[str, Any]:
    ingest = services.ingest_health()
    producers = producers_of(services, project)
    findings, _ = doctor.findings(project, producers)
    return {
        "status": status_of(findings, ingest.limits),
        "version": services.version,
        "data_format": services.data_format,
        "uptime_s": max(0, services.clock.now_ns() - services.started_ns) / 1e9,
        "ingest": ingest_dict(ingest),
        "storage": storage_dict(services.store.counts(), services.storage_path),
        "limits": [limit_dict(limit) for limit in ingest.limits],
        "producers": [producer_dict(producer) for producer in producers],
        "findings": [finding_dict(finding) for finding in findings],
        "billing": billing_dict(doctor.bill(project)),
        "redacted": {} if services.upkeep is None else services.upkeep.tally.of(project).redacted,
        "endpoints": endpoints_dict(services.endpoints),
    }
