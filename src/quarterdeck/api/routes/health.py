"""`GET health`: how the server is doing and what to mend."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.findings import Producer, TelemetryFacts, find
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.services import ApiServices
from quarterdeck.api.wire.health import (
    HealthOut,
    endpoints_dict,
    finding_dict,
    ingest_dict,
    limit_dict,
    producer_dict,
    status_of,
    storage_dict,
)
from quarterdeck.model.health import IngestHealth
from quarterdeck.store.interface import RunFilter

router = APIRouter(tags=["health"])

_WINDOW_H = 24
_UNMAPPED_READ = 500
_ORPHANS = "orphans"
"""Not a flag of a run but a word of `RunFilter.has`."""


@router.get("/health", response_model=HealthOut, responses=answers())
async def get_health(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """The way in, the store, named limits, the project's producers, and findings with their mends."""
    return await ctx.answer(request, lambda: _document(ctx.services, project))


def _document(services: ApiServices, project: str) -> dict[str, Any]:
    ingest = services.ingest_health()
    producers = _producers(services, project)
    findings = find(_facts(services, project, ingest, producers))
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
        "endpoints": endpoints_dict(services.endpoints),
    }


def _producers(services: ApiServices, project: str) -> list[Producer]:
    return [
        Producer(
            str(row["dialect"]),
            str(row["scope"]),
            int(row["spans"]),
            int(row["model_calls"]),
            int(row["with_usage"]),
            int(row.get("orphans") or 0),
        )
        for row in services.store.coverage(project)
    ]


def _facts(services: ApiServices, project: str, ingest: IngestHealth, producers: list[Producer]) -> TelemetryFacts:
    since_ns = max(0, services.clock.now_ns() - _WINDOW_H * 3600 * 10**9)

    def count(*has: str) -> int:
        return services.store.count_runs(RunFilter(project, since_ns=since_ns, has=has))

    return TelemetryFacts(
        window_h=_WINDOW_H,
        runs=count(),
        runs_with_orphans=count(_ORPHANS),
        runs_without_root=count("root_missing"),
        runs_with_skew=count("clock_skew"),
        runs_unpriced=count("cost_unpriced"),
        unmapped=_unmapped(services, project),
        producers=producers,
        rejected=ingest.rejected,
    )


def _unmapped(services: ApiServices, project: str) -> dict[str, int]:
    """Key → spans; one key may come from several dialects and scopes."""
    counted: Counter[str] = Counter()
    for key in services.store.unmapped(project, limit=_UNMAPPED_READ):
        counted[key.key] += key.count
    return dict(counted)
