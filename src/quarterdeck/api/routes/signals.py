"""`GET signals` and `GET signals/{stream_id}`: what is watched, how near each is to an alarm, and what the promise rests on."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.exemplars import exemplar_list, exemplars_of_stream
from quarterdeck.api.queries import PageQuery, ProjectQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.services import ApiServices, watch_of
from quarterdeck.api.signal_list import StreamFilter, page_of
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.signals import (
    LaneOfStream,
    StateOfStream,
    StreamDetailOut,
    StreamsOut,
    alert_span_dict,
    deploy_dict,
    point_dict,
    promise_dict,
    stream_dict,
)
from quarterdeck.model.alerts import Alert
from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Condition, Deploy, Keys, Point, Promise, StreamNow
from quarterdeck.store.alerts import AlertFilter

router = APIRouter(tags=["signals"])

ALERTS_READ = 200
"""The newest alerts among which those of a stream are looked for."""
_SECOND = 10**9
_AT = 1_795_503_600 * _SECOND
_COHORT: Keys = (("agent", "support-agent"), ("environment", "production"))
_V7 = Deploy(_COHORT, "prompt_version", "v6", "v7", _AT - 75 * _SECOND)
EXAMPLE = StreamNow(
    stream_id="5b1c9a40f3e2d788", signal="failing", title="failing runs", unit="share of runs", kind="rate", lane="deploy",
    cohort=_COHORT, deploy=_V7, state="reached", evidence=31_020.0, threshold=12_000.0, runs=212,
    now=Measured(0.31, 0.26, 0.36, 212, "wilson"), before=Measured(0.12, 0.1, 0.14, 905, "wilson"), runs_needed=0,
    sees=0.19,
)  # fmt: skip
EXAMPLE_PROMISE = Promise(
    1.0, 0.4, _AT - 12 * 86_400 * _SECOND,
    (Condition("clustering", holds=True, because="runs of one session are as different as those of others",
               measured=Measured(0.004, -0.002, 0.01, 61_200, "intraclass correlation")),),
)  # fmt: skip
_EXAMPLE_LIST = listing([stream_dict(EXAMPLE)]) | {"promise": promise_dict(EXAMPLE_PROMISE)}
_EXAMPLE_ONE = stream_dict(EXAMPLE) | {
    "history": [point_dict(Point(_AT, 31_020.0, 0.31, 0.26, 0.36))],
    "deploys": [deploy_dict(_V7)],
    "alerts": [{"alert_id": "0d4f2b7a91c35e68", "state": "firing", "from": "2026-11-24T06:59:40.000000Z", "to": None}],
    "exemplars": [
        {
            "role": "medoid",
            "run_id": "9f86d081884c7d659a2feaa0c55ad015",
            "because": "the most typical of 65 such runs: least unlike all others",
        }
    ],
}  # fmt: skip

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}(:.{1,200})?$")]


class SignalsQuery(PageQuery):
    """Which streams."""

    signal: Annotated[list[Name], Field(default_factory=list, max_length=50, description="Names; repeatable.")]
    lane: Annotated[list[LaneOfStream], Field(default_factory=list, max_length=3, description="Repeatable.")]
    state: Annotated[list[StateOfStream], Field(default_factory=list, max_length=4, description="Repeatable.")]
    q: Annotated[str | None, Field(max_length=200, description="Part of a value of the cohort or the version.")] = None


@router.get("/signals", response_model=StreamsOut, responses=answers(_EXAMPLE_LIST))
async def list_signals(
    request: Request, ctx: Ctx, project: Project, query: Annotated[SignalsQuery, Query()]
) -> Response:
    """Streams: a signal of the whole fleet, of one cohort or of one new version. The nearest to its threshold first."""
    watch_of(ctx.services)
    where = StreamFilter(tuple(query.signal), tuple(query.lane), tuple(query.state), query.q or "")

    def make() -> dict[str, Any]:
        seen = ctx.watched.seen(project)
        assert seen is not None
        page, cursor = page_of(seen.streams, where, cursor=query.cursor, limit=query.limit)
        return listing([stream_dict(one) for one in page], cursor) | {"promise": promise_dict(seen.promise)}

    return await ctx.answer(request, make)


@router.get("/signals/{stream_id}", response_model=StreamDetailOut, responses=answers(_EXAMPLE_ONE, missing=True))
async def get_signal(
    request: Request, ctx: Ctx, project: Project, stream_id: Id, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """One stream over time, with new versions within its cohort, alerts that it is part of, and at most five runs to open."""
    watch_of(ctx.services)
    return await ctx.answer(request, lambda: _detail(ctx.services, project, stream_id))


def _detail(services: ApiServices, project: str, stream_id: str) -> dict[str, Any]:
    watch = watch_of(services)
    stream = watch.stream(project, stream_id)
    exemplars = exemplars_of_stream(services.store, project, stream)
    return stream_dict(stream) | {
        "history": [point_dict(point) for point in watch.history(project, stream_id)],
        "deploys": [deploy_dict(one) for one in watch.deploys(project) if _touches(one, stream)],
        "alerts": [alert_span_dict(alert) for alert in _alerts(services, project, stream_id)],
        "exemplars": exemplar_list(exemplars),
    }


def _touches(deploy: Deploy, stream: StreamNow) -> bool:
    """Whether runs of the new version are among the stream's."""
    cohort = dict(deploy.cohort)
    return all(cohort.get(name, value) == value for name, value in stream.cohort)


def _alerts(services: ApiServices, project: str, stream_id: str) -> list[Alert]:
    if services.alerts is None:
        return []
    found, _ = services.alerts.list_alerts(AlertFilter(project), cursor=None, limit=ALERTS_READ)
    return [alert for alert in found if any(one.stream_id == stream_id for one in alert.findings)]
