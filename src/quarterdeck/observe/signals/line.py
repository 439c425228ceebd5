"""Runs that are over, in the line to the streams of the whole and of cohorts: they are taken in the order of their start.

In the order of their ends short runs come first, and among them more failed ones: after a cut-over, a restart of all runs
at once, or the end of traffic the streams would see one kind only. So a run waits until those that started before it are
over: as long as the longest usual run takes. Starts of one moment are ordered by a hash of the run's id, not by length.
Bounded. Refuses: to know the clock, and to hold a run; what waits are its values and attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import NamedTuple
from zlib import crc32

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.newest import ATTRIBUTES
from quarterdeck.observe.signals.records import Record
from quarterdeck.stats.bets import Floats

LINE_MAX = 50_000
"""Runs that wait; beyond, the one that started first is taken at once."""


class Held(NamedTuple):
    """One run, in plain fields so that thousands are written fast; the first three are its place in the line."""

    started_ns: int
    drawn: int
    number: int
    run_id: str
    ended_ns: int
    stratum: int
    parts: tuple[str | None, ...]
    unit: str | None
    values: Floats
    attributes: tuple[str | None, ...]
    tools: dict[str, int]
    tool_errors: dict[str, int]


class Line:
    """A heap by start. `taken` is how many ever came."""

    def __init__(self) -> None:
        self.waiting: list[Held] = []
        self.taken = 0

    def __len__(self) -> int:
        return len(self.waiting)

    def add(self, held: Held) -> None:
        """One more that waits."""
        heappush(self.waiting, held)

    def held(self, run: Run, record: Record, newest_ns: int) -> Held:
        """A run as it waits. A start that lies ahead of all that was seen is a wrong clock, and counts as now."""
        self.taken += 1
        attributes = tuple(getattr(run, name) for name in ATTRIBUTES)
        drawn = crc32(run.run_id.encode("utf-8", "surrogatepass"))
        return Held(
            min(record.started_ns, newest_ns), drawn, self.taken, record.run_id, record.ended_ns, record.stratum,
            record.parts, record.unit, record.values, attributes, run.tools, run.tool_errors,
        )  # fmt: skip

    def due(self, until_ns: int) -> Iterator[Held]:
        """Those that started until then, and those for which there is no room, first start first; they wait no longer."""
        while self.waiting and (self.waiting[0].started_ns <= until_ns or len(self.waiting) > LINE_MAX):
            yield heappop(self.waiting)

    def drop(self, explained: Callable[[Record], bool]) -> None:
        """Take those out of the line whose cause is known by now."""
        self.waiting = [held for held in self.waiting if not explained(record_of_held(held))]
        heapify(self.waiting)


def record_of_held(held: Held) -> Record:
    """Its times, version and values."""
    return Record(
        held.run_id, held.started_ns, held.ended_ns, held.stratum, held.parts, held.unit, held.values
    )  # fmt: skip
