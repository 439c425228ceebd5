"""What stands in the context of a model call, and what changed between two of them.

Agents resend their history with every call; a provider's cache reads only the part at the beginning that is equal to
an earlier call. So: sizes by consumer, kept / added / removed / edited messages, and the shared beginning.
Pure. Refuses to count tokens (characters are what is known of a message) and to compare more than MIDDLE_MAX
messages pairwise; beyond, what differs is told as removed and added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.canonical.hashes import content_hash
from quarterdeck.observe.canonical.plan import indexed_tool_values
from quarterdeck.observe.canonical.precedence import GLOBAL

Consumer = Literal["system", "tools", "user", "assistant", "tool_results"]
CONSUMERS: tuple[Consumer, ...] = ("tools", "system", "user", "assistant", "tool_results")
"""In the order in which providers put them before the model, tools first."""

ChangeKind = Literal["kept", "added", "removed", "edited"]
CacheWord = Literal["hit", "missed", "broken", "short", "unknown"]

MIDDLE_MAX = 400
"""Messages between the common beginning and the common end that are aligned; aligning is quadratic, cubic where many are equal."""

PREVIEW_MAX = 240
"""Characters of a message that a difference quotes."""

CACHEABLE_TOKENS = 1_024
"""The shortest beginning that OpenAI and Anthropic cache (prompt caching guides, 2025)."""


class Piece(NamedTuple):
    """One message of a context, or all its tool definitions. `key` is equal for equal content; `chars` by consumer."""

    role: str
    consumer: Consumer
    key: str
    chars: Mapping[Consumer, int]
    preview: str

    @property
    def size(self) -> int:
        return sum(self.chars.values())


class Change(NamedTuple):
    """One line of a difference: places in the two lists of pieces, None where it does not stand."""

    kind: ChangeKind
    a: int | None
    b: int | None


class ContextDiff(NamedTuple):
    """From context a to context b. `prefix` pieces at the beginning are equal; `prefix_chars` is their size."""

    changes: tuple[Change, ...]
    prefix: int
    prefix_chars: int
    chars_a: int
    chars_b: int

    @property
    def prefix_share(self) -> float | None:
        """Of b, how much an earlier reader of a has seen in the same place; None for an empty context."""
        return self.prefix_chars / self.chars_b if self.chars_b else None


def tool_definitions(raw: RawSpan) -> str | None:
    """The definitions of the tools that a call offered, as text; None when none were captured."""
    for key in GLOBAL["tools"]:
        value = raw.attributes.get(key)
        if value is not None:
            return _text(value)
    indexed = indexed_tool_values(raw.attributes)
    return _text(indexed) if indexed else None


def pieces_of(messages: Sequence[Mapping[str, Any]], tools: str | None) -> tuple[Piece, ...]:
    """The context of one call: its tool definitions first, then its input messages as `conversation` gives them."""
    first = (
        () if not tools else (Piece("tools", "tools", content_hash(tools) or "", {"tools": len(tools)}, _short(tools)),)
    )
    return (*first, *(_piece(message) for message in messages))


def _piece(message: Mapping[str, Any]) -> Piece:
    role = str(message.get("role", "user"))
    chars: dict[Consumer, int] = {}
    words: list[str] = []
    for part in message.get("parts", ()):
        text = _part_text(part)
        consumer = _consumer(role, part)
        chars[consumer] = chars.get(consumer, 0) + len(text)
        words.append(text[:PREVIEW_MAX])
    largest = max(chars, key=lambda name: chars[name], default=_consumer(role, {}))
    key = content_hash([role, message.get("parts", [])]) or content_hash(repr(message.get("parts"))) or ""
    return Piece(role, largest, key, chars, _short(" ".join(words)))


def _consumer(role: str, part: Mapping[str, Any]) -> Consumer:
    if role == "tool" or part.get("type") == "tool_call_response":
        return "tool_results"
    if role == "system":
        return "system"
    return "assistant" if role == "assistant" else "user"


def _part_text(part: Mapping[str, Any]) -> str:
    """What of a part is sent to a model, as text."""
    kind = part.get("type")
    if kind == "tool_call":
        return f"{part.get('name') or ''} {_text(part.get('arguments'))}"
    if kind == "tool_call_response":
        return _text(part.get("result"))
    content = part.get("content")
    return _text(content if content is not None else {key: value for key, value in part.items() if key != "type"})


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= PREVIEW_MAX else text[: PREVIEW_MAX - 1] + "…"


def shared_prefix(a: Sequence[Piece], b: Sequence[Piece]) -> int:
    """How many pieces at the beginning are equal."""
    count = 0
    for left, right in zip(a, b, strict=False):
        if left.key != right.key:
            break
        count += 1
    return count


def compare(a: Sequence[Piece], b: Sequence[Piece]) -> ContextDiff:
    """What became of each piece from context `a` to context `b`, in the order of reading."""
    prefix = shared_prefix(a, b)
    suffix = shared_prefix(a[prefix:][::-1], b[prefix:][::-1])
    end_a, end_b = len(a) - suffix, len(b) - suffix
    changes = [Change("kept", i, i) for i in range(prefix)]
    changes.extend(_middle(a[prefix:end_a], b[prefix:end_b], prefix))
    changes.extend(Change("kept", end_a + i, end_b + i) for i in range(suffix))
    size_a, size_b = sum(piece.size for piece in a), sum(piece.size for piece in b)
    return ContextDiff(tuple(changes), prefix, sum(piece.size for piece in b[:prefix]), size_a, size_b)


def _middle(a: Sequence[Piece], b: Sequence[Piece], at: int) -> list[Change]:
    """Changes between the common beginning (of `at` pieces) and the common end."""
    if len(a) + len(b) > MIDDLE_MAX:
        return _replaced(a, b, range(at, at + len(a)), range(at, at + len(b)))
    matcher = SequenceMatcher(None, [piece.key for piece in a], [piece.key for piece in b], autojunk=False)
    changes: list[Change] = []
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            changes.extend(Change("kept", at + i, at + j) for i, j in zip(range(a1, a2), range(b1, b2), strict=True))
        else:
            changes.extend(_replaced(a[a1:a2], b[b1:b2], range(at + a1, at + a2), range(at + b1, at + b2)))
    return changes


def _replaced(a: Sequence[Piece], b: Sequence[Piece], at_a: range, at_b: range) -> list[Change]:
    """In one gap, the n-th message of a role that went and the n-th that came are one that was edited."""
    waiting: dict[str, list[int]] = {}
    for place, piece in zip(at_a, a, strict=True):
        waiting.setdefault(piece.role, []).append(place)
    pairs: dict[int, int] = {}
    for place, piece in zip(at_b, b, strict=True):
        if waiting.get(piece.role):
            pairs[place] = waiting[piece.role].pop(0)
    edited = set(pairs.values())
    gone = [Change("removed", place, None) for place in at_a if place not in edited]
    came = [Change("edited", pairs[j], j) if j in pairs else Change("added", None, j) for j in at_b]
    return gone + came


def cache_word(prefix_share: float | None, tokens_input: int | None, cache_read: int | None) -> CacheWord:
    """What became of the provider's cache, from the shared beginning and the tokens that it says it read.

    `hit`: at least half of the shared beginning was read from the cache. `missed`: it was long enough, and was not.
    `broken`: the beginning changed, so next to nothing could be read. `short`: below CACHEABLE_TOKENS.
    `unknown`: usage or content was not reported.
    """
    if prefix_share is None or tokens_input is None or cache_read is None:
        return "unknown"
    shared_tokens = prefix_share * tokens_input
    if cache_read > 0 and cache_read >= shared_tokens / 2:
        return "hit"
    if tokens_input < CACHEABLE_TOKENS:
        return "short"
    if shared_tokens < CACHEABLE_TOKENS:
        return "broken"
    return "missed"
