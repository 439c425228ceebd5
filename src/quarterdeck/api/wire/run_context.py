"""The contexts of model calls as sent: sizes by consumer, and what changed between two of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from quarterdeck.api.run_views.contexts import CallContext, CallDiff, key_of
from quarterdeck.api.run_views.outline import Outline
from quarterdeck.api.run_views.rewrites import rewrite_of
from quarterdeck.api.run_views.uses import USES, Told
from quarterdeck.api.services import TokenRates
from quarterdeck.api.wire.span import AbsentOut, ContentState
from quarterdeck.observe.canonical.context_diff import CONSUMERS, CacheWord, Change, Piece

CHANGES_MAX = 2_000
"""Changes of one answer; kept messages are left out first."""

_CACHE_WORDS = {
    "hit": "the provider read {read} tokens of it from its cache",
    "missed": "the provider's cache could have read that beginning and read {read} tokens",
    "broken": "the beginning changed, so the provider's cache could not be used",
    "short": "the context is too short for a provider's cache",
    "unknown": "whether the provider's cache was used is not known",
}


class CharsOut(BaseModel):
    """Characters by consumer."""

    tools: int
    system: int
    user: int
    assistant: int
    tool_results: int


class WindowOut(BaseModel):
    """Tokens of the model's window. Null = not known."""

    advertised: int | None
    effective: int | None = Field(description="Worth using: what the agent's budget says, else 0.65 of the advertised.")
    reserve_output: int | None = Field(
        description="Kept free for the answer: the plan's reserve, else the asked maximum."
    )
    source: Literal["agent", "table"] | None


class UsesOut(BaseModel):
    """Who uses the window; in tokens where the agent's plan told them, else in characters."""

    tools: int
    system: int
    world: int
    task: int
    retrieved: int
    history: int
    tool_results: int


class PlanOut(BaseModel):
    """What the agent's own context budget said with its span."""

    used: UsesOut | None = Field(description="Predicted tokens.")
    counts: dict[str, int] = Field(description="Segments kept, masked, summarised, referenced, dropped, cut.")
    cut_reason: str | None


class CutsOut(BaseModel):
    """What was cut since the call before, and what that cost."""

    masked: int
    summarised: int
    dropped: int
    rewritten: int
    tokens_gone: int | None
    tokens_again: int | None = Field(
        description="The same as before, behind the first change: no cache can serve them."
    )
    cost_equivalents: float | None = Field(description="What that cost, in tokens at the price of uncached input.")
    cost_usd: float | None = Field(description="The same in dollars; null where the model has no price.")


class CallContextOut(BaseModel):
    """The context of one model call."""

    trace_id: str
    span_id: str
    previous_span_id: str | None = Field(description="The call before it in the same agent.")
    agent: str | None
    model: str | None
    offset_ms: float
    tokens_input: int | None
    cache_read: int | None
    content_state: ContentState
    absent: AbsentOut | None
    messages: int = Field(description="Messages, tool definitions counted as one.")
    chars: CharsOut | None
    chars_total: int | None
    shared_chars: int | None = Field(description="At the beginning, equal to the call before.")
    cut: int | None = Field(description="Messages of the call before that did not come again as they were.")
    cache: CacheWord
    window: WindowOut
    uses: UsesOut | None = Field(description="Characters, read from the messages.")
    plan: PlanOut | None
    cuts: CutsOut | None


class ContextOut(BaseModel):
    """Model calls of a run by start."""

    items: list[CallContextOut]
    calls: int
    next_cursor: str | None


class ChangeOut(BaseModel):
    """One message and what became of it."""

    change: Literal["kept", "added", "removed", "edited"]
    role: str
    consumer: Literal["tools", "system", "user", "assistant", "tool_results"]
    chars_a: int | None
    chars_b: int | None
    preview_a: str | None
    preview_b: str | None


class SumOut(BaseModel):
    """All messages of one kind of change. Tokens are estimated by the share of characters; null without usage."""

    messages: int
    chars: int
    tokens_estimated: int | None


class PrefixOut(SumOut):
    """The beginning that both contexts share."""

    share: float | None = Field(description="Of the second context, by characters.")


class ContextDiffOut(BaseModel):
    """From the context of call a to that of call b."""

    a: CallContextOut | None = Field(description="Null for the first call of an agent: then all is added.")
    b: CallContextOut
    changes: list[ChangeOut]
    kept: SumOut
    added: SumOut
    removed: SumOut
    edited: SumOut
    prefix: PrefixOut
    cache_read: int | None
    cache: CacheWord
    in_words: str
    changes_left_out: int


