"""The gateway's own answers: refusals and failures in the provider's shape, so that its SDK raises its own errors.

Refuses: inviting an SDK to try again. The gateway tries as often as the account's budget allows; tries of SDKs on top
would multiply them behind its back.
"""

from __future__ import annotations

import orjson

from quarterdeck.control.gateway.faces.face import Face
from quarterdeck.control.gateway.reply import Reply
from quarterdeck.control.gateway.who import OWN
from quarterdeck.errors import AdmissionRefused

NO_RETRY = (b"x-should-retry", b"false")
"""Both official SDKs obey it."""
_JSON = (b"content-type", b"application/json")
_DOWN = frozenset({"circuit_open", "paused"})
"""Reasons that are the provider's trouble, not the caller's quota."""


def answer(reply: Reply, face: Face, status: int, kind: str, words: str, *more: tuple[bytes, bytes]) -> None:
    """An error; goes nowhere when the client has left."""
    if not reply.gone:
        reply.send(status, [_JSON, NO_RETRY, *more], orjson.dumps(face.error(status, kind, words)))


def refuse(reply: Reply, face: Face, error: AdmissionRefused) -> int:
    """Refused before it was paid for, with the reason and when it could start; answers the status."""
    status = 503 if error.reason in _DOWN else 429
    more = [(OWN + b"reason", error.reason.encode())]
    if error.starts_in_s is not None:
        more.append((b"retry-after", b"%d" % max(1, round(error.starts_in_s))))
    answer(reply, face, status, error.reason, str(error), *more)
    return status
