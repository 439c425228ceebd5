"""What changes every turn: retrieved items, scratch and world state; how much of it fits, and in which order.

Decided anew each turn. Refuses to leave out what is pinned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from quarterdeck.control.budget.admitting import Admitting
from quarterdeck.control.budget.layout import VOLATILE_ORDER, at_edges, in_order, ranked
from quarterdeck.control.budget.plan import Cut, Placed, cut_of
from quarterdeck.control.budget.segment import Segment
from quarterdeck.control.budget.sizes import Sizer


class Tail(NamedTuple):
    """`placed` in order, what is not there in full, and the order of the retrieved items (ids)."""

    placed: tuple[Placed, ...]
    cuts: tuple[Cut, ...]
    tokens: int
    order: tuple[str, ...]


def fill(segments: Sequence[Segment], room: int, previous: Sequence[str], sizer: Sizer, admitting: Admitting) -> Tail:
    """What fits into `room` tokens. `previous`: the order of the turn before. Pinned ones are in, whether they fit or not."""
    placed = {segment.id: admitting.place(segment, sizer.segment(segment)) for segment in segments}
    taken = sum(placed[segment.id].tokens for segment in segments if stays(segment))
    kept = {segment.id for segment in segments if stays(segment)}
    for segment in _by_worth(segments):
        if taken + placed[segment.id].tokens <= room:
            taken += placed[segment.id].tokens
            kept.add(segment.id)
    items = [segment for segment in segments if segment.kind == "retrieved" and segment.id in kept]
    order = at_edges(items, previous)
    rest = in_order([segment for segment in segments if segment.id in kept], VOLATILE_ORDER[1:])
    tail = tuple(placed[segment.id] for segment in (*order, *rest))
    cuts = [cut_of(one, sizer.segment(one.segment)) for one in tail if one.form != "full"]
    cuts += [
        Cut(one.id, one.kind, "dropped", sizer.segment(one), 0, "no room for it this turn")
        for one in segments
        if one.id not in kept
    ]
    return Tail(tail, tuple(cuts), taken, tuple(item.id for item in order))


def stays(segment: Segment) -> bool:
    """It may not be left out."""
    return segment.pinned or segment.floor > 0


def _by_worth(segments: Sequence[Segment]) -> list[Segment]:
    """What may be left out, the best first: by priority, and inside it items by relevance before scratch."""
    free = [segment for segment in segments if not stays(segment)]
    items = ranked([segment for segment in free if segment.kind == "retrieved"])
    others = [segment for segment in free if segment.kind != "retrieved"]
    return sorted((*items, *others), key=lambda segment: -segment.priority)
