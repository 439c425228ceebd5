"""What was cut from one context to the next: masked, summarised, dropped, rewritten; and what had to be read anew for it.

Pure. Refuses to call growth a cut, and to price: characters are what is known of a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from quarterdeck.observe.canonical.context_diff import Change, ContextDiff, Piece

MASKED_BELOW = 0.5
"""A tool result that came again at less than half its size is one that was masked: a stub stands in its place."""


class Cuts(NamedTuple):
    """Messages of the context before that did not come again as they were, by what became of them.

    `chars_gone`: characters that are not there any more. `chars_again`: characters that are the same as before but
    stand behind the first change, so that no provider's cache can serve them: the price of the cut.
    """

    masked: int
    summarised: int
    dropped: int
    rewritten: int
    chars_gone: int
    chars_again: int


def cuts_of(a: Sequence[Piece], b: Sequence[Piece], diff: ContextDiff) -> Cuts:
    """From the pieces of the call before to those of this call."""
    counts = {"masked": 0, "summarised": 0, "dropped": 0, "rewritten": 0}
    gone = again = 0
    for gap, followed in _gaps(diff.changes):
        removed = [change for change in gap if change.kind == "removed"]
        summary = followed and bool(removed) and any(_may_sum_up(change, b) for change in gap)
        counts["summarised" if summary else "dropped"] += len(removed)
        gone += sum(a[change.a].size for change in removed if change.a is not None)
        for change in gap:
            if change.kind == "edited" and change.a is not None and change.b is not None:
                before, after = a[change.a], b[change.b]
                counts["masked" if _masked(before, after) else "rewritten"] += 1
                gone += max(0, before.size - after.size)
    if any(counts.values()):
        again = sum(b[c.b].size for c in diff.changes[diff.prefix :] if c.kind == "kept" and c.b is not None)
    return Cuts(**counts, chars_gone=gone, chars_again=again)


def _gaps(changes: Sequence[Change]) -> Iterator[tuple[list[Change], bool]]:
    """Runs of changes between kept messages, each with whether a kept message follows."""
    gap: list[Change] = []
    for change in changes:
        if change.kind != "kept":
            gap.append(change)
        elif gap:
            yield gap, True
            gap = []
    if gap:
        yield gap, False


def _may_sum_up(change: Change, b: Sequence[Piece]) -> bool:
    """New words where old messages went, and no tool's: they stand for what went."""
    return change.kind in ("added", "edited") and change.b is not None and b[change.b].consumer != "tool_results"


def _masked(before: Piece, after: Piece) -> bool:
    return before.consumer == "tool_results" and after.size < before.size * MASKED_BELOW
