"""`GET notifiers`, `POST notifiers/{name}/test`: who is told of alerts, how that goes, and whether a message arrives."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.notifiers import NotifiersOut, TriedOut, notifier_dict, trial_alert
from quarterdeck.errors import NotFound
from quarterdeck.model.notifiers import NotifierNow, Tried

router = APIRouter(tags=["alerts"])

_AT = 1_795_503_600_000_000_000
_NOW = NotifierNow("team", "slack", "failing", 2, _AT, "HTTP 503", _AT + 60 * 10**9)
_TRIED = Tried("team", "slack", True, "HTTP 200")


@router.get("/notifiers", response_model=NotifiersOut, responses=answers(listing([notifier_dict(_NOW)])))
async def list_notifiers(
    request: Request, ctx: Ctx, _project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Who is told of alerts, in the order of the settings; no addresses and no keys. Counted since the server's start."""

    def make() -> dict[str, Any]:
        boxes = ctx.services.notifiers
        return listing([] if boxes is None else [notifier_dict(one) for one in boxes.now()])

    return await ctx.answer(request, make)


@router.post("/notifiers/{name}/test", response_model=TriedOut, responses=answers(_TRIED._asdict(), missing=True))
async def try_notifier(
    request: Request, ctx: Ctx, project: Project, name: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Send a message that says that it is a test, and its end; answers what the receiver said. It is sent once."""
    return await ctx.answer(request, lambda: _tried(ctx.services, project, name)._asdict())


def _tried(services: ApiServices, project: str, name: str) -> Tried:
    boxes = services.notifiers
    tried = None if boxes is None else boxes.test(name, trial_alert(project, services.clock.now_ns()))
    if tried is None:
        known = [] if boxes is None else [one.name for one in boxes.now()]
        msg = f"no notifier is called {name!r}; known: {', '.join(known) or 'none'}"
        raise NotFound(msg, mend="docs/how-to/notify.md shows the settings of each")
    return tried
