"""The order of the window: immutable, slowly changing, the history, then what changes every turn.

So the provider's cache is used as far as it can be. Retrieved items stand with the best at both edges, where models read
best (Liu and others, "Lost in the Middle", TACL 2024). Refuses to reorder the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from quarterdeck.control.budget.segment import Kind, Segment

FIXED_ORDER: tuple[Kind, ...] = ("system", "tools", "task")
VOLATILE_ORDER: tuple[Kind, ...] = ("retrieved", "scratch", "world")

BEST = 3
EDGE_FIRST, EDGE_LAST = 4, 5
"""The best three stand among the first 4 or the last 5 places; with 20 items none is at 5 to 15."""


def in_order(segments: Sequence[Segment], kinds: Sequence[Kind]) -> list[Segment]:
    """By kind, and as given inside a kind."""
    return [segment for kind in kinds for segment in segments if segment.kind == kind]


def ranked(items: Sequence[Segment]) -> list[Segment]:
    """The most relevant first; an unknown relevance is the least, and the given order decides between equals."""
    return sorted(items, key=lambda item: -_relevance(item))


def at_edges(items: Sequence[Segment], previous: Sequence[str] = ()) -> list[Segment]:
    """Rank 1 first, 2 last, 3 second, 4 before the last, and so on inwards.

    The same items stay in their previous order (ids) as long as the best three stand at the edges in it.
    """
    order = ranked(items)
    if len(previous) == len(items) and set(previous) == {item.id for item in items} and _stands(order, previous):
        place = {name: n for n, name in enumerate(previous)}
        return sorted(items, key=lambda item: place[item.id])
    return order[0::2] + order[1::2][::-1]


def _stands(order: Sequence[Segment], previous: Sequence[str]) -> bool:
    n = len(previous)
    middle = set(previous[EDGE_FIRST : max(n - EDGE_LAST, EDGE_FIRST)])
    return middle.isdisjoint(map(attrgetter("id"), order[:BEST]))


def _relevance(item: Segment) -> float:
    return float("-inf") if item.relevance is None else item.relevance
