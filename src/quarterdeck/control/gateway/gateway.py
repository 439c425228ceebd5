"""One call through the gateway: read, admit, send, pass on, settle; again where the provider failed and the budget allows.

Refuses: answering in anything but the provider's own shape; sending what was not admitted; letting a client's SDK try
again on its own, which would multiply attempts behind the budget's back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

import orjson

from quarterdeck.control.admit.admission import Admission
from quarterdeck.control.admit.need import Usage
from quarterdeck.control.admit.reservation import Reservation
from quarterdeck.control.admit.retries import RetryAdvice
from quarterdeck.control.gateway.exchange import Ending, Exchange
from quarterdeck.control.gateway.faces import FACES
from quarterdeck.control.gateway.faces.face import Face, Facts
from quarterdeck.control.gateway.http_client import Upstream, UpstreamPool
from quarterdeck.control.gateway.http_server import Reply
from quarterdeck.control.gateway.wire import Headers, Request
from quarterdeck.errors import AdmissionRefused, BadInput, QuarterdeckError, Unreachable

_JSON = (b"content-type", b"application/json")
_NO_RETRY = (b"x-should-retry", b"false")
"""Both official SDKs obey it: the gateway has tried as often as the budget allows."""
_OWN = b"x-quarterdeck-"
"""Headers to the gateway itself; they are not passed on."""


class CallRecord(NamedTuple):
    """What became of one call, for whoever keeps count. Times in seconds; tokens None where nobody said."""

    provider: str
    facts: Facts
    model: str
    tenant: str
    lane: str
    task: str | None
    attempts: int
    status: int | None
    failure: str | None
    waited_s: float
    started_ns: int
    ended_ns: int
    first_token_s: float | None
    reserved_tokens: float
    usage: Usage | Mapping[str, Any] | None
    request_headers: Headers


@dataclass(frozen=True, slots=True)
class Route:
    """A provider behind the gateway: where it is, how its API looks, and a key of ours (None: the client's is passed on)."""

    face: Face
    pool: UpstreamPool
    key: str | None


@dataclass(frozen=True, slots=True)
class _Call:
    """A call on its way: what does not change between attempts."""

    route: Route
    request: Request
    facts: Facts
    body: Mapping[str, Any]
    tenant: str
    lane: str | None
    task: str | None
    node: str | None
    deadline_at_s: float | None
    started_ns: int


class Gateway:
    """`handle` answers one request. `tell` is called once for every call that was admitted or refused.

    `routes`: by name of the provider. `tenant_of`: the tenant that a credential stands for; None: unknown key (401).
    """

    def __init__(
        self,
        admission: Admission,
        routes: Mapping[str, Route],
        *,
        attempts_max: int,
        now_ns: Callable[[], int],
        tell: Callable[[CallRecord], None] = lambda _: None,
        tenant_of: Callable[[bytes | None, str], str | None] = lambda _credential, named: named,
    ) -> None:
        self._admission = admission
        self._routes = {b"/" + name.encode(): route for name, route in routes.items()}
        self._attempts_max = attempts_max
        self._now_ns = now_ns
        self._tell = tell
        self._tenant_of = tenant_of

    async def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request. Raises nothing that a client could cause."""
        target = request.target
        first = target.find(b"/", 1)
        name = target[:first] if first > 0 else target
        route = self._routes.get(name)
        if route is None:
            _answer(reply, FACES[b"/openai"], 404, "not_found", _where(self._routes))
            return
        rest = target[first:] if first > 0 else b"/"
        headers = dict(request.headers)
        tenant = self._tenant_of(route.face.credential(headers), _word(headers, b"x-quarterdeck-tenant"))
        if tenant is None:
            _answer(reply, route.face, 401, "unauthenticated", "this gateway does not know the key")
            return
        sent = _outgoing(request, rest, route)
        path = rest.partition(b"?")[0]
        if not route.face.is_model_path(request.method, path):
            await self._pass_on(route, sent, reply)
            return
        try:
            call = self._read(route, sent, path, headers, tenant)
        except BadInput as error:
            _answer(reply, route.face, 400, error.code, str(error))
            return
        await self._call(call, reply)

    # --- requests that call no model

    async def _pass_on(self, route: Route, request: Request, reply: Reply) -> None:
        try:
            connection = await route.pool.acquire()
        except Unreachable as error:
            _answer(reply, route.face, 502, error.code, str(error))
            return
        exchange = Exchange(connection, reply, None, ())
        connection.send(request, exchange, route.pool.origin.name)
        ending = await exchange.ended
        if ending.head is None and not ending.gone:
            _answer(reply, route.face, 502, "unreachable", "the provider closed the connection before it answered")
        elif ending.held_back is not None and ending.head is not None and not reply.gone:
            reply.send(ending.head.status, ending.head.headers, ending.held_back)

    # --- calls of a model

    def _read(self, route: Route, request: Request, path: bytes, headers: Mapping[bytes, bytes], tenant: str) -> _Call:
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise BadInput(f"the body is no JSON: {error}") from error
        facts = route.face.read(request.method, path, body) if isinstance(body, dict) else None
        if facts is None or not facts.model:
            raise BadInput("the body must be a JSON object with a model")
        deadline = _seconds(headers, b"x-quarterdeck-deadline-s")
        return _Call(
            route,
            request,
            facts,
            body,
            tenant,
            _word(headers, b"x-quarterdeck-lane") or None,
            _word(headers, b"x-quarterdeck-task") or None,
            _word(headers, b"x-quarterdeck-node") or None,
            None if deadline is None else perf_counter() + deadline,
            self._now_ns(),
        )

    async def _call(self, call: _Call, reply: Reply) -> None:
        """Attempts until one was passed on, or none is left."""
        attempt, waited_s = 1, 0.0
        while True:
            grant = await self._admitted(call, reply, attempt, waited_s)
            if grant is None:
                return
            waited_s += grant.waited_s
            ending, advice = await self._attempt(call, reply, grant, waited_s)
            if ending is None:
                return
            if reply.gone or advice is None or not advice.again or attempt >= self._attempts_max:
                self._give_back(call, reply, ending, advice)
                return
            await asyncio.sleep(advice.after_s or 0.0)
            attempt += 1

    async def _admitted(self, call: _Call, reply: Reply, attempt: int, waited_s: float) -> Reservation | None:
        """Leave to make an attempt; None when the client has its answer already, or has left."""
        facts = call.facts
        left_s = None if call.deadline_at_s is None else max(call.deadline_at_s - perf_counter(), 1e-3)
        try:
            pending = self._admission.admit(
                model=facts.model,
                messages=facts.prompt if facts.prompt is not None else "",
                max_tokens=facts.max_tokens,
                lane=call.lane,
                tenant=call.tenant,
                task=call.task,
                node=call.node,
                deadline_s=left_s,
                attempt=attempt,
            )
            reply.on_gone = _cancel_me()
            grant = await pending
        except AdmissionRefused as error:
            self._record(call, None, attempt, waited_s, status=429, failure=error.reason)
            _refuse(reply, call.route.face, error)
            return None
        except QuarterdeckError as error:
            _answer(reply, call.route.face, 400, error.code, str(error))
            return None
        except asyncio.CancelledError:
            if not reply.gone:
                raise
            self._record(call, None, attempt, waited_s, status=None, failure="cancelled")
            return None
        finally:
            reply.on_gone = None
        return grant

    async def _attempt(
        self, call: _Call, reply: Reply, grant: Reservation, waited_s: float
    ) -> tuple[Ending | None, RetryAdvice | None]:
        """One attempt. (None, …): the client has its answer. Else how it failed, and whether to try again."""
        try:
            connection: Upstream = await call.route.pool.acquire()
        except Unreachable:
            advice = grant.fail(None)
            self._record(call, grant, grant.attempt, waited_s, status=None, failure="unreachable")
            return Ending(None, False, None), advice
        extra = [(b"x-quarterdeck-wait-ms", b"%d" % round(waited_s * 1_000))]
        began = asyncio.get_running_loop().time()
        exchange = Exchange(connection, reply, grant, extra)
        connection.send(_capped(call, grant), exchange, call.route.pool.origin.name)
        ending = await exchange.ended
        first_s = None if exchange.first_at_s is None else exchange.first_at_s - began
        if ending.head is not None and ending.held_back is None:
            self._settle(call, grant, exchange, ending, waited_s, first_s)
            return None, None
        status = None if ending.head is None else ending.head.status
        if ending.gone:
            grant.settle(None)
            self._record(call, grant, grant.attempt, waited_s, status=None, failure="cancelled")
            return None, None
        headers = {} if ending.head is None else {n.decode("latin-1"): v for n, v in ending.head.headers}
        advice = grant.fail(status, headers, ending.held_back)
        self._record(call, grant, grant.attempt, waited_s, status=status, failure="provider")
        return ending, advice

    def _settle(
        self,
        call: _Call,
        grant: Reservation,
        exchange: Exchange,
        ending: Ending,
        waited_s: float,
        first_s: float | None,
    ) -> None:
        """The answer was passed on, whole or in part. What nobody counted is counted from its pieces."""
        usage, was_cut = exchange.reader.result()
        settled: Any = usage
        if usage is None and exchange.reader.pieces:
            settled = Usage(grant.charge.input or grant.charge.total, float(exchange.reader.pieces))
        try:
            grant.settle(settled, truncated=was_cut)
        except BadInput:
            grant.settle(None, truncated=was_cut)
        failure = None if ending.whole else "cancelled" if ending.gone else "broken_off"
        status = None if ending.head is None else ending.head.status
        self._record(call, grant, grant.attempt, waited_s, status=status, failure=failure, usage=usage, first_s=first_s)

    def _give_back(self, call: _Call, reply: Reply, ending: Ending, advice: RetryAdvice | None) -> None:
        """No attempt is left: the provider's own words, or ours where it said none."""
        if reply.gone:
            return
        if ending.head is None or ending.held_back is None:
            _answer(reply, call.route.face, 502, "unreachable", "the provider could not be reached, or broke off")
            return
        reason = b"" if advice is None else advice.reason.encode()
        reply.send(ending.head.status, [*ending.head.headers, _NO_RETRY, (_OWN + b"reason", reason)], ending.held_back)

    def _record(
        self,
        call: _Call,
        grant: Reservation | None,
        attempts: int,
        waited_s: float,
        *,
        status: int | None,
        failure: str | None,
        usage: Mapping[str, Any] | None = None,
        first_s: float | None = None,
    ) -> None:
        charge = None if grant is None else grant.charge
        self._tell(
            CallRecord(
                provider=call.route.face.name,
                facts=call.facts,
                model=call.facts.model if grant is None else grant.model,
                tenant=call.tenant,
                lane=(call.lane or "") if grant is None else grant.lane,
                task=call.task,
                attempts=attempts,
                status=status,
                failure=failure,
                waited_s=waited_s,
                started_ns=call.started_ns,
                ended_ns=self._now_ns(),
                first_token_s=first_s,
                reserved_tokens=0.0 if charge is None else charge.total or charge.input + charge.output,
                usage=usage,
                request_headers=call.request.headers,
            )
        )


def _cancel_me() -> Callable[[], None]:
    task = asyncio.current_task()
    assert task is not None

    def cancel() -> None:
        task.cancel()

    return cancel


def _outgoing(request: Request, rest: bytes, route: Route) -> Request:
    """The request as the provider gets it: without our headers, with our key if we hold one, in plain text."""
    headers = [
        pair for pair in request.headers if not pair[0].startswith(_OWN) and pair[0] not in (b"accept-encoding",)
    ]
    if route.key is not None:
        name, value = route.face.authorize(route.key)
        headers = [pair for pair in headers if pair[0] not in (b"authorization", b"x-api-key")]
        headers.append((name, value))
    # Usage is read on the way; an answer that is compressed could not be.
    headers.append((b"accept-encoding", b"identity"))
    return request._replace(target=route.pool.origin.prefix.encode() + rest, headers=headers)


def _capped(call: _Call, grant: Reservation) -> Request:
    """The request with the longest answer that admission allows; byte for byte as it came where that is what was asked."""
    cap = call.facts.cap
    if cap is None or grant.max_tokens is None or grant.max_tokens == call.facts.max_tokens:
        return call.request
    return call.request._replace(body=orjson.dumps({**call.body, cap: grant.max_tokens}))


def _answer(reply: Reply, face: Face, status: int, kind: str, words: str, *more: tuple[bytes, bytes]) -> None:
    if not reply.gone:
        reply.send(status, [_JSON, _NO_RETRY, *more], orjson.dumps(face.error(status, kind, words)))


def _refuse(reply: Reply, face: Face, error: AdmissionRefused) -> None:
    """Refused before it was paid for: when it could start is told to the second."""
    more = [(_OWN + b"reason", error.reason.encode())]
    if error.starts_in_s is not None:
        more.append((b"retry-after", b"%d" % max(1, round(error.starts_in_s))))
    _answer(reply, face, 429, error.reason, str(error), *more)


def _where(routes: Mapping[bytes, Route]) -> str:
    return f"expected a path that begins with {' or '.join(sorted(name.decode() for name in routes))}, then /v1/…"


def _word(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("utf-8", "replace")[:200]


def _seconds(headers: Mapping[bytes, bytes], name: bytes) -> float | None:
    text = headers.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise BadInput(f"{name.decode()} must be a number of seconds above 0, got {text.decode('latin-1')!r}")
    return value
