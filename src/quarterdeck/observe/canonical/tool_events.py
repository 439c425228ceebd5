"""Tool payloads that stand in events of the span only: Claude Code, Strands, and logs that were joined.

Asked on tool spans whose attributes have no payload. Refuses to guess: an unknown event is no payload.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.model.raw import RawEvent
from quarterdeck.observe.canonical.values import anything

EVENTS_MAX = 128
"""Events of a span that are looked at."""

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "gen_ai.tool.input": ("gen_ai.tool.input", "input", "content"),
    "tool.input": ("tool.input", "input", "tool_input", "content"),
    "gen_ai.tool.message": ("content",),
}
RESULTS: Mapping[str, tuple[str, ...]] = {
    "gen_ai.tool.output": ("gen_ai.tool.output", "output", "content"),
    "tool.output": ("tool.output", "output", "tool_output", "content"),
    "gen_ai.choice": ("message", "content"),
}
"""Event name → its attributes, first that says something."""


def payload(events: Sequence[RawEvent], wanted: Mapping[str, tuple[str, ...]]) -> Any:
    """The payload in the first event that has one, else None."""
    for event in events[:EVENTS_MAX]:
        for key in wanted.get(event.name, ()):
            found = anything(event.attributes.get(key))
            if found is not None:
                return found
    return None
