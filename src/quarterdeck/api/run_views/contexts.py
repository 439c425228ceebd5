"""The contexts of a run's model calls: how large, by consumer, and what changed from one call to another.

Reads raw spans of a page of calls and of the calls before them, never of the whole run. Refuses to hold messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quarterdeck.api.run_views.absence import absent_of
from quarterdeck.api.run_views.cuts import Cuts, cuts_of
from quarterdeck.api.run_views.outline import Outline, SpanKey
from quarterdeck.api.run_views.uses import Told, Use, Window, told_of, uses_of, window_of
from quarterdeck.api.services import ApiServices
from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.raw import Absent, RawSpan
from quarterdeck.observe.canonical.context_diff import (
    CacheWord,
    Consumer,
    ContextDiff,
    Piece,
    cache_word,
    compare,
    pieces_of,
    tool_definitions,
)

NO_WINDOW = Window(None, None, None, None)


class Call(NamedTuple):
    """One model call of a run: its row in the outline, the row of the call that it follows (None = of none), and whose it is.

    `agent` is a place in the outline's texts: of the nearest agent above, else what the call itself says; -1 = nobody.
    `certain`: both stand below one agent span. Else the agent was called anew, and its context may begin afresh.
    """

    row: int
    previous: int | None
    agent: int
    certain: bool = True


class CallContext(NamedTuple):
    """What one call had in its context. `chars` is None without content; `shared_chars` and `cut` without a previous call.

    `window` and `told` (the agent's own plan) are known without content too; `uses` in characters, `cuts` by what became of them.
    """

    call: Call
    content_state: str
    absent: Absent | None
    messages: int
    chars: Mapping[Consumer, int] | None
    shared_chars: int | None
    cut: int | None
    cache_read: int | None
    cache: CacheWord
    window: Window = NO_WINDOW
    told: Told | None = None
    uses: Mapping[Use, int] | None = None
    cuts: Cuts | None = None


class CallDiff(NamedTuple):
    """Two calls side by side; `a` is None where nothing came before."""

    a: CallContext | None
    b: CallContext
    pieces_a: tuple[Piece, ...]
    pieces_b: tuple[Piece, ...]
    diff: ContextDiff
    cache: CacheWord


class _Read(NamedTuple):
    """A call's pieces, with what is known when there are none."""

    pieces: tuple[Piece, ...]
    state: str
    absent: Absent | None
    window: Window = NO_WINDOW
    told: Told | None = None


def model_calls(outline: Outline) -> list[Call]:
    """Model calls in order of start, each with the one that it follows.

    That is the latest earlier call below the same agent span; without one, the latest call of an agent of the same
    name that had ended: an agent that is called once per turn.
    """
    columns, texts = outline.columns, outline.texts
    rows = [row for row, kind in enumerate(columns.kind) if texts[kind] == "llm"]
    rows.sort(key=lambda row: (columns.offset_us[row], row))
    by_span: dict[int, int] = {}
    by_name: dict[int, int] = {}
    calls = []
    for row in rows:
        owner = _owner(outline, row)
        name = columns.agent[row if owner < 0 else owner]
        before = by_span.get(owner)
        certain = before is not None
        if before is None and (other := by_name.get(name)) is not None and _ended_before(outline, other, row):
            before = other
        calls.append(Call(row, before, name, certain))
        by_span[owner] = by_name[name] = row
    return calls


def _owner(outline: Outline, row: int) -> int:
    """Row of the nearest agent above, else -1."""
    columns = outline.columns
    above = columns.parent[row]
    while above >= 0 and outline.texts[columns.kind[above]] != "agent":
        above = columns.parent[above]
    return above


def _ended_before(outline: Outline, earlier: int, later: int) -> bool:
    columns = outline.columns
    length = columns.duration_us[earlier]
    return length is not None and columns.offset_us[earlier] + length <= columns.offset_us[later]


def contexts_of(services: ApiServices, outline: Outline, calls: Sequence[Call]) -> list[CallContext]:
    """The contexts of those calls, in their order."""
    rows = {call.row for call in calls} | {call.previous for call in calls if call.previous is not None}
    read = _read(services, outline, rows)
    return [_context(outline, call, read) for call in calls]


def diff_of(services: ApiServices, outline: Outline, first: Call | None, second: Call) -> CallDiff:
    """From the first call's context to the second's; from nothing when there is no call before."""
    calls = [call for call in (first, second) if call is not None]
    read = _read(
        services, outline, {call.row for call in calls} | {c.previous for c in calls if c.previous is not None}
    )
    pieces_a = () if first is None else read[first.row].pieces
    pieces_b = read[second.row].pieces
    diff = compare(pieces_a, pieces_b)
    b = _context(outline, second, read)
    known = diff.prefix_share if pieces_a and pieces_b else None
    word = cache_word(known, outline.columns.tokens_input[second.row], b.cache_read)
    return CallDiff(None if first is None else _context(outline, first, read), b, pieces_a, pieces_b, diff, word)


def call_of(outline: Outline, calls: Sequence[Call], span_id: str, name: str) -> Call:
    """The model call of that span id. Raises BadInput when the span is no model call, NotFound when there is none."""
    for call in calls:
        if outline.columns.span_id[call.row] == span_id:
            return call
    if span_id in outline.columns.span_id:
        msg = f"{name}: found span {span_id[:64]!r}, expected a model call"
        raise BadInput(msg, mend="take span ids from runs/{run_id}/context")
    msg = f"run {outline.run.run_id[:64]!r} has no span {span_id[:64]!r}"
    raise NotFound(msg)


def key_of(outline: Outline, row: int) -> SpanKey:
    return outline.traces[outline.columns.trace[row]], outline.columns.span_id[row]


def _read(services: ApiServices, outline: Outline, rows: set[int]) -> dict[int, _Read]:
    keys = {row: key_of(outline, row) for row in rows}
    raws = services.store.spans_raw(outline.run.project, keys.values())
    models = {row: outline.text(outline.columns.model[row]) for row in rows}
    return {row: _read_one(services, raws.get(key), models[row]) for row, key in keys.items()}


def _read_one(services: ApiServices, raw: RawSpan | None, model: str | None) -> _Read:
    if raw is None:
        return _Read((), "absent", None)
    return _pieces(services, raw)._replace(window=window_of(raw, model), told=told_of(raw))


def _pieces(services: ApiServices, raw: RawSpan) -> _Read:
    absent = absent_of(raw)
    if absent is not None:
        return _Read((), absent.reason, absent)
    found = services.conversation(raw)
    if not found["input"]:
        state = "absent" if found["content_state"] == "present" else str(found["content_state"])
        return _Read((), state, None)
    return _Read(pieces_of(found["input"], tool_definitions(raw)), "present", None)


def _context(outline: Outline, call: Call, read: Mapping[int, _Read]) -> CallContext:
    mine = read[call.row]
    before = () if call.previous is None else read[call.previous].pieces
    cache_read = outline.columns.cache_read[call.row]
    bare = CallContext(
        call, mine.state, mine.absent, 0, None, None, None, cache_read, "unknown", mine.window, mine.told
    )
    if not mine.pieces:
        return bare
    alone = bare._replace(absent=None, messages=len(mine.pieces), chars=_chars(mine.pieces), uses=uses_of(mine.pieces))
    if not before:
        return alone
    diff = compare(before, mine.pieces)
    if not call.certain and diff.prefix_chars * 2 < diff.chars_a:  # it does not go on: this is no cut
        return alone._replace(call=call._replace(previous=None))
    cut = sum(change.kind in ("removed", "edited") for change in diff.changes)
    word = cache_word(diff.prefix_share, outline.columns.tokens_input[call.row], cache_read)
    cuts = cuts_of(before, mine.pieces, diff)
    return alone._replace(shared_chars=diff.prefix_chars, cut=cut, cache=word, cuts=cuts)


def _chars(pieces: Sequence[Piece]) -> dict[Consumer, int]:
    chars: dict[Consumer, int] = {}
    for piece in pieces:
        for consumer, size in piece.chars.items():
            chars[consumer] = chars.get(consumer, 0) + size
    return chars
