"""Puts the API together: routes, problems, guard, page. The only place that knows FastAPI's application object."""

from __future__ import annotations

from threading import Lock
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from quarterdeck.api import problems
from quarterdeck.api.context import Ctx, make_context
from quarterdeck.api.guard import Guard
from quarterdeck.api.routes import all_routers, machine, page
from quarterdeck.api.services import ApiServices

PREFIX = "/api/v1"
_DESCRIPTION = (
    "Runs, fleet, cohorts and health of LLM agents. JSON in snake_case; times RFC 3339 UTC; unknown is null; "
    "errors are application/problem+json with a stable `code`; lists are `{items, next_cursor}`."
)


def create_api(services: ApiServices) -> FastAPI:
    """The application that answers every route of docs/design/api.md, and serves the page."""
    app = bare_api(services.version)
    app.state.context = make_context(services)
    app.add_middleware(Guard, clock=services.clock, metrics=services.metrics, allowed=services.options.allowed_hosts)

    async def openapi(request: Request, ctx: Ctx) -> Response:
        # Built at the first question: half a second that a start need not wait for. FastAPI keeps it.
        return await ctx.answer(request, app.openapi)

    app.add_api_route(f"{PREFIX}/openapi.json", openapi, include_in_schema=False)
    app.include_router(machine.router)
    app.include_router(page.router)  # last: it takes every address that is left
    return app


def bare_api(version: str) -> FastAPI:
    """The documented routes and the error handlers, without services: enough to write the OpenAPI document."""
    app = FastAPI(
        title="Quarterdeck",
        version=version,
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(app)
    for router in all_routers():
        app.include_router(router, prefix=PREFIX)
    lock = Lock()

    def document() -> dict[str, Any]:
        with lock:  # asked from several threads at once, it must not be seen half made
            return _document(app)

    app.openapi = document  # type: ignore[method-assign]
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document without its own 422: validation is answered as a problem with status 400 here."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = FastAPI.openapi(app)
    for item in document["paths"].values():
        for operation in item.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}, {}]
    return document
