"""When each span is sent: as fast as possible with its recorded times, or paced with its times moved to now.

Paced by a factor X, a recording of one hour takes 1/X hours: starts, ends and events all move, so durations shrink
by X too, and a span is sent when it ends. Refuses to send a span before its moved end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from quarterdeck.clock import Clock
from quarterdeck.simulate.histories.shape import Piece

Sleep = Callable[[float], Awaitable[None]]
_STEP_S = 0.25
"""Spans that end within one step go together, or each would be a request of its own."""


class _Due(NamedTuple):
    at_ns: int
    piece: Piece


async def at_once(pieces: Iterable[Piece]) -> AsyncIterator[Piece]:
    """As recorded, without waiting."""
    for piece in pieces:
        yield piece


async def paced(pieces: Iterable[Piece], speed: float, clock: Clock, sleep: Sleep) -> AsyncIterator[Piece | None]:
    """Spans in order of their moved end; None before each wait."""
    for due in _timeline(list(pieces), speed, clock.now_ns()):
        wait_s = (due.at_ns - clock.now_ns()) / 1e9
        if wait_s > 0:
            yield None
            await sleep(max(wait_s, _STEP_S))
        yield due.piece


def _timeline(pieces: list[Piece], speed: float, now_ns: int) -> list[_Due]:
    first_ns = min((span.start_time_unix_nano for piece in pieces for span in _spans(piece)), default=0)

    def moved(recorded_ns: int) -> int:
        return now_ns + int((recorded_ns - first_ns) / speed)

    dues = [due for piece in pieces for due in _dues(piece, moved)]
    return sorted(dues, key=lambda due: due.at_ns)


def _spans(piece: Piece) -> Iterable[Span]:
    return (span for scope in piece.resource_spans.scope_spans for span in scope.spans)


def _dues(piece: Piece, moved: Callable[[int], int]) -> Iterable[_Due]:
    """One due per span: each goes out by itself, when it ends."""
    facts = iter(piece.facts)
    block = piece.resource_spans
    for scope in block.scope_spans:
        for span in scope.spans:
            copy = _moved_span(span, moved)
            alone = ScopeSpans(scope=scope.scope, schema_url=scope.schema_url, spans=[copy])
            own = ResourceSpans(resource=block.resource, schema_url=block.schema_url, scope_spans=[alone])
            at_ns = copy.end_time_unix_nano or copy.start_time_unix_nano
            yield _Due(at_ns, Piece(own, (next(facts),), piece.source))


def _moved_span(span: Span, moved: Callable[[int], int]) -> Span:
    copy = Span()
    copy.CopyFrom(span)
    copy.start_time_unix_nano = moved(span.start_time_unix_nano)
    if span.end_time_unix_nano:
        copy.end_time_unix_nano = moved(span.end_time_unix_nano)
    for event in copy.events:
        event.time_unix_nano = moved(event.time_unix_nano)
    return copy
