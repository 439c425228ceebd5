"""Who is told of alerts, as it stands now; never an address or a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

NotifierState = Literal["working", "failing", "unknown"]
"""By its last try since the start; unknown when there was none."""


@dataclass(frozen=True, slots=True)
class NotifierNow:
    """`waiting`: messages that wait to be sent. Times are ns since the epoch, None = not since the start."""

    name: str
    kind: str
    state: NotifierState
    waiting: int
    delivered_ns: int | None
    last_error: str | None
    failed_ns: int | None


class Tried(NamedTuple):
    """What came of a test message; `words` is what the receiver said, or why there was no answer."""

    name: str
    kind: str
    delivered: bool
    words: str
