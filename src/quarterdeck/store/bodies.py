"""What every engine agrees on about bodies: what is one, whose it is, what stands in its place, and how logs join a span.

Pure. Refuses I/O and storage; how bodies are kept is each engine's own business.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from quarterdeck.model.raw import Absent, Attributes, RawEvent, RawSpan
from quarterdeck.model.spans import Span

BODY_CHARS_MIN = 256
"""Characters from which on an attribute value is a body. Shorter texts are ids, names and finish reasons: facts."""


def body_size(value: Any, chars_min: int = BODY_CHARS_MIN) -> int | None:
    """Bytes of a body (a text as UTF-8; a list or map: its texts, keys and numbers); None when the value is too short to be one."""
    if isinstance(value, str):
        return text_bytes(value) if len(value) >= chars_min else None
    if isinstance(value, Absent) or not isinstance(value, bytes | list | tuple | dict):
        return None
    size = deep_size(value)
    return size if size >= chars_min else None


def text_bytes(text: str) -> int:
    """Length in UTF-8; a lone surrogate counts three bytes."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def deep_size(value: Any) -> int:
    """Bytes of all texts within a value, eight for a number and one for each item: the same in every engine."""
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(1 + deep_size(key) + deep_size(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(1 + deep_size(item) for item in value)
    return 8


def owner_of(span: Span) -> str:
    """Whose the bodies of a span are: its session, or its trace when it has none."""
    return span.session_id or span.trace_id


def attribute_maps(raw: RawSpan) -> Iterator[Attributes]:
    """Every map of a span in which a body may stand: its own, its events', its links'."""
    yield raw.attributes
    for event in raw.events:
        yield event.attributes
    for link in raw.links:
        yield link.attributes


def without_bodies(raw: RawSpan, reason: str) -> RawSpan:
    """The span with `Absent(reason, size)` for each body."""
    return raw._replace(
        attributes=bare(raw.attributes, reason),
        events=tuple(event._replace(attributes=bare(event.attributes, reason)) for event in raw.events),
        links=tuple(link._replace(attributes=bare(link.attributes, reason)) for link in raw.links),
    )


def bare(attributes: Attributes, reason: str, chars_min: int = BODY_CHARS_MIN) -> Attributes:
    """The attributes with `Absent(reason, size)` for each body; the same object when there is none."""
    sizes = {key: size for key, value in attributes.items() if (size := body_size(value, chars_min)) is not None}
    if not sizes:
        return attributes
    return {key: Absent(reason, sizes[key]) if key in sizes else value for key, value in attributes.items()}


def with_logs(raw: RawSpan, logs: Sequence[RawEvent]) -> RawSpan:
    """The span with the events of its logs among its own, by time, equal ones once. Without logs the span as it is."""
    if not logs:
        return raw
    kept: list[RawEvent] = []
    for event in sorted((*raw.events, *logs), key=lambda event: (event.time_ns, event.name)):
        same_moment = _same_moment(kept, event)
        if event not in same_moment:
            kept.append(event)
    return raw._replace(events=tuple(kept))


def _same_moment(kept: Sequence[RawEvent], event: RawEvent) -> list[RawEvent]:
    found = []
    for other in reversed(kept):
        if (other.time_ns, other.name) != (event.time_ns, event.name):
            break
        found.append(other)
    return found


class TraceOwners(NamedTuple):
    """What is known of one trace of a run: the session keys of all its runs, and the sessions that its spans name."""

    trace_id: str
    session_keys: frozenset[str]
    sessions: frozenset[str]


def owners_to_drop(
    session_key: str,
    traces: Iterable[TraceOwners],
    *,
    against: Container[str],
    has_runs: Container[str],
) -> set[str]:
    """Whose bodies go when a session was decided against: never those that another session's runs may need.

    The session's own; those of a trace (spans without a session) when all of its runs were decided against; and those
    of sessions that only spans name and no run has. `against`: the session keys that were; `has_runs`: those that have runs.
    """
    owners = {session_key}
    for trace in traces:
        if all(key in against for key in trace.session_keys):
            owners.add(trace.trace_id)
            owners.update(session for session in trace.sessions if session not in has_runs)
    return owners
