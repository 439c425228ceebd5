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
from quarterdeck.observe.notifiers.message import Message, SendFailed
from quarterdeck.observe.notifiers.options import NotifyOptions

SIGNATURE, TIMESTAMP, MESSAGE_ID = "x-quarterdeck-signature", "x-quarterdeck-timestamp", "idempotency-key"
_AGAIN = frozenset({408, 425, 429})
"""Answers below 500 after which another try may succeed."""

Render = Callable[[Message], bytes]
"""The body, as JSON."""


class Webhook:
    """A `Notifier`. `render` makes the body; `transport` lets a test answer in the receiver's place."""

    def __init__(
        self,
        url: str,
        options: NotifyOptions,
        render: Render,
        clock: Clock,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._secret = None if options.webhook_secret is None else options.webhook_secret.get_secret_value().encode()
        self._render = render
        self._clock = clock
        self._host = urlsplit(url).hostname or ""
        self._http = httpx.Client(timeout=options.timeout_s, follow_redirects=False, transport=transport)

    @property
    def name(self) -> str:
        return f"webhook {self._host}"

    def send(self, message: Message) -> str:
        body = self._render(message)
        try:
            answer = self._http.post(self._url, content=body, headers=self._headers(message, body))
        except httpx.TimeoutException as error:
            raise SendFailed("no answer in time", retry=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SendFailed(f"not reached ({type(error).__name__})", retry=True) from error
        if answer.is_success:
            return f"HTTP {answer.status_code}"
        retry = answer.status_code >= 500 or answer.status_code in _AGAIN
        raise SendFailed(f"HTTP {answer.status_code}", retry=retry, after_s=_retry_after(answer))

    def close(self) -> None:
        self._http.close()

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        seconds = str(self._clock.now_ns() // 10**9)
        headers = {"content-type": "application/json", MESSAGE_ID: message.message_id, TIMESTAMP: seconds}
        if self._secret is not None:
            headers[SIGNATURE] = sign(self._secret, seconds, body)
        return headers


def sign(secret: bytes, seconds: str, body: bytes) -> str:
    """`sha256=` and the hex digest over `{seconds}.{body}`."""
    return "sha256=" + hmac.new(secret, seconds.encode() + b"." + body, sha256).hexdigest()


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds, where the receiver gave seconds."""
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() and len(text) < 10 else None
