"""`/healthz`, `/readyz`, `/metrics`: for machines, without the API's prefix.

Liveness and readiness need no key and say nothing about data. Metrics count all projects, so they want a key
whenever the API does.
"""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.encode import to_json

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz() -> Response:
    """The process answers."""
    return Response(to_json({"status": "ok"}), media_type="application/json")


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(ctx: Ctx) -> Response:
    """The process can do its work; 503 with the reason while it cannot."""
    reason = await ctx.threads.run(ctx.services.ready)
    body = {"status": "ready"} if reason is None else {"status": "not ready", "reason": reason}
    return Response(to_json(body), status_code=200 if reason is None else 503, media_type="application/json")


@router.get("/metrics")
async def metrics(ctx: Ctx, _project: Project) -> Response:
    """Prometheus text."""
    body = await ctx.threads.run(lambda: generate_latest(ctx.services.metrics))
    return Response(body, headers={"content-type": CONTENT_TYPE_LATEST})
