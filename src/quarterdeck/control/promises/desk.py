"""The loop over promises: writes what each new run is expected to take, learns from each run that is over, once.

It reads the store in the order of writing and goes on where it stood after a restart; without a memory it learns from
the newest runs. Its thread owns what it knows; one lock stands between it and those who ask for an estimate.
Refuses: to change a promise; to learn from what goes on; to stop for one bad look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from quarterdeck.clock import Clock
from quarterdeck.control.promises.book import Book
from quarterdeck.control.promises.calibration import Drift
from quarterdeck.control.promises.chronicle import Step, chronicle
from quarterdeck.control.promises.features import ending_ns
from quarterdeck.control.promises.gauges import PromiseGauges
from quarterdeck.control.promises.held import Held
from quarterdeck.control.promises.judge import Judge
from quarterdeck.control.promises.memory import FORM, Memory, read_memory, write_memory
from quarterdeck.control.promises.options import PromiseOptions
from quarterdeck.control.promises.ports import Feed, Learners, Log
from quarterdeck.control.promises.taken import Taken
from quarterdeck.control.promises.walks import Trees, Walks
from quarterdeck.control.tasks.paths import Step as Call
from quarterdeck.errors import BadFile, BadInput
from quarterdeck.model.estimates import Estimate, Identity, Promise, Task
from quarterdeck.model.health import LimitNow
from quarterdeck.model.runs import Run

_BACK = 4
"""Numbers are used up by live runs too: so many times further back reading begins than runs are wanted."""
_CHUNK = 200
"""Steps done while the lock is held once: whoever asks waits for some milliseconds."""
_LIVE = ("running", "waiting", "stalled")


class PromiseDesk:
    """See the module. `file` is its memory, None = it forgets. `trees` places spans in runs, None = nothing is

    known step by step. `tick` is one look, in the caller's thread."""

    def __init__(
        self,
        *,
        feed: Feed,
        learners: Learners,
        options: PromiseOptions,
        gauges: PromiseGauges,
        clock: Clock,
        log: Log,
        file: Path | None = None,
        trees: Trees | None = None,
    ) -> None:
        self._feed = feed
        self._options = options
        self._gauges = gauges
        self._clock = clock
        self._log = log
        self._file = file
        self._lock = threading.Lock()
        self._book = Book(learners, options.projects_max, gauges)
        self._judge = Judge(feed, self._book, options, gauges)
        self._walks = Walks(feed, trees, options, gauges)
        self._held = Held(options)
        self._waiting: Mapping[str, int] = {}
        self._taken = Taken(options.taken_max)
        self._over_seq = self._live_seq = 0
        self._resumed = False
        self._done_ns: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- whoever asks ----------------------------------------------------------------------------------------------

    def estimate(self, project: str, task: Task, identity: Identity) -> Estimate:
        """What this task will take, from the runs of this project that are over."""
        with self._lock:
            return self._book.estimate(project, task, identity)

    def live(self, run: Run, calls: Sequence[Call]) -> Estimate | None:
        """What the whole run will take, now that it made these calls; None when it is over, made none, or nothing is known."""
        if run.lifecycle not in _LIVE:
            return None
        with self._lock:
            return self._walks.live(run, calls)

    def drifts(self, project: str) -> Sequence[Drift]:
        """Cohorts of the project whose newest runs leave what was promised."""
        return self._judge.drifts(project)

    def waiting(self, project: str) -> int:
        """Runs of the project that are over and wait to be promised or learned from, as of the last look."""
        return self._waiting.get(project, 0)

    def limits(self) -> tuple[LimitNow, ...]:
        """Named limits and where they stand."""
        return (
            LimitNow("promises.replay_max", len(self._held), self._options.replay_max, "runs"),
            LimitNow("promises.taken_max", len(self._taken), self._options.taken_max, "runs"),
            LimitNow("promises.walk_groups_max", self._walks.groups(), self._options.walk_groups_max, "groups"),
            LimitNow("promises.projects_max", len(self._book.projects()), self._options.projects_max, "projects"),
        )

    # --- the thread ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._forever, name="promises", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """End after the look under way and write the memory; answers whether it did in time."""
        self._stop.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _forever(self) -> None:
        while not self._stop.wait(self._options.every_s):
            began_s = self._clock.monotonic_s()
            self._try("tick", lambda: self.tick(self._clock.now_ns()))
            self._gauges.tick.set(self._clock.monotonic_s() - began_s)
        self._try("save", self.save)

    def _try(self, step: str, do: Callable[[], object]) -> None:
        """What was not done is done at the next look."""
        try:
            do()
        except Exception as e:
            self._gauges.failures.labels(step).inc()
            self._log.error("promises_step_failed", step=step, error=repr(e), exc_info=e)

    # --- one look --------------------------------------------------------------------------------------------------

    def tick(self, now_ns: int, *, all_of_it: bool = False) -> int:
        """Learn from what is over, promise what began; answers how many promises were written. Raises StoreFailed.

        `all_of_it`: what waits for more of a history waits no longer.
        """
        if not self._resumed:
            self._resume()
        for runs, after_seq, seq in self._pages(self._feed.runs_over, self._over_seq):
            self._held.hold((run for run in runs if run not in self._taken), now_ns, after_seq=after_seq)
            self._over_seq = seq
        self._waiting = self._held.by_project()
        made = self._take(self._held.due(now_ns, all_of_it=all_of_it))
        self._waiting = self._held.by_project()
        self._gauges.held.set(len(self._held))
        made += self._promise_live(now_ns)
        if self._is_due("judge", now_ns, self._options.judge_every_s):
            for project in self._book.projects():
                with self._lock:
                    self._judge.look(project, now_ns)
        if self._is_due("save", now_ns, self._options.save_every_s):
            self.save()
        return made

    def _pages(
        self, read: Callable[..., tuple[Sequence[Run], int]], after_seq: int
    ) -> Iterator[tuple[Sequence[Run], int, int]]:
        """(runs, where the page began, where to go on), to the end."""
        while not self._stop.is_set():
            runs, seq = read(after_seq=after_seq, limit=self._options.read_max)
            yield runs, after_seq, seq
            after_seq = seq
            if len(runs) < self._options.read_max:
                return

    def _take(self, runs: Sequence[Run]) -> int:
        """Runs that are over, in the order of what happened."""
        made = 0
        by_project: dict[str, list[Run]] = {}
        for run in runs:
            if run not in self._taken:
                by_project.setdefault(run.project, []).append(run)
        for project, mine in by_project.items():
            known = self._feed.promises_of(project, [run.run_id for run in mine])
            steps = chronicle(mine, {(project, run_id) for run_id in known}, self._book.known_until_ns(project))
            for start in range(0, len(steps), _CHUNK):
                made += self._do(steps[start : start + _CHUNK])
            self._try("walks", partial(self._learn_walks, project, mine))
        return made

    def _learn_walks(self, project: str, runs: Sequence[Run]) -> None:
        for path in self._walks.read(sorted(runs, key=ending_ns)):
            with self._lock:
                self._walks.learn(project, path)

    def _do(self, steps: Sequence[Step]) -> int:
        promises: list[Promise | None] = []
        with self._lock:
            for step in steps:
                if step.learns:
                    self._book.learn(step.run)
                else:
                    promises.append(
                        self._book.promise(step.run, step.at_ns, "replayed", hindsight=step.hindsight)
                    )  # fmt: skip
        made = self._write(promises)
        for step in steps:
            if step.learns:
                self._taken.add(step.run)
        return made

    def _promise_live(self, now_ns: int) -> int:
        """Runs that go on and have none: as soon as their model is known, else when they are over."""
        made = 0
        since_ns = now_ns - int(self._options.doubt_s * 1e9)
        for runs, _, seq in self._pages(self._feed.unpromised, self._live_seq):
            wanted = [
                run
                for run in runs
                if run.lifecycle in _LIVE
                and run.last_seen_ns >= since_ns
                and (run.model is not None or run.promised is not None)
            ]
            with self._lock:
                promises = [self._book.promise(run, now_ns, "server") for run in wanted]
            made += self._write(promises)
            self._live_seq = seq
        return made

    def _write(self, promises: Sequence[Promise | None]) -> int:
        found = [one for one in promises if one is not None]
        for one in found:
            self._gauges.made.labels(one.source).inc()
        return self._feed.put_promises(found) if found else 0

    def _is_due(self, what: str, now_ns: int, every_s: float) -> bool:
        last_ns = self._done_ns.get(what)
        if last_ns is not None and now_ns - last_ns < every_s * 1e9:
            return False
        self._done_ns[what] = now_ns
        return True

    # --- what is remembered ----------------------------------------------------------------------------------------

    def _resume(self) -> None:
        """Take up where the last process ended, else begin with the newest runs of the store."""
        last = self._feed.last_run_seq()
        memory = self._memory()
        if memory is None or memory.run_seq > last or not self._load(memory):
            self._over_seq = max(0, last - _BACK * self._options.replay_max)
        self._live_seq = self._over_seq
        self._resumed = True

    def _memory(self) -> Memory | None:
        try:
            return None if self._file is None else read_memory(self._file)
        except BadFile as e:
            self._log.warning("promises_learn_anew", reason=str(e))
            return None

    def _load(self, memory: Memory) -> bool:
        try:
            with self._lock:
                self._book.load(memory.learners)
                self._walks.load(memory.walks)
        except BadInput as e:
            self._log.warning("promises_learn_anew", reason=str(e))
            return False
        self._taken = Taken(self._options.taken_max, memory.taken)
        self._over_seq = memory.run_seq
        return True

    def save(self) -> None:
        """Write the memory, when there is a file for it and something to remember. Raises OSError."""
        if self._file is None or not self._resumed:
            return
        with self._lock:
            learners, walks = self._book.dump(), self._walks.dump()
        write_memory(
            self._file, Memory(FORM, self._held.oldest_seq(self._over_seq), learners, self._taken.dump(), walks)
        )  # fmt: skip
