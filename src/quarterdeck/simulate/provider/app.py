"""The desk over HTTP: one ASGI application, answers as JSON or as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from quarterdeck.simulate.provider.answer import Event
from quarterdeck.simulate.provider.desk import Desk, Reply


def build_app(desk: Desk, first_token_s: float = 0.0, token_s: float = 0.0) -> Starlette:
    """An application that answers POST on every path of the desk, at the pace of a model where one is given."""

    async def answer(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        reply = desk.answer(request.url.path, body)
        headers = {"x-request-id": f"req-{len(desk.bill)}", **reply.headers}
        first_s = first_token_s * reply.slower if reply.status == 200 else 0.0
        if reply.events is None:
            await asyncio.sleep(first_s + token_s * reply.output)
            reply.done()
            return JSONResponse(reply.document, reply.status, headers)
        return StreamingResponse(_paced(reply, first_s, token_s), reply.status, headers, "text/event-stream")

    return Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])


async def _paced(reply: Reply, first_s: float, token_s: float) -> AsyncIterator[bytes]:
    """The lines of a stream. A client that leaves ends it; what it has not seen is not charged for longer than that."""
    assert reply.events is not None
    lines = list(_lines(reply.events))
    pause_s = token_s * reply.output / max(len(lines), 1)
    try:
        await asyncio.sleep(first_s)
        for line in lines:
            yield line
            if pause_s:
                await asyncio.sleep(pause_s)
    finally:
        reply.done()


def _lines(events: Iterator[Event]) -> Iterator[bytes]:
    for name, data in events:
        head = f"event: {name}\n" if name else ""
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        yield f"{head}data: {text}\n\n".encode()
