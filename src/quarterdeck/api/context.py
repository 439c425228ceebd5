"""What every route gets: the services, the threads, the access decision and the way to answer.

One object per application, reached through `Ctx`; the project a request may read through `Project`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from starlette.responses import Response

from quarterdeck.api.access import Access
from quarterdeck.api.encode import encode
from quarterdeck.api.findings import Doctor
from quarterdeck.api.run_views.outlines import Outlines
from quarterdeck.api.services import ApiServices
from quarterdeck.api.threads import StoreThreads
from quarterdeck.api.trees import Trees
from quarterdeck.api.watched import Watched


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The application's own state."""

    services: ApiServices
    threads: StoreThreads
    access: Access
    trees: Trees
    outlines: Outlines
    doctor: Doctor
    watched: Watched

    async def answer(self, request: Request, make: Callable[[], object]) -> Response:
        """The document that `make` builds, as JSON. Reading, building and packing happen off the event loop."""
        gzip = "gzip" in request.headers.get("accept-encoding", "")
        least = self.services.options.gzip_min_bytes
        encoded = await self.threads.run(lambda: encode(make(), gzip=gzip, min_bytes=least))
        headers = {"cache-control": "no-store", "vary": "accept-encoding"}
        if encoded.gzip:
            headers["content-encoding"] = "gzip"
        return Response(encoded.body, headers=headers, media_type="application/json")


def make_context(services: ApiServices) -> ApiContext:
    """Wire the parts of one application."""
    options = services.options
    threads = StoreThreads(options.store_threads, options.store_calls_waiting_max, services.metrics)
    trees = Trees(services)
    outlines, doctor, watched = Outlines(services, trees), Doctor(services), Watched(services)
    return ApiContext(services, threads, Access(services, threads), trees, outlines, doctor, watched)


def context_of(request: Request) -> ApiContext:
    """The context of the application that answers this request."""
    return cast(ApiContext, request.app.state.context)


async def project_of(request: Request) -> str:
    """The project that this request may read; raises what `access.decide` raises."""
    return await context_of(request).access.project(request.headers, request.query_params.get("project"))


Ctx = Annotated[ApiContext, Depends(context_of)]
Project = Annotated[str, Depends(project_of)]
