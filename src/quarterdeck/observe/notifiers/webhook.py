"""A webhook: one POST of JSON, signed where a secret is set.

The signature is HMAC-SHA256 over the time, a dot and the body, so that a recorded request is of no use later.
Refuses: redirects, and to say the address: hosts only.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlsplit

import httpx

from quarterdeck.clock import Clock
from quarterdeck.observe.notifiers.message import Digest, Message
from quarterdeck.observe.notifiers.poster import Poster

SIGNATURE, TIMESTAMP, MESSAGE_ID = "x-quarterdeck-signature", "x-quarterdeck-timestamp", "idempotency-key"

Render = Callable[[Message | Digest], bytes]
"""The body, as JSON."""


class Webhook:
    """A `Notifier`. `render` makes the body; `label` names it where there are several, else its host does."""

    def __init__(
        self,
        url: str,
        secret: str | None,
        render: Render,
        clock: Clock,
        *,
        timeout_s: float,
        label: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._secret = None if secret is None else secret.encode()
        self._render = render
        self._clock = clock
        self._name = f"webhook {label or urlsplit(url).hostname or ''}"
        self._poster = Poster(timeout_s, transport)

    @property
    def name(self) -> str:
        return self._name

    def send(self, message: Message) -> str:
        return self._post(message)

    def send_digest(self, digest: Digest) -> str:
        return self._post(digest)

    def close(self) -> None:
        self._poster.close()

    def _post(self, message: Message | Digest) -> str:
        body = self._render(message)
        return f"HTTP {self._poster.post(self._url, body, self._headers(message, body)).status_code}"

    def _headers(self, message: Message | Digest, body: bytes) -> dict[str, str]:
        seconds = str(self._clock.now_ns() // 10**9)
        headers = {MESSAGE_ID: message.message_id, TIMESTAMP: seconds}
        if self._secret is not None:
            headers[SIGNATURE] = sign(self._secret, seconds, body)
        return headers


def sign(secret: bytes, seconds: str, body: bytes) -> str:
    """`sha256=` and the hex digest over `{seconds}.{body}`."""
    return "sha256=" + hmac.new(secret, seconds.encode() + b"." + body, sha256).hexdigest()
