"""`GET alerts/{id}/choices`, `POST alerts/{id}/close`, `/reopen`, `GET dispositions`: closing is a statement that is held to its word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.responses import Response

from quarterdeck.api.closing import asked_of, choices_now
from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.oncall import desk_of, dispositions_of
from quarterdeck.api.queries import LimitQuery, ProjectQuery
from quarterdeck.api.routes.alerts import _ALERT, SHOWN, whole_alert
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.disposition import ChoicesOut, CloseIn, DispositionsOut, choice_dict, disposition_dict
from quarterdeck.api.wire.oncall import InboxAlertOut, ReopenIn
from quarterdeck.errors import BadInput
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.choices import Choice, choices_of
from quarterdeck.observe.oncall.dispositions import Asked, disposition_of

router = APIRouter(tags=["on call"])

_DEFAULTS = OncallOptions()
_SWING = disposition_of(
    Asked("normal_swing", "the weekly batch import runs on Tuesdays", "ann"), _ALERT, (), _ALERT.updated_ns, _DEFAULTS
)
_SHOWN_SWING = disposition_dict(_SWING, None)
_CLOSED = SHOWN | {"state": "resolved", "resolution": _SWING.reason, "disposition": _SHOWN_SWING}
_CHOICES = [choice_dict(one) for one in choices_of(_ALERT, (), None, _ALERT.updated_ns, _DEFAULTS)]


class DispositionsQuery(LimitQuery):
    """Which dispositions."""

    state: Annotated[
        Literal["standing", "all"], Field(description="`standing`: those that still change something.")
    ] = "all"
    alert_id: Annotated[str | None, Field(max_length=200, description="Those of one alert.")] = None


@router.get("/alerts/{alert_id}/choices", response_model=ChoicesOut, responses=answers(listing(_CHOICES), missing=True))
async def list_choices(
    request: Request, ctx: Ctx, project: Project, alert_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Each disposition as it would be now: what it changes, what it costs, and why it is refused."""
    desk_of(ctx.services)
    return await ctx.answer(
        request, lambda: listing([choice_dict(one) for one in choices_now(ctx.services, project, alert_id)])
    )


@router.post("/alerts/{alert_id}/close", response_model=InboxAlertOut, responses=answers(_CLOSED, missing=True))
async def close_alert(
    request: Request,
    ctx: Ctx,
    project: Project,
    alert_id: Id,
    asked: Annotated[CloseIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Close an alert with a disposition. It changes one parameter, for a time, and later runs are held against it."""
    desk_of(ctx.services)
    return await ctx.answer(request, lambda: _close(ctx.services, project, alert_id, asked))


@router.post("/alerts/{alert_id}/reopen", response_model=InboxAlertOut, responses=answers(SHOWN, missing=True))
async def reopen_alert(
    request: Request,
    ctx: Ctx,
    project: Project,
    alert_id: Id,
    asked: Annotated[ReopenIn, Body()],
    _query: Annotated[ProjectQuery, Query()],
) -> Response:
    """Take a closing back: its parameter goes back to what it was, and the alert is open again."""
    desk = desk_of(ctx.services)
    return await ctx.answer(
        request, lambda: whole_alert(ctx.services, desk.reopen(project, alert_id, asked.by, asked.reason))
    )


@router.get("/dispositions", response_model=DispositionsOut, responses=answers(listing([_SHOWN_SWING])))
async def list_dispositions(
    request: Request, ctx: Ctx, project: Project, query: Annotated[DispositionsQuery, Query()]
) -> Response:
    """What alerts were closed with, the newest first, and how each holds."""
    desk_of(ctx.services)
    return await ctx.answer(request, lambda: _listed(ctx.services, project, query))


def _listed(services: ApiServices, project: str, query: DispositionsQuery) -> dict[str, Any]:
    found = dispositions_of(services, project, standing=query.state == "standing", alert_id=query.alert_id)
    return listing(found[: query.limit])


def _close(services: ApiServices, project: str, alert_id: str, asked: CloseIn) -> dict[str, Any]:
    if asked.as_ is None:
        raise _without_kind(choices_now(services, project, alert_id))
    closed, _ = desk_of(services).dispose(project, alert_id, asked_of(services, project, alert_id, asked, asked.as_))
    return whole_alert(services, closed)


def _without_kind(choices: Sequence[Choice]) -> BadInput:
    """The refusal that shows what there is to choose from."""
    told = " ".join(f"{one.kind}: {one.price if one.allowed else f'not now, {one.why_not}.'}" for one in choices)
    return BadInput(
        f"as: expected one of these. {told}", mend="GET alerts/{alert_id}/choices has them with their fields"
    )
