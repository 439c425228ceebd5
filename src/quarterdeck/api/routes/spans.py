"""`GET runs/{run_id}/spans` and `GET runs/{run_id}/spans/{span_id}`."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import ApiContext, Ctx, Project
from quarterdeck.api.queries import PageQuery, SpanQuery
from quarterdeck.api.routes.common import Id, answers
from quarterdeck.api.run_views.absence import absent_of, without_absent
from quarterdeck.api.services import ApiServices
from quarterdeck.api.trees import OpenRun
from quarterdeck.api.wire.common import listing
from quarterdeck.api.wire.span import RunSpansOut, SpanDetailOut, detail_dict, run_span_dict
from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.runs import SpanNode

router = APIRouter(tags=["runs"])

_CURSOR = "after:"


@router.get("/runs/{run_id:path}/spans/{span_id}", response_model=SpanDetailOut, responses=answers(missing=True))
async def get_span(  # noqa: PLR0917 - FastAPI passes by name
    request: Request, ctx: Ctx, project: Project, run_id: Id, span_id: Id, query: Annotated[SpanQuery, Query()]
) -> Response:
    """One span with its raw form, its messages, and which key fed which field."""
    return await ctx.answer(request, lambda: _detail(ctx, project, run_id, span_id, query.trace_id))


@router.get("/runs/{run_id:path}/spans", response_model=RunSpansOut, responses=answers(missing=True))
async def list_spans(
    request: Request, ctx: Ctx, project: Project, run_id: Id, query: Annotated[PageQuery, Query()]
) -> Response:
    """Spans of a run, parents before children. A page follows the one before as long as the run does not grow."""
    start = _offset(query.cursor)

    def make() -> object:
        opened = ctx.trees.open(project, run_id)
        chosen = opened.nodes[start : start + query.limit]
        end = start + len(chosen)
        more = _next_cursor(end) if end < len(opened.nodes) else None
        return listing([_placed(ctx.services, opened, node) for node in chosen], more)

    return await ctx.answer(request, make)


def _placed(services: ApiServices, opened: OpenRun, node: SpanNode) -> dict[str, Any]:
    key = (node.trace_id, node.span_id)
    span = opened.spans.get(key)
    return run_span_dict(
        node,
        span,
        run_started_ns=opened.run.started_at_ns,
        cost_usd=None if span is None else services.span_cost_usd(span),
        self_error=span is not None and span.status == "error" and key not in opened.failed_below,
    )


def _detail(ctx: ApiContext, project: str, run_id: str, span_id: str, trace_id: str | None) -> dict[str, Any]:
    opened = ctx.trees.open(project, run_id)
    node = _find(opened, span_id, trace_id)
    key = (node.trace_id, node.span_id)
    raw = ctx.services.store.spans_raw(project, [key]).get(key)
    placed = _placed(ctx.services, opened, node)
    if raw is None:
        return detail_dict(placed, None, None, {}, {})
    kept, absent = without_absent(raw), absent_of(raw)
    found = ctx.services.conversation(kept)
    if absent is not None and found["content_state"] == "absent":
        found = found | {"content_state": absent.reason}
    return detail_dict(placed, raw, found, ctx.services.mapped_by(kept), ctx.services.notes(kept), absent=absent)


def _find(opened: OpenRun, span_id: str, trace_id: str | None) -> SpanNode:
    for node in opened.nodes:
        if node.span_id == span_id and trace_id in (None, node.trace_id):
            return node
    msg = f"run {opened.run.run_id[:64]!r} has no span {span_id[:64]!r}"
    raise NotFound(msg)


def _next_cursor(offset: int) -> str:
    return urlsafe_b64encode(f"{_CURSOR}{offset}".encode()).decode().rstrip("=")


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        text = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    number = text.removeprefix(_CURSOR)
    if not text.startswith(_CURSOR) or not number.isascii() or not number.isdigit() or len(number) > 12:
        msg = f"cursor: found {cursor[:60]!r}, expected the next_cursor of the page before"
        raise BadInput(msg)
    return int(number)
