"""The outermost layer: who may call a loopback server, what every answer carries, and what nobody foresaw.

A web page of a stranger can make a browser call 127.0.0.1 under the stranger's own name (DNS rebinding); the Host and
Origin headers give it away. Refuses: such requests. Adds: security headers, counters, and a plain 500.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quarterdeck.api.problems import answer_problem, answer_unexpected
from quarterdeck.clock import Clock
from quarterdeck.errors import UnknownHost

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
SECURITY_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def foreign_caller(
    server: str | None, host: str | None, origin: str | None, allowed: Collection[str]
) -> UnknownHost | None:
    """Why a request may not be answered, else None. Only a server on loopback looks: others want a key."""
    if server is None or not _is_loopback(server):
        return None
    if host is not None and not _is_ours(_name(f"//{host}"), allowed):
        msg = f"this server listens on loopback and does not answer for the host {host[:80]!r}"
        return UnknownHost(msg, mend="call it by localhost, or name the host in api.allowed_hosts")
    if origin is not None and not _is_ours(_name(origin), allowed):
        msg = f"pages of {origin[:80]!r} may not read this server"
        return UnknownHost(msg, mend="open the page of the server itself, or name the host in api.allowed_hosts")
    return None


def _name(url: str) -> str | None:
    """The host of a URL without its port, lower case; None when there is none (as for the origin `null`)."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_ours(name: str | None, allowed: Collection[str]) -> bool:
    if name is None:
        return False
    bare = name.rstrip(".")
    return bare == "localhost" or bare.endswith(".localhost") or _is_this_machine(bare) or bare in allowed


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _is_this_machine(name: str) -> bool:
    """Loopback, or the address that stands for all of this machine's own (what a server bound to it calls itself)."""
    try:
        return ip_address(name).is_loopback or ip_address(name).is_unspecified
    except ValueError:
        return False


class Guard:
    """ASGI layer around the whole application."""

    def __init__(self, app: ASGIApp, *, clock: Clock, metrics: CollectorRegistry, allowed: Collection[str]) -> None:
        self._app = app
        self._clock = clock
        self._allowed = frozenset(name.lower() for name in allowed)
        self._requests = Counter(
            "quarterdeck_api_requests", "Requests answered, by route and status.", ["route", "status"], registry=metrics
        )
        self._seconds = Histogram(
            "quarterdeck_api_request_seconds", "Time to answer.", ["route"], registry=metrics, buckets=_SECONDS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sender = _Sender(send)
        began_s = self._clock.monotonic_s()
        await self._guarded(scope, receive, sender)
        route = _route_name(scope)
        self._requests.labels(route, str(sender.status)).inc()
        self._seconds.labels(route).observe(self._clock.monotonic_s() - began_s)

    async def _guarded(self, scope: Scope, receive: Receive, sender: _Sender) -> None:
        refusal = self._refusal(scope)
        if refusal is not None:
            await answer_problem(refusal)(scope, receive, sender)
            return
        try:
            await self._app(scope, receive, sender)
        except Exception as error:
            if sender.status is not None:  # half an answer is out: only breaking the connection tells the client
                raise
            await answer_unexpected(error)(scope, receive, sender)

    def _refusal(self, scope: Scope) -> UnknownHost | None:
        headers = Headers(scope=scope)
        server = scope.get("server")
        return foreign_caller(server[0] if server else None, headers.get("host"), headers.get("origin"), self._allowed)


class _Sender:
    """Passes messages on, adds the headers, remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _route_name(scope: Scope) -> str:
    """The route's pattern, never the path: ids must not become labels."""
    return str(getattr(scope.get("route"), "path", "none"))
