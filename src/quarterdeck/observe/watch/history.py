"""The newest part of a feed: from what a watch without memory learns. Refuses: to hold more of it than asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.observe.watch.ports import Feed

_BACK = 4
"""How many times further back each look goes: numbers are used up by live runs too, so runs lie thin among them."""


def newest_runs(feed: Feed, most: int, *, page: int) -> tuple[Sequence[Run], int]:
    """At most the `most` newest runs that are over, in order, and the number to go on from."""
    last = feed.last_run_seq()
    back = most
    while back:
        start = max(0, last - back)
        found, last = _tail(feed, start, most, page)
        if start == 0 or len(found) == most:
            return found, last
        back *= _BACK
    return (), last


def _tail(feed: Feed, after_seq: int, most: int, page: int) -> tuple[Sequence[Run], int]:
    found: deque[Run] = deque(maxlen=most)
    while True:
        runs, after_seq = feed.runs_over(after_seq=after_seq, limit=page)
        found.extend(runs)
        if len(runs) < page:
            return found, after_seq


def newest_outcomes(feed: Feed, most: int, *, page: int) -> tuple[Sequence[Outcome], int]:
    """At most the `most` newest outcomes, in order, and the number to go on from."""
    found: deque[Outcome] = deque(maxlen=most)
    after_seq = 0
    while True:
        outcomes, after_seq = feed.outcomes_after(after_seq=after_seq, limit=page)
        found.extend(outcomes)
        if len(outcomes) < page:
            return found, after_seq
