"""What ties a span to others beside its parent: the tool calls that a model asked for, and span links.

Both are kept in the skeleton, as short texts, so that trees can be mended without reading bodies. Total: what cannot be
understood is left out. Refuses: to read payloads over JSON_MAX characters, and to keep more than CALLS_MAX ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quarterdeck.model.raw import RawEvent, RawLink, RawSpan
from quarterdeck.model.spans import LINKS_MAX
from quarterdeck.observe.canonical.values import decode_twice

CALLS_MAX = 32
"""Ids kept of one span."""

JSON_MAX = 1 << 18
"""Characters of an output that are searched."""

ID_MAX = 128
"""Longer ids are no ids."""

_DEPTH_MAX = 8
_NODES_MAX = 2_000

OUTPUTS = (
    "gen_ai.output.messages",
    "ai.response.toolCalls",
    "langfuse.observation.output",
    "events",
    "all_messages_events",
    "response_data",
    "gcp.vertex.agent.llm_response",
    "output.value",
    "traceloop.entity.output",
    "mlflow.spanOutputs",
    "lmnr.span.output",
    "gen_ai.completion",
)
"""Attributes in which producers write what a model answered; the first that names a call counts."""

_INDEXED = ("llm.output_messages.0.", "gen_ai.completion.0.")
_INDEXED_ID = re.compile(
    r"^(?:llm\.output_messages|gen_ai\.completion)\.\d{1,4}\..*tool_calls\.\d{1,4}\.(?:tool_call\.)?id$"
)
_HINTS = ('"tool_call', "toolCall", '"tool_use"', '"function_call"', '"functionCall"', "tool-call")
_CALL_TYPES = frozenset({"tool_call", "tool-call", "tool_use", "function_call", "function", "toolCall"})
_CALL_LISTS = frozenset({"tool_calls", "toolCalls"})
_CALL_HOLDERS = frozenset({"function_call", "functionCall", "tool_call", "toolCall"})
_RESULT_TYPES = frozenset({"tool_call_response", "tool_result", "tool-result", "function_call_output"})
_ID_KEYS = ("call_id", "toolCallId", "tool_call_id", "toolUseId", "id")

LINK_KEYS = ("quarterdeck.link.kind", "link.kind", "link.type", "link.relationship", "relationship", "link.name")
"""Attributes of a link in which producers say what it means."""

LINK_WORDS: Mapping[str, str] = {
    "handoff": "handoff",
    "transfer": "handoff",
    "delegat": "handoff",
    "queue": "queue",
    "message": "queue",
    "produce": "queue",
    "resume": "resume",
    "continu": "resume",
    "follows": "resume",
    "fork": "fork",
    "branch": "fork",
    "retry": "retry",
    "retries": "retry",
}
"""Part of a producer's word → kind."""

_CONSUMER = 5
"""Span kind of OTLP: it takes from a queue, and links to who put in."""
_HEX = re.compile(r"^[0-9a-f]+$")


def outputs_of(keys: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Of a shape: the attributes that may name calls, in order of trust, and whether indexed ones may."""
    present = set(keys)
    return tuple(key for key in OUTPUTS if key in present), any(key.startswith(_INDEXED) for key in keys)


def requested_calls(raw: RawSpan, outputs: tuple[str, ...], indexed: bool) -> str | None:
    """Ids of the tool calls that a model call asked for, comma-joined; None when it asked for none that is told."""
    found: list[str] = []
    if indexed:
        found = [value for key, value in raw.attributes.items() if _INDEXED_ID.match(key) and _is_id(value)]
    for key in outputs:
        if found:
            break
        found = _calls_in(raw.attributes[key])
    if not found and raw.events:
        found = [call for event in raw.events if event.name == "gen_ai.choice" for call in _of_event(event)]
    return ",".join(dict.fromkeys(found[:CALLS_MAX])) if found else None


def _of_event(event: RawEvent) -> list[str]:
    return [
        call
        for value in event.attributes.values()
        for call in _calls_in(value, listed="tool_calls" in event.attributes)
    ]


def _calls_in(value: Any, *, listed: bool = False) -> list[str]:
    if isinstance(value, str):
        if not listed and "tool" not in value and "function" not in value:  # each hint has one of them: quickly told
            return []
        if len(value) > JSON_MAX or not (listed or any(hint in value for hint in _HINTS)):
            return []
        value = decode_twice(value)
    if not isinstance(value, dict | list):
        return []
    return list(_walk(value, listed=listed))


def _walk(value: Any, *, listed: bool) -> Iterator[str]:
    """Ids in any spelling of a list of messages or of parts. Arguments and results of calls are not searched."""
    stack: list[tuple[Any, bool, int]] = [(value, listed, 0)]
    seen = 0
    while stack and seen < _NODES_MAX:
        node, inside, depth = stack.pop()
        seen += 1
        if isinstance(node, list):
            stack.extend((item, inside, depth + 1) for item in reversed(node[:_NODES_MAX]) if depth < _DEPTH_MAX)
        elif isinstance(node, dict):
            kind = node.get("type")
            if inside or kind in _CALL_TYPES or "toolCallId" in node:
                call = next((node[key] for key in _ID_KEYS if _is_id(node.get(key))), None)
                if call is not None:
                    yield call
                    continue
            if kind in _RESULT_TYPES or depth >= _DEPTH_MAX:
                continue
            stack.extend(
                (item, key in _CALL_LISTS or key in _CALL_HOLDERS, depth + 1) for key, item in reversed(node.items())
            )


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= ID_MAX and "," not in value and value.isprintable()


def kept_links(raw: RawSpan, *, retry: bool, op_name: str | None) -> str | None:
    """Links as `Span.links` holds them; None without any. `retry`: the span says that it is another attempt."""
    kept = [
        f"{_link_kind(link, raw, retry=retry, op_name=op_name)} {link.trace_id} {link.span_id}"
        for link in raw.links[:LINKS_MAX]
        if _HEX.match(link.trace_id) and _HEX.match(link.span_id)
    ]
    return ";".join(kept) or None


def _link_kind(link: RawLink, raw: RawSpan, *, retry: bool, op_name: str | None) -> str:
    """As the link says; else as the span that links does: a consumer, another attempt, a handoff."""
    for key in LINK_KEYS:
        said = link.attributes.get(key)
        if isinstance(said, str):
            return next((kind for part, kind in LINK_WORDS.items() if part in said.lower()), "")
    if raw.kind == _CONSUMER:
        return "queue"
    if retry:
        return "retry"
    return next((kind for part, kind in LINK_WORDS.items() if op_name is not None and part in op_name.lower()), "")
