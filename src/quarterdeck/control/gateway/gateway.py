"""Requests of clients, sorted: calls of a model are admitted, a few harmless questions are passed on, the rest is turned away.

Refuses: answering in anything but the provider's own shape; a path that is not known, since whatever costs money has to
go through admission; a web page of a stranger that calls a gateway on loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import orjson

from quarterdeck.control.admit.admission import Admission
from quarterdeck.control.gateway.answers import answer
from quarterdeck.control.gateway.call import Asked, Desk, ModelCall, Route
from quarterdeck.control.gateway.exchange import Exchange
from quarterdeck.control.gateway.faces import FACES
from quarterdeck.control.gateway.record import CallRecord, Tell, to_nobody
from quarterdeck.control.gateway.remaining import Remaining
from quarterdeck.control.gateway.reply import Reply
from quarterdeck.control.gateway.stops import Stop, Stops
from quarterdeck.control.gateway.task_ceilings import Entered, Halted, TaskCeilings
from quarterdeck.control.gateway.tenants import KEY_HEADER, Tenants
from quarterdeck.control.gateway.who import OWN, read_who
from quarterdeck.control.gateway.wire import Request
from quarterdeck.errors import BadInput, Unreachable

__all__ = ["Gateway", "Route"]


class Gateway:
    """`handle` answers one request. `tell` hears once of every call of a model. `routes`: by name of the provider.

    `local`: it listens on loopback, so that other hosts' names and other pages' requests are no business of it.
    """

    def __init__(
        self,
        admission: Admission,
        routes: Mapping[str, Route],
        *,
        attempts_max: int,
        now_ns: Callable[[], int],
        tenants: Tenants | None = None,
        stops: Stops | None = None,
        tell: Tell = to_nobody,
        local: bool = True,
    ) -> None:
        self._routes = {b"/" + name.encode(): route for name, route in routes.items()}
        self._tenants = tenants or Tenants()
        self._stops = stops
        self._local = local
        self._ceilings = TaskCeilings()
        self._desk = Desk(admission, Remaining(admission, admission.now), attempts_max, now_ns, tell)

    async def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request. Raises nothing that a client could cause."""
        name, slash, rest = request.target[1:].partition(b"/")
        route = self._routes.get(b"/" + name)
        headers = dict(request.headers)
        face = route.face if route is not None else FACES[b"/openai"]
        if self._local and _is_foreign(headers):
            answer(reply, face, 403, "forbidden", "a gateway on loopback does not answer pages and names of elsewhere")
            return
        if route is None:
            answer(reply, face, 404, "not_found", self._where())
            return
        tenant = self._tenants.of(headers, route.face.credential(headers))
        if tenant is None:
            answer(reply, face, 401, "unauthenticated", "this gateway does not know the key")
            return
        await self._routed(route, request, slash + rest, headers, tenant=tenant, reply=reply)

    async def _routed(
        self,
        route: Route,
        request: Request,
        target: bytes,
        headers: Mapping[bytes, bytes],
        *,
        tenant: str,
        reply: Reply,
    ) -> None:
        path = target.partition(b"?")[0]
        sent = _outgoing(request, target, route)
        if route.face.is_model_path(request.method, path):
            try:
                asked = _read(route, sent, path, headers, tenant)
            except BadInput as error:
                answer(reply, route.face, 400, error.code, str(error))
                return
            await self._call(asked, headers, reply)
        elif route.face.passes(request.method, path) and b".." not in path and b"%" not in path:
            await _pass_on(route, sent, reply)
        else:
            words = f"{request.method.decode('latin-1')} {path.decode('latin-1')[:100]} is not served by this gateway"
            answer(reply, route.face, 404, "not_found", f"{words}; docs/how-to/gateway.md lists what is")

    async def _call(self, asked: Asked, headers: Mapping[bytes, bytes], reply: Reply) -> None:
        stop = None if self._stops is None else self._stops.of(asked.who.identity(asked.facts.model))
        if stop is not None:
            self._stopped(asked, stop, reply)
            return
        try:
            entered = self._ceilings.enter(asked, headers, self._desk.tell)
        except BadInput as error:
            answer(reply, asked.route.face, 400, error.code, str(error))
            return
        if isinstance(entered, Halted):
            self._halted(asked, entered, reply)
        elif isinstance(entered, Entered):
            await ModelCall(self._desk._replace(tell=entered.tell), entered.asked, reply).run()
        else:
            await ModelCall(self._desk, asked, reply).run()

    def _halted(self, asked: Asked, halted: Halted, reply: Reply) -> None:
        more = (
            (OWN + b"reason", b"task_stopped"),
            (OWN + b"task-spent-tokens", b"%d" % halted.spent_tokens),
            (OWN + b"task-calls-done", b"%d" % halted.steps),
        )
        answer(reply, asked.route.face, 429, "task_stopped", halted.words, *more)
        self._tell_refused(asked, "task_stopped")

    def _stopped(self, asked: Asked, stop: Stop, reply: Reply) -> None:
        left_s = max((stop.until_ns - self._desk.now_ns()) / 1e9, 0.0)
        more = ((OWN + b"reason", b"stopped"), (b"retry-after", b"%d" % max(1, round(left_s))))
        answer(reply, asked.route.face, 429, "stopped", f"calls of this cohort are stopped: {stop.reason}", *more)
        self._tell_refused(asked, "stopped")

    def _tell_refused(self, asked: Asked, failure: str) -> None:
        now_ns = self._desk.now_ns()
        self._desk.tell(
            CallRecord(
                asked.route.face.name, asked.facts.operation, asked.facts.stream, asked.facts.model, asked.facts.model,
                asked.who, asked.who.lane or "", 0, 429, failure, 0.0, now_ns, now_ns, None, asked.facts.max_tokens,
                None, None, None, None,
            )
        )  # fmt: skip

    def _where(self) -> str:
        names = " or ".join(sorted(name.decode() for name in self._routes))
        return f"expected a path that begins with {names}, then /v1/…"


