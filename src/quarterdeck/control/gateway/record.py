"""What became of one call, for whoever keeps count: one record for a call, however many attempts it took.

Refuses: keys, and the words of a prompt or an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from quarterdeck.control.gateway.faces.face import Operation
from quarterdeck.control.gateway.usage import Said
from quarterdeck.control.gateway.who import Who


class CallRecord(NamedTuple):
    """Times in seconds; tokens None where nobody said. `model`: of the account that granted it; `asked`: as the client wrote it.

    `failure`: "" for an answer that was passed on whole; else an admission reason, `stopped`, `provider` (with its
    `status`), `unreachable`, `cancelled` (the client left), `broken_off`. `said` None: no answer. `max_tokens`: as sent.
    """

    provider: str
    operation: Operation
    stream: bool
    asked: str
    model: str
    who: Who
    lane: str
    attempts: int
    status: int | None
    failure: str
    waited_s: float
    started_ns: int
    ended_ns: int
    first_token_s: float | None
    max_tokens: float | None
    reserved_input: float | None
    reserved_output: float | None
    reserved_total: float | None
    said: Said | None


Tell = Callable[[CallRecord], None]


def to_nobody(record: CallRecord) -> None:
    """Nobody keeps count."""
