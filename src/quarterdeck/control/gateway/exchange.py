"""One attempt at one call: takes the provider's answer as it comes and passes it to the client, byte for byte.

A refusal or a failure of the provider is held back whole, since the call may be tried again without the client noticing.
Refuses: deciding whether to. It reports how it ended.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from quarterdeck.control.admit.reservation import Reservation
from quarterdeck.control.gateway.asked import UsageTakenOut
from quarterdeck.control.gateway.http_client import Upstream
from quarterdeck.control.gateway.reply import Reply
from quarterdeck.control.gateway.usage import Reader, StreamReader, WholeReader
from quarterdeck.control.gateway.wire import Head, Headers

_HELD_BACK_MAX = 1024 * 1024
"""Of the body of a refusal; longer ones are cut, and nobody reads that far."""
_RENEW_S = 30.0
"""How often a stream says that it is alive, so that its reservation does not expire."""


class Ending(NamedTuple):
    """How an attempt ended. `head` None: the connection was lost before an answer. `whole`: the answer came to its end.

    `held_back`: the body of a refusal that the client has not seen; None for an answer that was passed on.
    """

    head: Head | None
    whole: bool
    held_back: bytes | None
    gone: bool = False


class Exchange:
    """The sink of one upstream connection, and the source of one reply.

    `extra`: headers of ours. `take_out_usage`: it was asked for by us alone, so the client must not see it.
    """

    def __init__(
        self,
        connection: Upstream,
        reply: Reply,
        grant: Reservation | None = None,
        extra: Headers | None = None,
        *,
        take_out_usage: bool = False,
    ) -> None:
        self._connection = connection
        self._reply = reply
        self._grant = grant
        self._extra = extra or []
        self._filter = UsageTakenOut() if take_out_usage else None
        self._head: Head | None = None
        self._held: list[bytes] | None = None
        self._held_bytes = 0
        self._now = asyncio.get_running_loop().time
        self._renewed_at_s = 0.0
        self._streams = False
        self.reader: Reader = WholeReader()
        self.first_at_s: float | None = None
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        reply.on_gone = self._client_gone
        reply.on_pause = self._client_pauses

    # --- from the provider

    def head(self, head: Head) -> None:
        self._head = head
        if head.status >= 400:
            self._held = []
            return
        self._renewed_at_s = self._now()
        if self._grant is not None:
            self._grant.observe(head.named(), status=head.status)
        self._streams = (head.header(b"content-type") or b"").startswith(b"text/event-stream")
        if self._streams:
            self.reader = StreamReader()
        else:
            self._filter = None
        length = None if self._filter is not None else head.length
        self._reply.head(Head(head.status, [*head.headers, *self._extra], length))

    def body(self, data: bytes) -> None:
        if self._held is not None:
            if self._held_bytes < _HELD_BACK_MAX:
                self._held.append(data)
                self._held_bytes += len(data)
            return
        if self._streams:
            self._alive()
        self._reply.body(data if self._filter is None else self._filter.feed(data))
        self.reader.feed(data)

    def _alive(self) -> None:
        """Of a stream alone: the first byte of an answer in one piece comes when all of it is written."""
        now = self._now()
        if self.first_at_s is None:
            self.first_at_s = now
            if self._grant is not None:
                self._grant.observe(first_token=True)
        elif now - self._renewed_at_s > _RENEW_S:
            self._renewed_at_s = now
            if self._grant is not None:
                self._grant.observe()

    def done(self) -> None:
        if self._held is None:
            if self._filter is not None:
                self._reply.body(self._filter.rest())
            self._reply.end()
        self._end(whole=True)

    def lost(self, error: Exception | None) -> None:
        del error
        if self._reply.started:
            self._reply.abort()
        self._end(whole=False)

    # --- from the client

    def _client_gone(self) -> None:
        self._connection.drop()
        self._end(whole=False, gone=True)

    def _client_pauses(self, stop: bool) -> None:
        if stop:
            self._connection.pause()
        else:
            self._connection.resume()

    def _end(self, *, whole: bool, gone: bool = False) -> None:
        self._reply.on_gone = self._reply.on_pause = None
        held = None if self._held is None else b"".join(self._held)
        if not self.ended.done():
            self.ended.set_result(Ending(self._head, whole, held, gone))
