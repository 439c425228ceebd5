"""One HTTP exchange of a probe, within its limits; what both kinds that speak HTTP share.

Refuses: redirects (a key would follow), and answers larger than the limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from quarterdeck.clock import SystemClock
from quarterdeck.errors import BadSetting, Unreachable
from quarterdeck.model.probes import ProbeReply
from quarterdeck.probes.targets.limits import Limits

_CLOCK = SystemClock()
_LIMITED = (429, 529)
_WRONG_ADDRESS = (301, 302, 303, 307, 308, 401, 403, 404, 405)


class Answered(NamedTuple):
    """An answer in whole. `cut`: it was longer than the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool


def exchange(
    limits: Limits, method: str, url: str, headers: Mapping[str, str], content: bytes | None
) -> Answered | ProbeReply:
    """A reply where the time ran out or the connection broke: the side failed. Raises Unreachable where nobody listens."""
    # The whole exchange has one limit: a time limit for each read would let a slow stream go on for ever.
    ends = _CLOCK.monotonic_s() + limits.seconds
    try:
        with (
            httpx.Client(timeout=limits.seconds, follow_redirects=False) as client,
            client.stream(method, url, headers=dict(headers), content=content) as response,
        ):
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if _CLOCK.monotonic_s() > ends:
                    return ProbeReply(ok=False, error_class="timeout")
                if len(body) > limits.bytes:
                    return Answered(response.status_code, response.headers, bytes(body), cut=True)
            return Answered(response.status_code, response.headers, bytes(body), cut=False)
    except httpx.ConnectError as error:
        raise Unreachable(f"nobody answers at {_bare(url)}", mend="check the target's address") from error
    except httpx.TimeoutException:
        return ProbeReply(ok=False, error_class="timeout")
    except httpx.TransportError:
        return ProbeReply(ok=False, error_class="connection")
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise BadSetting(f"probes.targets: {_bare(url)} is no address, or a header cannot be sent") from error


def refused(answered: Answered, url: str) -> ProbeReply | None:
    """What a status says by itself; None for a good one. Raises BadSetting where the address or the key is wrong."""
    status = answered.status
    again = again_after(answered.headers)
    if status in _LIMITED or (status == 503 and again is not None):
        return ProbeReply(ok=False, limited=True, again_after_s=again)
    if status in _WRONG_ADDRESS:
        raise BadSetting(f"probes.targets: {_bare(url)} answers {status}", mend="check the target's address and key")
    if status >= 400:
        return ProbeReply(ok=False, text=text_of(answered.body), error_class=f"http_{status}")
    if answered.cut:
        return ProbeReply(ok=False, error_class="too_long")
    return None


def again_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after`; None where it does not say a number."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def text_of(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def bearer(key: str | None) -> dict[str, Any]:
    return {} if key is None else {"authorization": f"Bearer {key}"}


def _bare(url: str) -> str:
    """Without what may carry a secret."""
    return url.partition("?")[0].rpartition("@")[2]
