"""The answer to one request, as the gateway writes it: head, pieces, end; or an end that shows that it is not whole.

Refuses: a second head; keeping anything that the client does not take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from quarterdeck.control.gateway.wire import Head, Headers, bodiless, head_bytes


class Way(Protocol):
    """The connection that a reply is written to."""

    @property
    def stays(self) -> bool:
        """Whether it stays open behind this answer."""
        ...

    def write(self, data: bytes) -> None: ...

    def answered(self, *, whole: bool) -> None:
        """The answer is over; one that is not whole ends the connection."""
        ...


class Reply:
    """The answer to one request. `head` once, then `body` any number of times, then `end`.

    `gone`: the client has left; what is written then goes nowhere. `on_gone` is called once when that happens;
    `on_pause(True)` when the client takes no more for now, `on_pause(False)` when it does again.
    """

    def __init__(self, connection: Way) -> None:
        self._connection = connection
        self._chunked = False
        self._left: int | None = None
        self._silent = False
        self.started = False
        self.ended = False
        self.gone = False
        self.on_gone: Callable[[], None] | None = None
        self.on_pause: Callable[[bool], None] | None = None

    def head(self, head: Head) -> None:
        """Write the head."""
        assert not self.started, "one head for an answer"
        self.started = True
        self._silent = bodiless(head.status)
        self._chunked = head.length is None and not self._silent
        self._left = head.length
        self._connection.write(head_bytes(head, keep_alive=self._connection.stays))

    def body(self, data: bytes) -> None:
        """Write a piece of the body."""
        if self._silent or not data:
            return
        if self._chunked:
            self._connection.write(b"%x\r\n%s\r\n" % (len(data), data))
            return
        self._left = (self._left or 0) - len(data)
        self._connection.write(data)

    def end(self) -> None:
        """The answer is complete. One that is shorter than its head said ends the connection."""
        if self.ended:
            return
        self.ended = True
        if self._chunked:
            self._connection.write(b"0\r\n\r\n")
        self._connection.answered(whole=self._silent or self._chunked or not self._left)

    def abort(self) -> None:
        """The answer breaks off: the client must see that it is not whole."""
        if not self.ended:
            self.ended = True
            self._connection.answered(whole=False)

    def send(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer at once."""
        self.head(Head(status, headers, len(body)))
        self.body(body)
        self.end()
