"""GenAI events from logs on their way to the store: they pass the same privacy rules as the events of a span.

An event is carried by a span of its own through those rules and taken off it again; nothing of the carrier is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quarterdeck.model.raw import RawLog, RawSpan, Resource, Scope

_RESOURCE = Resource({}, "")
_SCOPE = Scope("", "", {}, "")


def carried(logs: Iterable[RawLog]) -> list[RawSpan]:
    """One span per event, with its ids and time."""
    return [
        RawSpan(
            log.project, log.trace_id, log.span_id, "", "", log.event.name, 0, log.event.time_ns, log.event.time_ns, 0, "",
            {}, (log.event,), (), _RESOURCE, _SCOPE,
        )
        for log in logs
    ]  # fmt: skip


def taken_off(spans: Sequence[RawSpan]) -> list[RawLog]:
    """The events again, as the rules left them."""
    return [RawLog(span.project, span.trace_id, span.span_id, event) for span in spans for event in span.events]
