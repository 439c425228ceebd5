"""One HTTP request to a receiver, and what its answer means: taken, try again, or never.

Refuses: redirects, and to repeat an address or what a receiver said at length: addresses often hold a secret.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from quarterdeck.observe.notifiers.message import SendFailed

_AGAIN = frozenset({408, 425, 429})
"""Answers below 500 after which another try may succeed."""
_SAID_MAX = 120


class Poster:
    """`transport` lets a test answer in the receiver's place."""

    def __init__(self, timeout_s: float, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(timeout=timeout_s, follow_redirects=False, transport=transport)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, hide: tuple[str, ...] | None = None
    ) -> httpx.Response:
        """A good answer. `hide`: repeat what a refusal says, unless it holds one of these. Raises SendFailed for any other."""
        try:
            answer = self._http.post(url, content=body, headers={"content-type": "application/json", **headers})
        except httpx.TimeoutException as error:
            raise SendFailed("no answer in time", retry=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SendFailed(f"not reached ({type(error).__name__})", retry=True) from error
        if answer.is_success:
            return answer
        retry = answer.status_code >= 500 or answer.status_code in _AGAIN
        said = "" if hide is None else _said(answer, hide)
        raise SendFailed(f"HTTP {answer.status_code}{said}", retry=retry, after_s=_retry_after(answer))

    def close(self) -> None:
        self._http.close()


def _said(answer: httpx.Response, hide: tuple[str, ...]) -> str:
    """What the receiver complains of, on one line."""
    if any(secret in answer.text for secret in hide if len(secret) > 1):
        return ""
    words = " ".join(answer.text[: 4 * _SAID_MAX].split())
    return f": {words[:_SAID_MAX]}" if words else ""


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds, where the receiver gave seconds."""
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() and len(text) < 10 else None
