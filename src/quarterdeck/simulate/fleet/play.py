"""Plays a fleet in time: a heap of what happens next, advanced by a step given "now".

The player owns no clock of its own and never sleeps in `advance`; `run` is the loop around it for real time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from opentelemetry.sdk.trace import SpanProcessor

from quarterdeck.clock import Clock
from quarterdeck.errors import BadInput
from quarterdeck.simulate.fleet.emit import Emitter, OpenRun
from quarterdeck.simulate.fleet.plan import FleetPlan, PlannedRun
from quarterdeck.simulate.fleet.steps import Step

STEP_S = 0.1
"""How long the loop rests between two looks at the clock, seconds."""
HISTORY_S_MAX = 3600.0
TELL_S = 1.0
FLUSH_SPANS = 16_384
"""Spans of history that are told before the fleet waits until they are sent; far fewer than a queue holds."""


class FleetSummary(NamedTuple):
    """What a fleet has emitted. `runs_failed` of `runs_finished`; tokens of all model calls that reported usage."""

    runs_started: int
    runs_finished: int
    runs_failed: int
    runs_open: int
    spans: int
    model_calls: int
    tool_calls: int
    tokens_input: int
    tokens_output: int

    def as_json(self) -> dict[str, Any]:
        """The summary as the command line prints it."""
        return dict(self._asdict())


@dataclass(slots=True)
class _Slot:
    """Where one of the concurrent runs is: `next_step` of its run happens between `begins_s` and the heap's time.

    `held`: steps that have happened and are not sent yet (number, begin, end).
    """

    number: int
    generation: int = 0
    open: OpenRun | None = None
    next_step: int = 0
    begins_s: float = 0.0
    held: list[tuple[int, float, float]] = field(default_factory=list)


@dataclass(slots=True)
class _Counts:
    started: int = 0
    finished: int = 0
    failed: int = 0
    spans: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    tokens: dict[str, int] = field(default_factory=lambda: {"input": 0, "output": 0})


class FleetPlayer:
    """A fleet under way, in full swing from its first second.

    `speed` 10 plays ten seconds of the plan in one; spans carry the time at which they are played. `history_s` seconds of
    the plan lie before the fleet's start; `run` tells them first. The clock is read here, for the fleet's start, and in
    `run`.
    Raises BadInput for a speed that is not above 0 and for a history outside 0 to an hour.
    """

    def __init__(
        self, plan: FleetPlan, processor: SpanProcessor, clock: Clock, *, speed: float = 1.0, history_s: float = 0.0
    ) -> None:
        if not speed > 0:
            raise BadInput(f"speed must be above 0, got {speed}")
        if not 0 <= history_s <= HISTORY_S_MAX:
            raise BadInput(f"history must be from 0 to {HISTORY_S_MAX:.0f} seconds, got {history_s}")
        self._plan = plan
        self._clock = clock
        self._speed = speed
        self._start_ns = clock.now_ns()
        self._emitter = Emitter(processor, self._start_ns)
        self._counts = _Counts()
        self._slots = [_Slot(number) for number in range(plan.agents)]
        self._heap: list[tuple[float, int]] = []
        self._closed = False
        self._change_s = plan.changes_at_s
        self._live = not history_s
        if not self._live:
            self._plan = replace(plan, changes_at_s=None)
        for slot in self._slots:
            self._begin(slot, *plan.under_way(slot.number, -history_s))

    @property
    def now_s(self) -> float:
        """Seconds of the plan since the fleet's start."""
        return (self._clock.now_ns() - self._start_ns) / 1e9 * self._speed

    @property
    def summary(self) -> FleetSummary:
        """What was emitted so far."""
        counts = self._counts
        return FleetSummary(
            runs_started=counts.started,
            runs_finished=counts.finished,
            runs_failed=counts.failed,
            runs_open=len(self._slots),
            spans=counts.spans,
            model_calls=counts.model_calls,
            tool_calls=counts.tool_calls,
            tokens_input=counts.tokens["input"],
            tokens_output=counts.tokens["output"],
        )

    def advance(self, now_s: float) -> int:
        """Play everything up to `now_s`; answers how many spans were emitted."""
        before = self._counts.spans
        while self._heap and self._heap[0][0] <= now_s:
            at_s, number = heapq.heappop(self._heap)
            self._happen(self._slots[number], at_s)
        return self._counts.spans - before

    def tell_history(self, told: Callable[[float], None] = lambda _: None) -> None:
        """Send what happened until now, as fast as it is taken; `told(seconds that are left)` after each part.

        Runs of the past are sent whole, in the order of their ends: half a run whose last span is minutes old looks like one
        that was left. Those under way follow at the end, when little time has passed since their last span.
        """
        told_s, waiting = self._heap[0][0], 0
        while not self._live and self.now_s - told_s > STEP_S:
            told_s = min(self.now_s, told_s + TELL_S)
            waiting += self.advance(told_s)
            if waiting >= FLUSH_SPANS:
                waiting = 0
                self._emitter.flush()
                told(self.now_s - told_s)
        if not self._live:
            self._go_live()
            told(0.0)

    def run(
        self,
        duration_s: float | None,
        rest: Callable[[float], bool],
        progress: Callable[[FleetSummary], None] = lambda _: None,
        told: Callable[[float], None] = lambda _: None,
    ) -> FleetSummary:
        """Tell the history, play for `duration_s` real seconds, None without end, then `close`.

        The plan's change counts from when the history is told, however long a server takes for it: what is normal is known
        then. `rest(seconds)` waits and answers whether to stop (as `threading.Event.wait` does); `told` as in `tell_history`.
        """
        stop = False
        try:
            self.tell_history(told)
            end_s = None if duration_s is None else self.now_s + duration_s * self._speed
            while not stop and (end_s is None or self.now_s < end_s):
                self.advance(self.now_s)
                progress(self.summary)
                stop = rest(STEP_S)
        finally:
            self.close()
        return self.summary

    def close(self) -> None:
        """Send what waits and end. Open runs are left open, as when a process is killed: to end them without their

        outcome would count them as successes.
        """
        if not self._closed:
            self._closed = True
            self._emitter.close()

    def _go_live(self) -> None:
        """Send what is under way; from now on steps are sent as they happen, and the change is so long ahead as planned."""
        self._live = True
        for slot in self._slots:
            self._send(slot)
        self._emitter.flush()
        if self._change_s is not None:
            self._plan = replace(self._plan, changes_at_s=self._change_s + self.now_s)

    def _begin(self, slot: _Slot, run: PlannedRun, at_s: float) -> None:
        """Start the slot's next run and put its first step on the heap."""
        slot.open = self._emitter.start(run, self._ns(at_s))
        slot.generation += 1
        slot.next_step = 0
        self._counts.started += 1
        self._wait_for_step(slot, run, at_s)

    def _wait_for_step(self, slot: _Slot, run: PlannedRun, after_s: float) -> None:
        step = run.steps[slot.next_step]
        slot.begins_s = after_s + step.gap_s
        heapq.heappush(self._heap, (slot.begins_s + step.duration_s, slot.number))

    def _happen(self, slot: _Slot, at_s: float) -> None:
        """A step has ended at `at_s`; the last one ends the run, and the next begins."""
        opened = slot.open
        assert opened is not None
        slot.held.append((slot.next_step, slot.begins_s, at_s))
        slot.next_step += 1
        if self._live or slot.next_step == len(opened.run.steps):
            self._send(slot)
        if slot.next_step < len(opened.run.steps):
            self._wait_for_step(slot, opened.run, at_s)
            return
        opened.finish(self._ns(at_s))
        self._counts.spans += 1
        self._counts.finished += 1
        self._counts.failed += opened.run.error is not None
        self._begin(slot, self._plan.run(slot.number, slot.generation, at_s), at_s)

    def _send(self, slot: _Slot) -> None:
        """Emit what a run has done."""
        assert slot.open is not None
        for number, begins_s, ends_s in slot.held:
            slot.open.step(number, self._ns(begins_s), self._ns(ends_s))
            self._count(slot.open.run.steps[number])
        slot.held.clear()

    def _count(self, step: Step) -> None:
        counts = self._counts
        counts.spans += 1
        counts.model_calls += step.kind == "llm"
        counts.tool_calls += step.kind == "tool"
        counts.tokens["input"] += step.tokens_input or 0
        counts.tokens["output"] += step.tokens_output or 0

    def _ns(self, at_s: float) -> int:
        return self._start_ns + int(at_s / self._speed * 1e9)
