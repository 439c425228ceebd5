"""Retention: takes what grew old, class by class, in small steps between the commits.

Age counts from arrival: history that was imported yesterday is one day old, whatever times it carries. Spans go by whole
traces whose runs are over. Nothing is remembered between two rounds, so a stop at any moment costs nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

from quarterdeck.clock import Clock
from quarterdeck.errors import QuarterdeckError
from quarterdeck.observe.upkeep.bench import Bench, Errand
from quarterdeck.observe.upkeep.options import DAY_NS, RetentionOptions
from quarterdeck.store.interface import Erased, TelemetryStore
from quarterdeck.store.upkeep import TombstoneStore

_RUNS_A_STEP = 500
_LIVE = frozenset({"running", "waiting", "stalled"})
_STOP_CHECK_TRACES = 100_000
"""Old traces looked at in one round of one project, so that a round has an end."""


class Log(Protocol):
    """Where failures are told (structlog's shape)."""

    def error(self, event: str, **fields: Any) -> Any: ...


class Removed(NamedTuple):
    """What a round took (or, in a dry run, would take), by class. `bodies` is None in a dry run: only removal counts them."""

    bodies: int | None = 0
    spans: int = 0
    traces: int = 0
    runs: int = 0
    rollups: int = 0


class RetentionState(NamedTuple):
    """Where retention stands: when the last round ended (None = none since the start), and all that it took since then."""

    last_round_ns: int | None
    running: bool
    removed: Removed
    error: str | None


@dataclass(slots=True)
class _State:
    last_round_ns: int | None = None
    running: bool = False
    removed: dict[str, Removed] = field(default_factory=dict)
    error: str | None = None


class Retainer:
    """`start` makes the loop's thread; `round` does all of it once, in the caller's thread."""

    def __init__(
        self,
        store: TelemetryStore,
        errand: Errand,
        ledger: TombstoneStore,
        *,
        forget_tombstones: Callable[[Sequence[str]], None],
        options: RetentionOptions,
        clock: Clock,
        log: Log,
    ) -> None:
        self._store = store
        self._errand = errand
        self._ledger = ledger
        self._forget = forget_tombstones
        self._options = options
        self._clock = clock
        self._log = log
        self._state = _State()
        self._stop = threading.Event()
        self._one_round = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def options(self) -> RetentionOptions:
        return self._options

    def start(self) -> None:
        """Look for old data every `every_s`, the first time after that long."""
        self._thread = threading.Thread(target=self._loop, name="retention", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """End the loop after its step; answers whether it ended in time."""
        self._stop.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def state(self, project: str) -> RetentionState:
        """Where it stands, for a project."""
        state = self._state
        return RetentionState(state.last_round_ns, state.running, state.removed.get(project, Removed()), state.error)

    def round(self) -> None:
        """One round over all projects. Raises what the store raises; what was removed stays removed."""
        with self._one_round:
            self._state.running = True
            try:
                self._store.note_time(self._clock.now_ns())
                for project in self._store.projects():
                    self._count(project, self.project_round(project))
                self._drop_tombstones()
                self._state.error = None
            finally:
                self._state.running = False
                self._state.last_round_ns = self._clock.now_ns()

    def once(self, project: str, *, dry_run: bool) -> Removed:
        """One round of one project on demand; it is counted. A dry run removes nothing."""
        if dry_run:
            return self.project_round(project, dry_run=True)
        with self._one_round:
            found = self.project_round(project)
            self._count(project, found)
        return found

    def project_round(self, project: str, *, dry_run: bool = False) -> Removed:
        """One round of one project. A dry run removes nothing and says what would go."""
        now_ns = self._clock.now_ns()
        cutoffs = self._options.cutoffs(project, now_ns)
        bodies = None if dry_run else self._expire_bodies(project, cutoffs.bodies)
        spans, traces = (0, 0) if cutoffs.spans is None else self._expire_spans(project, cutoffs.spans, dry_run=dry_run)
        if dry_run:
            return Removed(None, spans, traces)
        runs = 0
        while cutoffs.runs is not None and not self._stop.is_set():
            step = self._store.expire_runs(project, before_ns=cutoffs.runs, limit=_RUNS_A_STEP)
            runs += step
            if step < _RUNS_A_STEP:
                break
        if cutoffs.runs is not None:
            self._store.expire_outcomes(project, before_ns=cutoffs.runs)
        rollups = 0 if cutoffs.rollups is None else self._store.expire_rollups(project, before_ns=cutoffs.rollups)
        return Removed(bodies, spans, traces, runs, rollups)

    # --- by class

    def _expire_bodies(self, project: str, before_ns: int | None) -> int:
        """The store expires bodies by their span's start; what came later than that is spared by an earlier bound."""
        if before_ns is None:
            return 0
        recent = self._store.earliest_start_since(project, before_ns)
        bound = before_ns if recent is None else min(before_ns, recent)
        return self._store.expire_bodies(project, before_ns=bound)

    def _expire_spans(self, project: str, before_ns: int, *, dry_run: bool) -> tuple[int, int]:
        """(spans, traces) that went, or would."""
        found = self._store.old_traces(project, arrived_before_ns=before_ns, limit=_STOP_CHECK_TRACES)
        spans = traces = 0
        step = self._options.step_traces
        for start in range(0, len(found), step):
            if self._stop.is_set():
                break
            over = self._over(project, found[start : start + step])
            if not over:
                continue
            if dry_run:
                stored = self._store.load_traces([(project, trace_id) for trace_id in over])
                spans += sum(map(len, stored.values()))
            else:
                spans += self._errand(partial(_expire, project=project, trace_ids=over)).result().spans
            traces += len(over)
        return spans, traces

    def _over(self, project: str, trace_ids: Sequence[str]) -> list[str]:
        """Those of the traces whose runs are all over."""
        runs = self._store.runs_of_traces([(project, trace_id) for trace_id in trace_ids])
        lifecycle = {
            run_id: self._store.get_run(project, run_id).lifecycle
            for run_ids in runs.values()
            for run_id in set(run_ids)
        }
        return [
            trace_id
            for trace_id in trace_ids
            if all(lifecycle[run_id] not in _LIVE for run_id in runs.get((project, trace_id), ()))
        ]

    def _drop_tombstones(self) -> None:
        before_ns = self._clock.now_ns() - round(self._options.tombstones_days * DAY_NS)
        old = [
            row.digest
            for row in self._ledger.tombstones()
            if row.finished_at_ns is not None and row.erased_at_ns < before_ns
        ]
        if old:
            self._ledger.drop_tombstones(old)
            self._forget(old)

    # --- the loop

    def _loop(self) -> None:
        while not self._stop.wait(self._options.every_s):
            try:
                self.round()
            except QuarterdeckError as e:
                self._state.error = f"{e.code}: {e.message}"
                self._log.error("retention_failed", error=repr(e))
            except Exception as e:  # the next round tries again
                self._state.error = repr(e)
                self._log.error("retention_failed", error=repr(e), exc_info=True)

    def _count(self, project: str, found: Removed) -> None:
        known = self._state.removed.get(project, Removed())
        self._state.removed[project] = Removed(*((a or 0) + (b or 0) for a, b in zip(known, found, strict=True)))


def _expire(bench: Bench, *, project: str, trace_ids: Sequence[str]) -> Erased:
    """In the writer's thread: the spans of these traces go, their runs stay."""
    return bench.expire(project, trace_ids)
