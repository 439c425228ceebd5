"""One call of a model through the gateway: admit, send, pass on, settle; again where the provider failed and the budget allows.

Refuses: sending what was not admitted; leaving a reservation without its end, however the client or the provider leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from quarterdeck.control.admit.admission import Admission
from quarterdeck.control.admit.need import Usage, read_usage
from quarterdeck.control.admit.reservation import Reservation
from quarterdeck.control.gateway.answers import NO_RETRY, answer, refuse
from quarterdeck.control.gateway.asked import asking, wanted
from quarterdeck.control.gateway.exchange import Ending, Exchange
from quarterdeck.control.gateway.faces.face import Face, Facts
from quarterdeck.control.gateway.http_client import UpstreamPool
from quarterdeck.control.gateway.record import CallRecord, Tell
from quarterdeck.control.gateway.remaining import Remaining
from quarterdeck.control.gateway.reply import Reply
from quarterdeck.control.gateway.usage import Said
from quarterdeck.control.gateway.who import OWN, Who
from quarterdeck.control.gateway.wire import Headers, Request
from quarterdeck.errors import AdmissionRefused, BadInput, QuarterdeckError, Unreachable

_EMBEDDED = 1.0
"""Output that is reserved for a call that writes none; 0 would say unknown."""


@dataclass(frozen=True, slots=True)
class Route:
    """A provider behind the gateway: where it is, how its API looks, and a key of ours (None: the client's is passed on).

    `ask_usage`: streams that do not ask for usage are made to, and the client does not see it.
    """

    face: Face
    pool: UpstreamPool
    key: str | None = None
    ask_usage: bool = True


class Asked(NamedTuple):
    """What does not change between attempts. `request` as it goes to the provider, before a cap or another model."""

    route: Route
    request: Request
    facts: Facts
    body: Mapping[str, Any]
    who: Who


class Desk(NamedTuple):
    """What calls have in common. `now_ns`: wall clock, for the record."""

    admission: Admission
    remaining: Remaining
    attempts_max: int
    now_ns: Callable[[], int]
    tell: Tell


class _Failed(NamedTuple):
    """An attempt that the client has not seen. `again_after_s` None: none may follow, for this `reason`."""

    ending: Ending | None
    again_after_s: float | None
    reason: str


class ModelCall:
    """One call. `run` answers the client, settles, and tells of it once."""

    def __init__(self, desk: Desk, asked: Asked, reply: Reply) -> None:
        self._desk = desk
        self._asked = asked
        self._reply = reply
        self._loop = asyncio.get_running_loop()
        self._started_ns = desk.now_ns()
        deadline_s = asked.who.deadline_s
        self._deadline_at_s = None if deadline_s is None else self._loop.time() + deadline_s
        self._attempt = 0
        self._waited_s = 0.0
        self._grant: Reservation | None = None

    async def run(self) -> None:
        """Attempts until one was passed on, or none is left."""
        while True:
            self._attempt += 1
            grant = await self._admitted()
            if grant is None:
                return
            self._grant = grant
            self._waited_s += grant.waited_s
            failed = await self._try(grant)
            if failed is None:
                return
            last = failed.again_after_s is None or self._attempt >= self._desk.attempts_max
            if last or not await self._pause(failed.again_after_s or 0.0):
                self._give_back(failed)
                return

    async def _admitted(self) -> Reservation | None:
        """Leave to make an attempt; None when the client has its answer already, or has left."""
        face = self._asked.route.face
        try:
            self._reply.on_gone = _cancel_me()
            return await self._ask()
        except AdmissionRefused as error:
            status = refuse(self._reply, face, error)
            self._told(status, error.reason)
        except QuarterdeckError as error:
            answer(self._reply, face, 400, error.code, str(error))
            self._told(400, error.code)
        except asyncio.CancelledError:
            if not self._reply.gone:
                raise
            self._told(None, "cancelled")
        finally:
            self._reply.on_gone = None
        return None

    async def _ask(self) -> Reservation:
        facts, who = self._asked.facts, self._asked.who
        left_s = None if self._deadline_at_s is None else max(self._deadline_at_s - self._loop.time(), 1e-3)
        return await self._desk.admission.admit(
            model=facts.model,
            messages="" if facts.prompt is None else facts.prompt,
            max_tokens=_EMBEDDED if facts.operation == "embeddings" else facts.max_tokens,
            lane=who.lane,
            tenant=who.tenant,
            task=who.task,
            node=who.node,
            agent=who.agent,
            step=who.step,
            deadline_s=left_s,
            attempt=self._attempt,
            fallback=who.fallback,
        )

    async def _pause(self, seconds: float) -> bool:
        """Wait before another attempt; False when the client has left."""
        try:
            self._reply.on_gone = _cancel_me()
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            if not self._reply.gone:
                raise
        finally:
            self._reply.on_gone = None
        return not self._reply.gone

    async def _try(self, grant: Reservation) -> _Failed | None:
        """One attempt; None when the client has its answer, or has left."""
        route = self._asked.route
        try:
            connection = await route.pool.acquire()
        except Unreachable as error:
            advice = grant.fail(None)
            return _Failed(None, advice.after_s or 0.0 if advice.again else None, str(error))
        except BaseException:
            grant.refund()
            raise
        if self._reply.gone:
            grant.refund()
            route.pool.give_back(connection)
            self._told(None, "cancelled")
            return None
        take_out = route.ask_usage and route.face.asks_for_usage and asks_usage(self._asked.facts, self._asked.body)
        exchange = Exchange(connection, self._reply, grant, self._headers(grant), take_out_usage=take_out)
        began_s = self._loop.time()
        connection.send(_fitted(self._asked, grant, ask_usage=take_out), exchange, route.pool.origin.name)
        try:
            ending = await exchange.ended
        except asyncio.CancelledError:
            connection.drop()
            grant.settle(None)
            raise
        return self._ended(grant, exchange, ending, began_s)

    def _ended(self, grant: Reservation, exchange: Exchange, ending: Ending, began_s: float) -> _Failed | None:
        if ending.head is not None and ending.held_back is None:
            first_s = None if exchange.first_at_s is None else exchange.first_at_s - began_s
            self._settle(grant, exchange, ending, first_s)
            return None
        if ending.gone:
            # It was sent, so it may be charged: what was reserved is.
            grant.settle(None)
            self._told(None, "cancelled")
            return None
        status = None if ending.head is None else ending.head.status
        headers = {} if ending.head is None else ending.head.named()
        advice = grant.fail(status, headers, ending.held_back)
        return _Failed(ending, advice.after_s or 0.0 if advice.again else None, advice.reason)

    def _settle(self, grant: Reservation, exchange: Exchange, ending: Ending, first_s: float | None) -> None:
        """The answer was passed on, whole or in part."""
        said = exchange.reader.said()
        grant.settle(_charged(grant, said, whole=ending.whole), truncated=said.was_cut)
        failure = "" if ending.whole else "cancelled" if ending.gone else "broken_off"
        self._told(None if ending.head is None else ending.head.status, failure, said, first_s)

    def _give_back(self, failed: _Failed) -> None:
        """No attempt is left: the provider's own words, or ours where it said none."""
        ending = failed.ending
        if self._reply.gone:
            self._told(None, "cancelled")
            return
        reason = (OWN + b"reason", failed.reason.encode("ascii", "replace"))
        if ending is None or ending.head is None or ending.held_back is None:
            words = failed.reason if ending is None else "the provider closed the connection before it answered"
            answer(self._reply, self._asked.route.face, 502, "unreachable", words)
            self._told(502, "unreachable")
            return
        # A body that was cut short would not fit the length and the encoding of the head.
        headers = [pair for pair in ending.head.headers if pair[0] != NO_RETRY[0]]
        self._reply.send(ending.head.status, [*headers, NO_RETRY, reason], ending.held_back)
        self._told(ending.head.status, "provider")

    def _headers(self, grant: Reservation) -> Headers:
        wait_ms = (OWN + b"wait-ms", b"%d" % round(self._waited_s * 1_000))
        return [wait_ms, *self._desk.remaining.headers(grant.account)]

    def _told(self, status: int | None, failure: str, said: Said | None = None, first_s: float | None = None) -> None:
        facts, grant = self._asked.facts, self._grant
        charge = None if grant is None else grant.charge
        self._desk.tell(
            CallRecord(
                provider=self._asked.route.face.name,
                operation=facts.operation,
                stream=facts.stream,
                asked=facts.model,
                model=facts.model if grant is None else grant.model,
                who=self._asked.who,
                lane=(self._asked.who.lane or "") if grant is None else grant.lane,
                attempts=self._attempt,
                status=status,
                failure=failure,
                waited_s=self._waited_s,
                started_ns=self._started_ns,
                ended_ns=self._desk.now_ns(),
                first_token_s=first_s,
                max_tokens=facts.max_tokens if grant is None else grant.max_tokens,
                reserved_input=None if charge is None else charge.input or None,
                reserved_output=None if charge is None else charge.output or None,
                reserved_total=None if charge is None else charge.total or None,
                said=said,
            )
        )


def _cancel_me() -> Callable[[], None]:
    """Ends the task that runs now, when it is called."""
    task = asyncio.current_task()
    assert task is not None

    def cancel() -> None:
        task.cancel()

    return cancel


def _charged(grant: Reservation, said: Said, *, whole: bool) -> Usage | None:
    """What to settle with. Where an answer broke off, or nobody said, its pieces are counted: about one a token."""
    try:
        usage = read_usage(said.usage)
    except BadInput:
        usage = None
    pieces = float(said.pieces)
    if usage is not None:
        return usage if whole else usage._replace(output=max(usage.output, pieces))
    return Usage(grant.charge.input or grant.charge.total, pieces) if pieces else None


def _fitted(asked: Asked, grant: Reservation, *, ask_usage: bool) -> Request:
    """The request with what admission allows; byte for byte as it came where that is what was asked."""
    facts, body = asked.facts, dict(asked.body)
    if grant.model != facts.model:
        body["model"] = grant.model
    capped = facts.cap is not None and grant.max_tokens is not None and grant.max_tokens != facts.max_tokens
    if facts.cap is not None and capped:
        body[facts.cap] = grant.max_tokens
    if ask_usage:
        body = asking(body)
    if grant.model == facts.model and not capped and not ask_usage:
        return asked.request
    return asked.request._replace(body=orjson.dumps(body))


def asks_usage(facts: Facts, body: Mapping[str, Any]) -> bool:
    """Whether this call is a stream of chat that does not ask for usage itself."""
    return facts.stream and facts.operation == "chat" and wanted(body)
