"""What passes between the two sides of the gateway: requests, heads, and how they are written in HTTP/1.1.

Refuses: understanding a body. Header names are kept as they came; they are compared in lower case.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Headers that belong to one connection and are not passed on (RFC 9110, section 7.6.1)."""


class Request(NamedTuple):
    """A whole request. `target` is path and query as sent; names in `headers` are in lower case."""

    method: bytes
    target: bytes
    headers: Headers
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header given in lower case."""
        return next((value for key, value in self.headers if key == name), None)


class Head(NamedTuple):
    """The head of an answer. Names in `headers` are in lower case. `length` None: its end is told by the connection's framing."""

    status: int
    headers: Headers
    length: int | None

    def named(self) -> dict[str, str]:
        """Headers as text, by name."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers}

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header given in lower case."""
        return next((value for key, value in self.headers if key == name), None)


def request_bytes(request: Request, host: bytes) -> bytes:
    """A request as it is written to the provider: one length, one host, no hop-by-hop headers."""
    lines = [b"%s %s HTTP/1.1\r\nhost: %s\r\n" % (request.method, request.target, host)]
    lines += [
        b"%s: %s\r\n" % pair
        for pair in request.headers
        if pair[0] not in HOP_BY_HOP and pair[0] not in (b"host", b"content-length", b"expect")
    ]
    if request.body or request.method in (b"POST", b"PUT", b"PATCH"):
        lines.append(b"content-length: %d\r\n" % len(request.body))
    return b"".join((*lines, b"\r\n", request.body))


def head_bytes(head: Head, *, keep_alive: bool) -> bytes:
    """A head as it is written to the client. Without a length the body is chunked."""
    lines = [b"HTTP/1.1 %d %s\r\n" % (head.status, phrase(head.status))]
    lines += [
        b"%s: %s\r\n" % pair for pair in head.headers if pair[0] not in HOP_BY_HOP and pair[0] != b"content-length"
    ]
    if bodiless(head.status):
        pass
    elif head.length is None:
        lines.append(b"transfer-encoding: chunked\r\n")
    else:
        lines.append(b"content-length: %d\r\n" % head.length)
    if not keep_alive:
        lines.append(b"connection: close\r\n")
    return b"".join((*lines, b"\r\n"))


def bodiless(status: int) -> bool:
    """Whether an answer of this status has no body, whatever its headers say."""
    return status in (204, 304) or status < 200


def phrase(status: int) -> bytes:
    """The words of a status; empty for one that nobody knows."""
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
