"""References of a run's calls to what had been superseded before: a deleted file, an address that has changed since.

The world state is folded over the run's messages in order of its calls, so that what was cut from a window still counts.
Reads raw spans a few at a time. Refuses to look at more than CALLS_MAX calls, and says how many it left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from quarterdeck.api.run_views.absence import absent_of
from quarterdeck.api.run_views.contexts import Call, key_of
from quarterdeck.api.run_views.outline import Outline
from quarterdeck.api.services import ApiServices
from quarterdeck.control.budget.world import Superseded, World, superseded
from quarterdeck.observe.canonical.context_diff import pieces_of

CALLS_MAX = 500
"""Each costs the reading of a span in full."""
_AT_ONCE = 50


class Reference(NamedTuple):
    """Call `number` (from 1) in `row` used `tool` with something that ended before: in the messages of call `since`."""

    number: int
    row: int
    tool: str
    since: int
    found: Superseded


def references_of(services: ApiServices, outline: Outline, calls: Sequence[Call]) -> list[Reference]:
    """Of the first CALLS_MAX calls, in their order."""
    world, seen, since = World(), set[str](), list[int]()
    found: list[Reference] = []
    for number, (call, said) in enumerate(_conversations(services, outline, calls[:CALLS_MAX]), start=1):
        for message in _new(said["input"], seen):
            for plain in plain_messages(message):
                world.read([plain])
                since.append(number)
        for action in _actions(said["output"]):
            name = str(action["name"])
            found.extend(
                Reference(number, call.row, name, since[one.ended_at], one) for one in superseded(action, world)
            )
    return found


def _conversations(
    services: ApiServices, outline: Outline, calls: Sequence[Call]
) -> Iterator[tuple[Call, Mapping[str, Any]]]:
    for start in range(0, len(calls), _AT_ONCE):
        part = calls[start : start + _AT_ONCE]
        keys = {call.row: key_of(outline, call.row) for call in part}
        raws = services.store.spans_raw(outline.run.project, keys.values())
        for call in part:
            raw = raws.get(keys[call.row])
            dark = raw is None or absent_of(raw) is not None
            yield call, {"input": (), "output": ()} if dark or raw is None else services.conversation(raw)


def _new(messages: Sequence[Mapping[str, Any]], seen: set[str]) -> Iterator[Mapping[str, Any]]:
    """Messages that no call before had: agents resend their history with every call."""
    for message, piece in zip(messages, pieces_of(messages, None), strict=True):
        if piece.key not in seen:
            seen.add(piece.key)
            yield message


def plain_messages(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A recorded message in OpenAI's shape; each tool result is a message of its own."""
    parts = message.get("parts", ())
    results = [
        {"role": "tool", "tool_call_id": str(part.get("id")), "content": _text(part.get("result"))}
        for part in parts
        if part.get("type") == "tool_call_response"
    ]
    said = [_text(part.get("content")) for part in parts if part.get("type") == "text"]
    made = list(_actions([message]))
    if not said and not made:
        return results
    first: dict[str, Any] = {"role": str(message.get("role", "user")), "content": "\n".join(said)}
    return [first | ({"tool_calls": made} if made else {}), *results]


def _actions(messages: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for message in messages:
        for part in message.get("parts", ()):
            if part.get("type") == "tool_call":
                given = part.get("arguments")
                yield {"id": str(part.get("id")), "name": str(part.get("name")), "arguments": given}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
