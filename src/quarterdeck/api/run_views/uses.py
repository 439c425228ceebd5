"""Who uses a context window: tools, system, world state, task, retrieved, history, tool results.

Two sources: what the agent's own plan said with its span (`quarterdeck.context.*`, docs/design/attributes.md), else
what can be read from the messages. Pure. Refuses to guess what was retrieved: messages do not say it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from quarterdeck.control.budget.windows import EFFECTIVE, advertised_tokens
from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.canonical.context_diff import Consumer, Piece

Use = Literal["tools", "system", "world", "task", "retrieved", "history", "tool_results"]
USES: tuple[Use, ...] = ("tools", "system", "world", "task", "retrieved", "history", "tool_results")
"""In the order of a window that is laid out for a cache."""

_SAYS = "quarterdeck.context."
_KINDS: dict[str, Use] = {
    **{name: name for name in USES},
    "tool_result": "tool_results",
    "scratch": "history",
}
_COUNTS = ("kept", "clipped", "masked", "summarised", "referenced", "dropped", "cut")
_RESERVES = ("gen_ai.request.max_tokens", "gen_ai.request.max_output_tokens", "llm.request.max_tokens")


class Told(NamedTuple):
    """What the plan of the agent's own context budget said. `used` in tokens, `counts` of segments; empty where it said nothing."""

    used: Mapping[Use, int]
    counts: Mapping[str, int]
    cut_reason: str | None


class Window(NamedTuple):
    """Tokens: as advertised, worth using, and kept free for the answer; None where not known. `source` of the first two."""

    advertised: int | None
    effective: int | None
    reserve_output: int | None
    source: Literal["agent", "table"] | None


def told_of(raw: RawSpan) -> Told | None:
    """None where the span carries no plan."""
    used: dict[Use, int] = {}
    for kind, use in _KINDS.items():
        size = _count(raw, f"{_SAYS}used.{kind}")
        if size is not None:
            used[use] = used.get(use, 0) + size
    counts = {name: count for name in _COUNTS if (count := _count(raw, _SAYS + name)) is not None}
    if not used and not counts:
        return None
    reason = raw.attributes.get(f"{_SAYS}cut_reason")
    return Told(used, counts, reason[:400] if isinstance(reason, str) and reason else None)


def window_of(raw: RawSpan, model: str | None) -> Window:
    """What the agent said of its window, else the table of advertised windows."""
    told = _count(raw, f"{_SAYS}window")
    effective = _count(raw, f"{_SAYS}effective")
    reserve = next(
        (size for key in (f"{_SAYS}reserve_output", *_RESERVES) if (size := _count(raw, key)) is not None), None
    )
    listed = None if model is None else advertised_tokens(model)
    advertised = told if told is not None else listed
    if advertised is None and effective is None:
        return Window(None, None, reserve, None)
    source: Literal["agent", "table"] = "table" if told is None and effective is None else "agent"
    if effective is None and advertised is not None:
        effective = int(advertised * EFFECTIVE)
    return Window(advertised, effective, reserve, source)


def uses_of(pieces: Sequence[Piece]) -> dict[Use, int]:
    """Characters by use, as messages show it: the first that a user said is the task, the others are history."""
    found: dict[Use, int] = {}
    asked = False
    for piece in pieces:
        first = not asked and piece.consumer == "user"
        asked = asked or first
        for consumer, size in piece.chars.items():
            use = _use(consumer, first)
            found[use] = found.get(use, 0) + size
    return found


def _use(consumer: Consumer, first: bool) -> Use:
    if consumer == "user":
        return "task" if first else "history"
    return "history" if consumer == "assistant" else consumer


def _count(raw: RawSpan, key: str) -> int | None:
    value = raw.attributes.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return int(value)
