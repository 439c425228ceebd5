"""The desk over HTTP: one ASGI application, answers as JSON or as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from quarterdeck.simulate.provider.answer import Event
from quarterdeck.simulate.provider.desk import Desk


def build_app(desk: Desk) -> Starlette:
    """An application that answers POST on every path of the desk."""

    async def answer(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        reply = desk.answer(request.url.path, body)
        headers = {"x-request-id": f"req-{len(desk.bill)}", **reply.headers}
        if reply.events is None:
            return JSONResponse(reply.document, reply.status, headers)
        return StreamingResponse(_lines(reply.events), reply.status, headers, "text/event-stream")

    return Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])


def _lines(events: Iterator[Event]) -> Iterator[bytes]:
    for name, data in events:
        head = f"event: {name}\n" if name else ""
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        yield f"{head}data: {text}\n\n".encode()
