"""The decider: looks for silent sessions, writes decisions, lets bodies go after the grace, saves them on late evidence.

Everything it knows it reads from the store: after a crash it goes on where the store stands. It runs in a thread of
its own; only `notice` is called from elsewhere. Refuses: to remove a body for a decision that is not final.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from quarterdeck.clock import Clock
from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.health import LimitNow
from quarterdeck.model.runs import Run
from quarterdeck.observe.sampling.facts import SessionFacts, sessions_of
from quarterdeck.observe.sampling.gauges import SamplingGauges
from quarterdeck.observe.sampling.history import SamplingStore, newest, runs_of_sessions, runs_of_window
from quarterdeck.observe.sampling.options import SamplingOptions
from quarterdeck.observe.sampling.policy import LATE, Terms, closing_ns, decide_window, promoted
from quarterdeck.observe.sampling.rules import evidence
from quarterdeck.observe.sampling.strata import OTHER, in_window, window_of, without_window

_FIRST_LOOK = 1_000
"""Undecided runs asked for at first; more when the oldest ones all have to wait for something."""
_WINDOWS_MAX = 64
"""Windows decided in one round: old histories that come in at once spread over many."""
_LOOKS_MAX = 20
"""Looks in one round, while each finds as many runs as it may."""
_PURGE_SESSIONS = 50
"""Sessions whose bodies are removed in one go: others who write decisions wait that long."""
_PURGE_ROUNDS = 400
_BREATH_S = 0.01
_SLACK_S = 60.0
"""Removal starts this long after the grace (or as long as the grace), so that a promotion never meets it halfway."""
_REST = 40.0
"""A round rests forty times as long as it worked: at most a fortieth of a core."""

Window = tuple[str, int]
"""(project, window)."""
Windows = set[Window]


class Log(Protocol):
    """Where failures are told (structlog's shape)."""

    def error(self, event: str, **fields: Any) -> Any: ...

    def warning(self, event: str, **fields: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    decided: int = 0
    purged: int = 0


def nobody() -> Collection[str]:
    """Run ids in an alert or incident, where nothing tells of any."""
    return ()


class Sampler:
    """See the module. `projects` names the projects that may have unfinished windows at the start; `alerts` answers the

    run ids that are part of an alert or incident now; `chores` are done after each round and at the end.
    """

    def __init__(
        self,
        *,
        store: SamplingStore,
        options: SamplingOptions,
        key: bytes,
        gauges: SamplingGauges,
        clock: Clock,
        log: Log,
        projects: Callable[[], Iterable[str]] = tuple,
        alerts: Callable[[], Collection[str]] = nobody,
        chores: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._store = store
        self._options = options
        self._key = key
        self._gauges = gauges
        self._clock = clock
        self._log = log
        self._projects = projects
        self._alerts = alerts
        self._chores = chores
        self._look = _FIRST_LOOK
        self._full = False
        self._open: Windows | None = None
        self._facts: dict[Window, dict[str, SessionFacts]] = {}
        self._writing = threading.Lock()
        self._promoted: set[tuple[str, str]] = set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- the thread ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._forever, name="sampling", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """End after the round under way; answers whether it did in time."""
        self._stop.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _forever(self) -> None:
        rest_s = self._options.every_s
        while not self._stop.wait(rest_s):
            began_s = self._clock.monotonic_s()
            try:
                self.round(self._clock.now_ns())
            except Exception as e:  # what was not decided stays undecided and is tried again
                self._log.error("sampling_failed", error=repr(e), exc_info=True)
            took_s = self._clock.monotonic_s() - began_s
            self._gauges.round_seconds.set(took_s)
            rest_s = max(self._options.every_s, _REST * took_s)
            self._do_chores()
        self._do_chores()

    def _do_chores(self) -> None:
        for chore in self._chores:
            try:
                chore()
            except Exception as e:
                self._log.error("chore_failed", error=repr(e), exc_info=True)

    def limits(self) -> tuple[LimitNow, ...]:
        """How many sessions of open windows are held in memory, for the health document."""
        held = sum(len(facts) for facts in list(self._facts.values()))
        return (LimitNow("sampling_sessions", held, None, "sessions"),)

    # --- a round ---------------------------------------------------------------------------------------------------

    def round(self, now_ns: int) -> Round:
        """Decide what is silent, finish what has closed, then remove what is due. Raises StoreFailed."""
        if self._options.mode == "off":
            return Round()
        if self._open is None:
            self._open = self._unfinished()
        decided = 0
        for _ in range(_LOOKS_MAX):
            found, done = self._look_once(now_ns)
            decided += found
            if not (self._full and found) or self._stop.is_set():
                break
        if self._full and not decided:
            self._look = min(2 * self._look, self._options.runs_max)
        # What is left out provisionally may still come back until its window was decided after its close.
        return Round(decided, self._purge(now_ns) if done and not self._stop.is_set() else 0)

    def _look_once(self, now_ns: int) -> tuple[int, bool]:
        """Decide what one look finds; answers how many decisions were written, and whether no window was left for later."""
        due = self._due(now_ns)
        decided = 0
        for project, window in sorted(due)[:_WINDOWS_MAX]:
            if self._stop.is_set():
                break
            decided += self._decide(project, window, now_ns, due[project, window])
        return decided, len(due) <= _WINDOWS_MAX

    def _unfinished(self) -> Windows:
        """After a start: the last two windows of each project may not have been finished."""
        found: Windows = set()
        for project in self._projects():
            run = newest(self._store, project)
            if run is not None:
                window = window_of(run.last_seen_ns, self._options.window_s)
                found |= {(project, window), (project, window - 1)}
        return found

    def _due(self, now_ns: int) -> dict[Window, list[Run]]:
        """Windows with silent undecided runs (these), and those that have closed since they were last decided."""
        assert self._open is not None
        silent_ns = now_ns - int(self._options.hold_s * 1e9)
        runs = self._store.undecided_runs(silent_since_ns=silent_ns, limit=self._look)
        self._gauges.waiting.set(len(runs))
        self._full = len(runs) >= self._look
        due: dict[Window, list[Run]] = {key: [] for key in self._open if now_ns >= closing_ns(key[1], self._options)}
        for run in runs:
            due.setdefault((run.project, window_of(run.last_seen_ns, self._options.window_s)), []).append(run)
        return due

    def _decide(self, project: str, window: int, now_ns: int, fresh: Sequence[Run]) -> int:
        """Decide one window anew; answers how many decisions were written. `fresh`: its undecided runs, as far as seen."""
        assert self._open is not None
        terms = Terms(self._options, self._key, window, now_ns)
        self._promoted.clear()
        sessions = self._sessions(project, window, fresh, closed=terms.closed)
        before = self._store.body_decisions(project, [session.session_key for session in sessions])
        here = {k: d for k, d in before.items() if in_window(d.stratum, window, self._options.window_s)}
        mine = [s for s in sessions if s.session_key in here or self._is_ready(s, s.session_key in before, terms)]
        decisions = decide_window(mine, here, terms)
        written = self._write(decisions)
        self._count(written, {s.session_key: s for s in mine}, here)
        if terms.closed:
            self._open.discard((project, window))
            self._facts.pop((project, window), None)
        else:
            self._open.add((project, window))
            self._facts[project, window] = {s.session_key: s for s in mine}
        return len(written)

    def _sessions(self, project: str, window: int, fresh: Sequence[Run], *, closed: bool) -> list[SessionFacts]:
        """The facts of every session that has a run in the window.

        While it is open, what was read in earlier rounds is taken as it was: decisions are provisional until all is read
        again at the close.
        """
        options = self._options
        known = None if closed else self._facts.get((project, window))
        if known is None:
            runs = runs_of_window(self._store, project, window, options.window_s, limit=options.runs_max)
        else:
            runs = list(fresh)
        found = sessions_of(runs_of_sessions(self._store, project, runs), options, self._alerts())
        return found if known is None else list({**known, **{s.session_key: s for s in found}}.values())

    def _is_ready(self, session: SessionFacts, decided: bool, terms: Terms) -> bool:
        """Undecided, over, silent for long enough, and last seen in this window and no later one."""
        silent_ns = terms.now_ns - int(self._options.hold_s * 1e9)
        return (
            not decided
            and not session.live
            and session.last_seen_ns < silent_ns
            and session.window(self._options.window_s) == terms.window
        )

    def _write(self, decisions: Sequence[BodyDecision]) -> list[BodyDecision]:
        """Write, but for sessions that late evidence has saved since they were read."""
        with self._writing:
            kept = [d for d in decisions if (d.project, d.session_key) not in self._promoted]
            if kept:
                self._store.decide_bodies(kept)
        return kept

    def _count(
        self, written: Sequence[BodyDecision], sessions: dict[str, SessionFacts], before: Collection[str]
    ) -> None:
        self._gauges.decided(written)
        for decision in written:
            if decision.session_key not in before:
                for name in sessions[decision.session_key].unknown:
                    self._gauges.unknown.labels(name).inc()
                if without_window(decision.stratum) == OTHER:
                    self._gauges.pooled.inc()

    def _purge(self, now_ns: int) -> int:
        """Remove what final decisions left out, once the grace is over."""
        options = self._options
        open_window = window_of(max(0, now_ns - int(options.hold_s * 1e9)), options.window_s)
        age_s = options.grace_s + min(options.grace_s, _SLACK_S)
        before_ns = min(now_ns - int(age_s * 1e9), closing_ns(open_window - 1, options))
        purged = 0
        for _ in range(_PURGE_ROUNDS):
            gone = self._store.purge_bodies(decided_before_ns=before_ns, limit=_PURGE_SESSIONS)
            purged += gone
            if not gone or self._stop.wait(_BREATH_S):
                break
        self._gauges.purged.inc(purged)
        return purged

    # --- late evidence ---------------------------------------------------------------------------------------------

    def notice(self, runs: Sequence[Run], now_ns: int) -> int:
        """Runs as they are built, before they are written: save the bodies of those that turn out badly after a drop.

        Answers how many decisions changed. Never raises: a run must not wait for its bodies. A crash in between
        loses nothing, since runs that were not written are built again.
        """
        if self._options.mode != "reservoir":
            return 0
        try:
            return self._notice(runs, now_ns)
        except Exception as e:
            self._log.error("late_evidence_failed", error=repr(e), exc_info=True)
            return 0

    def _notice(self, runs: Sequence[Run], now_ns: int) -> int:
        alerts = self._alerts()
        found: dict[str, dict[str, str]] = {}
        for run in runs:
            rule = evidence(run, self._options.keep, alerts)
            if rule is not None:
                found.setdefault(run.project, {}).setdefault(run.session_key, rule)
        changed = 0
        for project, rules in found.items():
            with self._writing:
                held = self._store.body_decisions(project, list(rules))
                saved = [
                    late
                    for key, decision in held.items()
                    if (late := promoted(decision, rules[key], now_ns, self._options.grace_s)) is not None
                ]
                if saved:
                    self._promoted |= {(late.project, late.session_key) for late in saved}
                    self._store.decide_bodies(saved)
            self._tell(saved)
            changed += len(saved)
        return changed

    def _tell(self, saved: Sequence[BodyDecision]) -> None:
        for late in saved:
            self._gauges.late.labels("yes" if late.reason == LATE else "no").inc()
            if late.reason != LATE:
                self._log.warning("late_evidence_lost", project=late.project, session=late.session_key)
