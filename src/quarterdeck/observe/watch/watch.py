"""The loop over signals, alerts and notifiers: takes each run that is over once, in the order of the store's writing.

Its thread owns what it knows; one lock stands between it and those who look. After a restart it goes on where it
stood; without a memory it learns what is normal from the newest runs of the store, quietly.
Refuses: to stop for one bad project; to lose a run (after a crash some are taken again, from the same state).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from quarterdeck.clock import Clock
from quarterdeck.errors import BadFile
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.health import LimitNow
from quarterdeck.model.ports import Breaker
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.signals.live import LiveRules, pass_on
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.watch.alerting import Alerting
from quarterdeck.observe.watch.doubt import Doubt
from quarterdeck.observe.watch.facts import RunFacts
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.history import newest_outcomes, newest_runs
from quarterdeck.observe.watch.intake import Intake
from quarterdeck.observe.watch.memory import FORM, Memory, read_memory, write_memory
from quarterdeck.observe.watch.oncall import OnCall
from quarterdeck.observe.watch.options import WatchOptions
from quarterdeck.observe.watch.pager import Pager
from quarterdeck.observe.watch.papers import Papers
from quarterdeck.observe.watch.ports import Desk, Feed, Log, Patrols, Tell
from quarterdeck.observe.watch.taken import Taken
from quarterdeck.observe.watch.views import Views
from quarterdeck.observe.watch.words import WORDS_MAX
from quarterdeck.store.alerts import AlertStore

_CHUNK = 50
"""Runs taken while the lock is held once: whoever looks waits for a few milliseconds."""
_TEN_MINUTES_NS = 600 * 10**9


def to_nobody(_alert: Alert, _event: str) -> None:
    """Where nobody is told."""


class Watch(Views):
    """See the module. `file` is its memory, None = it forgets. `tick` is one look, in the caller's thread.

    `desk` is where decisions about alerts are kept; without it there is no `oncall`, and people are told of everything.
    """

    def __init__(
        self,
        *,
        feed: Feed,
        alerts: AlertStore,
        patrols: Patrols,
        live: LiveRules,
        objectives: Objectives,
        options: WatchOptions,
        alert_options: AlertOptions,
        gauges: WatchGauges,
        clock: Clock,
        log: Log,
        file: Path | None = None,
        tell: Tell = to_nobody,
        breaker: Breaker | None = None,
        desk: Desk | None = None,
        oncall: OncallOptions | None = None,
    ) -> None:
        super().__init__(patrols, clock)
        self._feed = feed
        self._options = options
        self._gauges = gauges
        self._log = log
        self._file = file
        self._live = live
        self._objectives = objectives
        self._breaker = breaker
        self._intake = Intake(self._patrols, patrols, live, feed, options=options, gauges=gauges, log=log)
        papers = None if desk is None else Papers(desk)
        self._facts = RunFacts(feed)
        pager = None if papers is None else Pager(self._facts, papers, self._intake.words, oncall or OncallOptions())
        self._alerting = Alerting(alerts, alert_options, gauges, tell, pager)
        self.oncall: OnCall | None = None
        if papers is not None and pager is not None:
            self.oncall = OnCall(
                papers=papers,
                pager=pager,
                alerting=self._alerting,
                patrols=self._patrols,
                intake=self._intake,
                lock=self._lock,
                clock=clock,
                gauges=gauges,
            )
        self._doubt = Doubt(options.doubt_s, options.doubt_max)
        self._resumed = False
        self._run_seq = 0
        self._outcome_seq = 0
        self._whole_ns: int | None = None
        self._done_ns: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- the thread ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._forever, name="watch", daemon=True)
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
            try:
                self.tick(self._clock.now_ns())
            except Exception as e:  # what was not taken is taken at the next look
                self._intake.failed("tick", e)
            self._gauges.tick.set(self._clock.monotonic_s() - began_s)
        try:
            self.save()
        except Exception as e:  # the runs since the last writing are taken again
            self._log.error("watch_not_saved", error=repr(e), exc_info=e)

    # --- one look --------------------------------------------------------------------------------------------------

    def tick(self, now_ns: int) -> int:
        """Take what was written since the last look; answers how many runs were read. Raises StoreFailed."""
        if not self._resumed and not self._resume(now_ns):
            return 0
        with self._lock:
            self._alerting.flush()
        read = self._take_runs(now_ns)
        self._take_outcomes(now_ns)
        self._pass_time(now_ns)
        self._look_at_live(now_ns)
        if self.oncall is not None:
            self.oncall.look(now_ns)
        if self._is_due("prune", now_ns, _TEN_MINUTES_NS):
            with self._lock:
                self._alerting.prune(now_ns)
                self._gauges.streams.set(sum(len(patrol.streams()) for patrol in self._patrols.values()))
        with self._lock:
            self._looks += 1
        if self._is_due("save", now_ns, int(self._options.save_every_s * 1e9)):
            self.save()
        return read

    def _take_runs(self, now_ns: int) -> int:
        read = 0
        for runs, seq in self._pages(self._run_seq):
            if not self._take(self._doubt.sift(runs, now_ns, after_seq=self._run_seq), now_ns):
                return read
            self._run_seq = seq
            read += len(runs)
        self._take(self._doubt.due(now_ns), now_ns)
        self._whole_ns = now_ns
        self._gauges.lag.set(0)
        return read

    def _pages(self, after_seq: int) -> Iterator[tuple[Sequence[Run], int]]:
        """All that was written after, page by page."""
        most = self._options.read_max
        while True:
            runs, after_seq = self._feed.runs_over(after_seq=after_seq, limit=most)
            yield runs, after_seq
            if len(runs) < most:
                return
            if self._whole_ns is not None:
                self._gauges.lag.set((self._clock.now_ns() - self._whole_ns) / 1e9)

    def _take(self, runs: Sequence[Run], now_ns: int) -> bool:
        """False when a stop came before all were taken; they come again, and those taken are known."""
        for start in range(0, len(runs), _CHUNK):
            with self._lock:
                chunk = runs[start : start + _CHUNK]
                for run in chunk:
                    self._facts.saw(run)
                found = [one for run in chunk for one in self._intake.take(run)]
                self._alerting.deal(found, now_ns)
            if self._stop.is_set():
                return False
        return True

    def _take_outcomes(self, now_ns: int) -> None:
        outcomes, seq = self._feed.outcomes_after(after_seq=self._outcome_seq, limit=self._options.read_max)
        if outcomes:
            with self._lock:
                self._alerting.deal(self._intake.take_outcomes(outcomes), now_ns)
        self._outcome_seq = seq

    def _pass_time(self, now_ns: int) -> None:
        with self._lock:
            for project in list(self._patrols):
                found = self._intake.ask(project, "pass_time", lambda patrol: patrol.pass_time(now_ns))
                self._alerting.deal(found, now_ns)

    def _look_at_live(self, now_ns: int) -> None:
        """Rules about live runs, and budgets; a failure of theirs is not the patrols'."""
        found: list[Finding] = []
        try:
            if self._is_due("live", now_ns, int(self._options.live_every_s * 1e9)):
                found += self._live.look(self._feed.live_runs(limit=self._options.live_max), now_ns)
                found += pass_on(self._live, self._breaker, now_ns)
            for project in list(self._patrols):
                found += self._objectives.look(project, self._feed, now_ns)
        except Exception as e:
            self._intake.failed("live", e)
        with self._lock:
            self._alerting.deal(found, now_ns)

    def _is_due(self, what: str, now_ns: int, every_ns: int) -> bool:
        """At the first look, and then every so often. So even a crash in the first minute takes runs again, not as history."""
        last_ns = self._done_ns.get(what)
        if last_ns is not None and now_ns - last_ns < every_ns:
            return False
        self._done_ns[what] = now_ns
        return True

    # --- what is remembered ----------------------------------------------------------------------------------------

    def _resume(self, now_ns: int) -> bool:
        """Take up where the last process ended; False when a stop came before that was done."""
        memory = self._memory()
        known = memory is not None and self._load(memory)
        if not known and not self._learn():
            return False
        findings = self._alerting.resume(sorted({*self._patrols, *self._feed.projects()}), now_ns, known=known)
        if self.oncall is not None:
            self.oncall.resume(sorted({*self._patrols, *self._feed.projects()}), now_ns)
        self._live.resume(findings, now_ns)
        self._objectives.resume(findings, now_ns)
        self._resumed = True
        return True

    def _memory(self) -> Memory | None:
        try:
            return None if self._file is None else read_memory(self._file)
        except BadFile as e:
            self._log.warning("watch_learns_anew", reason=str(e))
            return None

    def _load(self, memory: Memory) -> bool:
        """Whether all of it could be read; a part alone would judge by a normal that never was."""
        try:
            patrols = {project: self._make.load(project, data) for project, data in memory.patrols.items()}
            taken = Taken.load(memory.taken, self._options.taken_max)
            if memory.live is not None:
                self._live.load(memory.live)
        except (BadFile, ValueError) as e:
            self._log.warning("watch_learns_anew", reason=str(e))
            return False
        if memory.run_seq > self._feed.last_run_seq():
            self._log.warning("watch_learns_anew", reason="the store is older than what the watch remembers of it")
            return False
        with self._lock:
            self._patrols.update(patrols)
            self._intake.taken = taken
            self._intake.waiting.load(memory.waiting)
            self._intake.words.load(memory.words)
        self._run_seq, self._outcome_seq = memory.run_seq, memory.outcome_seq
        return True

    def _learn(self) -> bool:
        """What is normal, from the newest runs of the store; what they show is not told. False when a stop came."""
        runs, last = newest_runs(self._feed, self._options.replay_max, page=self._options.read_max)
        outcomes, outcome_seq = newest_outcomes(self._feed, self._options.replay_max, page=self._options.read_max)
        for run in runs:
            if self._stop.is_set():
                return False
            with self._lock:
                self._intake.take(run)
        with self._lock:
            self._intake.learn_outcomes(outcomes, runs)
        self._run_seq, self._outcome_seq = last, outcome_seq
        return True

    def save(self) -> None:
        """Write the memory, when there is a file for it and something to remember.

        Only this thread changes patrols, so whoever looks meanwhile does not wait for a second or so.
        """
        if self._file is None or not self._resumed:
            return
        memory = Memory(
            form=FORM,
            run_seq=self._doubt.seq(self._run_seq),
            outcome_seq=self._outcome_seq,
            patrols=self._dumps(),
            taken=self._intake.taken.dump(),
            waiting=self._intake.waiting.dump(),
            live=self._live.dump(),
            words=self._intake.words.dump(),
        )
        write_memory(self._file, memory)

    def _dumps(self) -> dict[str, bytes]:
        """Every patrol's own form. A patrol that somebody's look changed meanwhile is written again with nobody looking."""
        try:
            return {project: patrol.dump() for project, patrol in self._patrols.items()}
        except RuntimeError:
            with self._lock:
                return {project: patrol.dump() for project, patrol in self._patrols.items()}

    # --- alerts ----------------------------------------------------------------------------------------------------

    def close_alert(self, project: str, alert_id: str, reason: str, by: str | None) -> Alert:
        """Resolve an alert for a reason. Raises NotFound, BadInput (no reason, a long one, resolved already)."""
        with self._lock:
            return self._alerting.close(project, alert_id, reason, by, self._clock.now_ns())

    def note(self, project: str, alert_id: str, event: AlertEvent) -> None:
        """Write down how telling people went. Raises NotFound."""
        with self._lock:
            self._alerting.note(project, alert_id, event)

    def alert_run_ids(self) -> frozenset[str]:
        """Runs that firing alerts rest on."""
        return self._alerting.run_ids

    def limits(self) -> tuple[LimitNow, ...]:
        """What the watch holds, for the health document."""
        options, intake = self._options, self._intake
        return (
            LimitNow("watch_taken", len(intake.taken), options.taken_max, "runs"),
            LimitNow("watch_doubtful", len(self._doubt), options.doubt_max, "runs"),
            LimitNow("watch_waiting", len(intake.waiting), options.waiting_max, "outcomes"),
            LimitNow("watch_words", len(intake.words), WORDS_MAX, "tests"),
            LimitNow("watch_projects", len(self._patrols), options.projects_max, "projects"),
        )