def context_dict(outline: Outline, context: CallContext, rates: TokenRates) -> dict[str, Any]:
    columns, row = outline.columns, context.call.row
    trace_id, span_id = key_of(outline, row)
    previous, chars = context.call.previous, context.chars
    return {
        "trace_id": trace_id,
        "span_id": span_id,
        "previous_span_id": None if previous is None else columns.span_id[previous],
        "agent": outline.text(context.call.agent),
        "model": outline.text(columns.model[row]),
        "offset_ms": columns.offset_us[row] / 1000,
        "tokens_input": columns.tokens_input[row],
        "cache_read": context.cache_read,
        "content_state": context.content_state,
        "absent": None if context.absent is None else {"reason": context.absent.reason, "bytes": context.absent.size},
        "messages": context.messages,
        "chars": None if chars is None else {name: chars.get(name, 0) for name in CONSUMERS},
        "chars_total": None if chars is None else sum(chars.values()),
        "shared_chars": context.shared_chars,
        "cut": context.cut,
        "cache": context.cache,
        "window": context.window._asdict(),
        "uses": None if context.uses is None else {name: context.uses.get(name, 0) for name in USES},
        "plan": None if context.told is None else _plan(context.told),
        "cuts": _cuts(outline, context, rates),
    }


def _plan(told: Told) -> dict[str, Any]:
    used = {name: told.used.get(name, 0) for name in USES} if told.used else None
    return {"used": used, "counts": dict(told.counts), "cut_reason": told.cut_reason}


def _cuts(outline: Outline, context: CallContext, rates: TokenRates) -> dict[str, Any] | None:
    cuts = context.cuts
    if cuts is None:
        return None
    return {
        **{name: getattr(cuts, name) for name in ("masked", "summarised", "dropped", "rewritten")},
        **rewrite_of(outline, context.call.row, cuts, sum((context.chars or {}).values()), rates)._asdict(),
    }


def context_diff_dict(outline: Outline, found: CallDiff, rates: TokenRates) -> dict[str, Any]:
    """Most changes first: where there are more than CHANGES_MAX, kept messages are left out."""
    diff, tokens = found.diff, _rates(outline, found)
    shown = list(diff.changes)
    if len(shown) > CHANGES_MAX:
        shown = [change for change in shown if change.kind != "kept"][:CHANGES_MAX]
    share = diff.prefix_share if found.pieces_a and found.pieces_b else None
    prefix = {"messages": diff.prefix, "chars": diff.prefix_chars, "tokens_estimated": tokens(diff.prefix_chars)}
    sums = {kind: _sum(found, kind, tokens) for kind in ("kept", "added", "removed", "edited")}
    return {
        "a": None if found.a is None else context_dict(outline, found.a, rates),
        "b": context_dict(outline, found.b, rates),
        "changes": [_change(change, found) for change in shown],
        **sums,
        "prefix": {**prefix, "share": share},
        "cache_read": found.b.cache_read,
        "cache": found.cache,
        "in_words": _words(sums, prefix, share, found),
        "changes_left_out": len(diff.changes) - len(shown),
    }


def _rates(outline: Outline, found: CallDiff) -> Any:
    """Characters to tokens by the rate of the second call; None where its usage or content is unknown."""
    tokens, chars = outline.columns.tokens_input[found.b.call.row], found.diff.chars_b

    def estimate(size: int) -> int | None:
        return None if tokens is None or not chars else round(size * tokens / chars)

    return estimate


def _sizes(change: Change, found: CallDiff) -> tuple[Piece | None, Piece | None]:
    a = None if change.a is None else found.pieces_a[change.a]
    b = None if change.b is None else found.pieces_b[change.b]
    return a, b


def _sum(found: CallDiff, kind: str, tokens: Any) -> dict[str, Any]:
    pairs = [_sizes(change, found) for change in found.diff.changes if change.kind == kind]
    chars = sum(piece.size for a, b in pairs if (piece := b or a) is not None)
    return {"messages": len(pairs), "chars": chars, "tokens_estimated": tokens(chars)}


def _change(change: Change, found: CallDiff) -> dict[str, Any]:
    a, b = _sizes(change, found)
    shown = b or a
    assert shown is not None
    return {
        "change": change.kind,
        "role": shown.role,
        "consumer": shown.consumer,
        "chars_a": None if a is None else a.size,
        "chars_b": None if b is None else b.size,
        "preview_a": a.preview if a is not None and change.kind in ("edited", "removed") else None,
        "preview_b": None if b is None else b.preview,
    }


def _words(sums: dict[str, dict[str, Any]], prefix: dict[str, Any], share: float | None, found: CallDiff) -> str:
    if found.a is None and found.pieces_b:
        return f"The first call of its agent: {sums['added']['messages']} messages, and nothing before them."
    if share is None:
        return "The messages of at least one of the two calls are not known, so they cannot be compared."
    counts = ", ".join(f"{sums[kind]['messages']} {kind}" for kind in ("kept", "added", "removed", "edited"))
    read = "none" if not found.b.cache_read else f"{found.b.cache_read:,}"
    cache = _CACHE_WORDS[found.cache].format(read=read).replace("none tokens", "nothing")
    return f"Messages: {counts}. The first {prefix['messages']} ({share:.0%} of the context) are the same; {cache}."