def _read(route: Route, request: Request, path: bytes, headers: Mapping[bytes, bytes], tenant: str) -> Asked:
    """Raises BadInput for a body that is no call."""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"the body is no JSON: {error}") from error
    facts = route.face.read(request.method, path, body) if isinstance(body, dict) else None
    if facts is None or not facts.model:
        raise BadInput("the body must be a JSON object with a model")
    return Asked(route, request, facts, body, read_who(headers, tenant))


async def _pass_on(route: Route, request: Request, reply: Reply) -> None:
    try:
        connection = await route.pool.acquire()
    except Unreachable as error:
        answer(reply, route.face, 502, error.code, str(error))
        return
    if reply.gone:
        route.pool.give_back(connection)
        return
    exchange = Exchange(connection, reply)
    connection.send(request, exchange, route.pool.origin.name)
    try:
        ending = await exchange.ended
    except asyncio.CancelledError:
        connection.drop()
        raise
    if ending.gone or reply.ended:
        return
    if ending.head is None or ending.held_back is None:
        answer(reply, route.face, 502, "unreachable", "the provider closed the connection before it answered")
    else:
        reply.send(ending.head.status, ending.head.headers, ending.held_back)


def _outgoing(request: Request, target: bytes, route: Route) -> Request:
    """The request as the provider gets it: without our headers, with our key if we hold one, to be answered in plain text."""
    ours = (
        (b"accept-encoding", KEY_HEADER) if route.key is None else (b"accept-encoding", b"authorization", b"x-api-key")
    )
    headers = [pair for pair in request.headers if not pair[0].startswith(OWN) and pair[0] not in ours]
    if route.key is not None:
        headers.append(route.face.authorize(route.key))
    # Usage is read on the way; an answer that is compressed could not be.
    headers.append((b"accept-encoding", b"identity"))
    return request._replace(target=route.pool.origin.prefix.encode() + target, headers=headers)


def _is_foreign(headers: Mapping[bytes, bytes]) -> bool:
    """A browser gives itself away by Origin; a name that was bound anew to loopback by Host."""
    origin, host = headers.get(b"origin"), headers.get(b"host")
    return (origin is not None and not _is_here(origin)) or (host is not None and not _is_here(b"//" + host))


@lru_cache(maxsize=256)
def _is_here(url: bytes) -> bool:
    try:
        name = urlsplit(url.decode("latin-1")).hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
