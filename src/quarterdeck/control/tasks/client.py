"""Asks a Quarterdeck server whether a withheld tool may be used, and waits for the answer; `approvals(url, key)` is an `approve`.

With the standard library alone. Refuses: taking silence for a yes. A server that cannot be reached, an answer that does not
come in time and an answer that is not understood are a no.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, replace
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode

from quarterdeck.clock import Clock, SystemClock
from quarterdeck.control.tasks.asking import Ask
from quarterdeck.errors import BadInput, Forbidden, Unauthenticated, Unreachable

_TIMEOUT_S = 10.0
_POLL_S, _POLL_S_MAX = 0.5, 10.0
_TRIES = 3
"""Of the question itself: it has a key, so people see it once."""


def approvals(
    url: str,
    key: str | None = None,
    *,
    project: str | None = None,
    wait_s: float = 900.0,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Callable[[Ask], bool]:
    """A callback for `TaskBudget(approve=…)`. `wait_s`: how long to wait for people. Raises BadInput for an address that is none.

    The callback raises Unauthenticated or Forbidden where the server does not know the key, BadInput where it does not
    understand the question, and Unreachable where it cannot be asked at all.
    """
    if not url.startswith(("http://", "https://")):
        msg = f"url: expected an address such as http://127.0.0.1:4320, got {url!r}"
        raise BadInput(msg)
    server = _Server(url.rstrip("/"), key, project)
    watch = clock or SystemClock()

    def approve(ask: Ask) -> bool:
        until_s = watch.monotonic_s() + wait_s
        asked = replace(ask, wait_s=wait_s, key=ask.key or token_hex(16))
        found = _asked(server, asked, sleep)
        pause_s = _POLL_S
        while found.get("state") == "pending" and watch.monotonic_s() < until_s:
            sleep(min(pause_s, max(until_s - watch.monotonic_s(), 0.0)))
            pause_s = min(pause_s * 1.5, _POLL_S_MAX)
            try:
                found = server.get(str(found["approval_id"]))
            except Unreachable:  # it may come back, and it keeps the question
                continue
        return found.get("state") == "approved"

    return approve


def _asked(server: _Server, ask: Ask, sleep: Callable[[float], None]) -> dict[str, Any]:
    document = {name: value for name, value in asdict(ask).items() if value is not None}
    for left in range(_TRIES - 1, -1, -1):
        try:
            return server.post(document)
        except Unreachable:
            if not left:
                raise
            sleep(_POLL_S)
    raise AssertionError("the last try answers or raises")


class _Server:
    """The two requests, as documents; errors are ours."""

    def __init__(self, url: str, key: str | None, project: str | None) -> None:
        self._url = f"{url}/api/v1/approvals"
        self._headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        self._query = f"?{urlencode({'project': project})}" if project else ""

    def post(self, document: dict[str, Any]) -> dict[str, Any]:
        return self._answer(self._url + self._query, json.dumps(document).encode())

    def get(self, approval_id: str) -> dict[str, Any]:
        return self._answer(f"{self._url}/{quote(approval_id, safe='')}{self._query}", None)

    def _answer(self, url: str, body: bytes | None) -> dict[str, Any]:
        request = urllib.request.Request(url, body, self._headers)  # noqa: S310 - http(s) only, see `approvals`
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                found = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise _error_of(error) from error
        except (OSError, ValueError) as error:
            msg = f"the server at {self._url} does not answer ({error})"
            raise Unreachable(msg, mend="start one with `quarterdeck serve`, or give its address") from error
        if not isinstance(found, dict):
            msg = f"{self._url} answered no JSON object"
            raise Unreachable(msg, mend="the address must be the one that `serve` prints for the API")
        return found


def _error_of(error: urllib.error.HTTPError) -> Exception:
    with error:
        try:
            detail = str(json.loads(error.read())["detail"])
        except (OSError, ValueError, KeyError, TypeError):
            detail = f"the server answered {error.code}"
    kinds: dict[int, type[Unreachable] | type[Unauthenticated] | type[Forbidden] | type[BadInput]] = {
        400: BadInput,
        401: Unauthenticated,
        403: Forbidden,
        413: BadInput,
    }
    return kinds.get(error.code, Unreachable)(detail)
