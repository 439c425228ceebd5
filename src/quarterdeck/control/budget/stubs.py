"""What stands in the place of a tool result that was masked: what it was, how to see it again, and the names in it.

The names are an extract of the text: a masked result can still be referred to. Refuses summaries: those are the caller's.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from quarterdeck.control.budget.segment import Render, Segment

NAMES_SHARE = 0.35
"""Of the tokens of a result that the names in its stub may take."""

ARGUMENTS_SHOWN = 160


def stub(segment: Segment, full: int, names: tuple[str, ...], known: Container[str]) -> Render:
    """The masked form. `names` are those of the text; those in `known` stand in a newer message and are left out."""
    what = f"[{_what(segment)}: {full:,} tokens left out; {_again(segment)}"
    kept, room = [], int(full * NAMES_SHARE)
    for name in names:
        if name in known:
            continue
        room -= len(name) // 3 + 1
        if room < 0:
            break
        kept.append(name)
    return Render("masked", f"{what}. Names in it: {', '.join(kept)}]" if kept else f"{what}]")


def ladder(segment: Segment, full: int, names: tuple[str, ...], known: Container[str]) -> Iterator[tuple[int, Render]]:
    """The forms below full, longest first, with their place: the caller's own (from 0), or the stub (-1)."""
    if segment.renders:
        yield from enumerate(segment.renders)
    elif segment.kind == "tool_result":
        yield -1, stub(segment, full, names, known)


def _what(segment: Segment) -> str:
    if segment.tool is None:
        return "Tool error" if segment.failed else "Tool result"
    given = segment.arguments or ""
    shown = given if len(given) <= ARGUMENTS_SHOWN else given[:ARGUMENTS_SHOWN] + "…"
    return f"{'Error' if segment.failed else 'Answer'} of {segment.tool}({shown})"


def _again(segment: Segment) -> str:
    return "call it again to see it" if segment.tool is None else f"call {segment.tool} again to see it"
