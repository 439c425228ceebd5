"""What the pipeline needs of the stages that it joins: protocols, so that it knows none of them.

Whoever composes the server gives the real ones. Refuses code.
"""

from __future__ import annotations

from typing import Any, Protocol

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.reports import Rejection, UnmappedKey
from quarterdeck.model.spans import Span
from quarterdeck.observe.pipeline.traces import Pair


class Canonical(Protocol):
    """The canonical stage, as far as this room needs it."""

    def canonicalize(self, raw: RawSpan) -> Span: ...

    def drain_unmapped(self, now_ns: int) -> list[UnmappedKey]: ...


class Privacy(Protocol):
    """What may not be stored: taken out before canonical reads it (`redact`) and after (`seal`, with `redact`'s marks)."""

    def redact(self, spans: list[RawSpan], body: bytes, encoding: str) -> tuple[list[RawSpan], int]: ...

    def seal(self, pairs: list[Pair], marks: int, now_ns: int) -> tuple[list[Pair], list[Rejection]]: ...


class Log(Protocol):
    """Where failures are told (structlog's shape)."""

    def error(self, event: str, **fields: Any) -> Any: ...

    def warning(self, event: str, **fields: Any) -> Any: ...
