"""The server's probes: asked for by name of a target, run by one thread, gone on with after a restart.

Refuses: more open probes than its limit, and targets that the settings do not name.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from quarterdeck.clock import Clock
from quarterdeck.errors import BadInput, NotFound, Overloaded, QuarterdeckError, RateLimited
from quarterdeck.model.health import LimitNow
from quarterdeck.model.ports import Admitter
from quarterdeck.model.probes import Pair, Probe, ProbeCase
from quarterdeck.probes.checks import check_of
from quarterdeck.probes.gauges import ProbeGauges
from quarterdeck.probes.kept import KeptProbes
from quarterdeck.probes.options import ProbeOptions, TargetOptions
from quarterdeck.probes.pairs import weigh
from quarterdeck.probes.run import Sides, Ways, run
from quarterdeck.probes.targets.limits import Limits
from quarterdeck.probes.targets.made import made

CaseOf = Callable[[str, str], ProbeCase]
"""What a stored run (project, run id) was given first. Raises NotFound, BadInput."""


class _Stopping(Exception):
    """The server stops; the probe goes on after its next start."""


class ProbeDesk:
    """Its methods may be called from any thread. `admitter`: who keeps ledgers of providers, None: nobody."""

    def __init__(
        self,
        kept: KeptProbes,
        options: ProbeOptions,
        case_of: CaseOf,
        *,
        clock: Clock,
        gauges: ProbeGauges,
        log: Any,
        admitter: Admitter | None = None,
    ) -> None:
        self.options = options
        self._kept, self._case_of, self._admitter = kept, case_of, admitter
        self._clock, self._gauges, self._log = clock, gauges, log
        self._waiting: deque[Probe] = deque()
        self._open = 0
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Go on with what was open."""
        with self._changed:
            self._waiting.extend(self._kept.open())
            self._open = len(self._waiting)
        self._gauges.open.set(self._open)
        self._thread = threading.Thread(target=self._loop, name="quarterdeck-probes", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Answers whether it ended in time; a pair under way is not waited for longer, and is run again after the start."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def limits(self) -> tuple[LimitNow, ...]:
        return (LimitNow("probes_open", self._open, self.options.open_max, "probes"),)

    def target(self, name: str) -> TargetOptions:
        """Raises NotFound."""
        found = next((one for one in self.options.targets if one.name == name), None)
        if found is None:
            known = ", ".join(one.name for one in self.options.targets) or "none"
            raise NotFound(f"no probe target is called {name!r}; the settings name {known}", mend="see probes.targets")
        return found

    def ask(self, probe: Probe) -> Probe:
        """Begin a probe. Raises NotFound (target, run), BadInput (check, input), Overloaded; then nothing was kept."""
        self.target(probe.target)
        check_of(_spec(probe))
        self._case(probe)
        with self._changed:
            if self._open >= self.options.open_max:
                self._gauges.refused.labels("open_max").inc()
                raise Overloaded(
                    f"{self._open} probes are open (probes.open_max)", mend="come again", retry_after_s=60.0
                )
            self._open += 1
        try:
            self._kept.begin(probe)
        except BaseException:
            self._ended()
            raise
        with self._changed:
            self._waiting.append(probe)
            self._changed.notify()
        self._gauges.open.set(self._open)
        return probe

    def report(self, probe: Probe, pairs: Sequence[Pair]) -> Probe:
        """Take pairs that were run elsewhere; the verdict is computed here. Raises BadInput where they do not decide."""
        found = weigh(pairs, probe.pairs_max)
        if found.verdict is None or found.pairs != len(pairs):
            raise BadInput(
                f"outcomes: {found.pairs} of {len(pairs)} pairs were read, expected all up to the first verdict "
                f"or {probe.pairs_max} pairs"
            )
        ended = replace(
            probe, pairs=tuple(pairs), state="done", verdict=found.verdict, ended_ns=probe.at_ns, input=None
        )
        self._kept.keep(ended)
        self._gauges.ended.labels(found.verdict).inc()
        return ended

    def get(self, project: str, probe_id: str) -> Probe:
        """Raises NotFound."""
        return self._kept.get(project, probe_id)

    def listed(
        self, project: str, alert_id: str | None, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Probe], str | None]:
        """The newest first. Raises BadInput for a foreign cursor."""
        return self._kept.listed(project, alert_id, cursor=cursor, limit=limit)

    def case_of(self, project: str, run_id: str) -> ProbeCase:
        """What a stored run was given first. Raises NotFound, BadInput."""
        return self._case_of(project, run_id)

    def _case(self, probe: Probe) -> ProbeCase:
        """A given input stands for the run's, whose error class and system text stay where they can be read."""
        if probe.input is None:
            if probe.run_id is None:
                raise BadInput("a probe takes run_id or input")
            return self._case_of(probe.project, probe.run_id)
        if probe.run_id is None:
            return ProbeCase(probe.input)
        try:
            return self._case_of(probe.project, probe.run_id)._replace(input=probe.input)
        except BadInput:  # its texts were not kept
            return ProbeCase(probe.input)

    def _loop(self) -> None:
        while (probe := self._next()) is not None:
            self._run(probe)

    def _next(self) -> Probe | None:
        with self._changed:
            while not self._waiting and not self._stop.is_set():
                self._changed.wait()
            return None if self._stop.is_set() else self._waiting.popleft()

    def _run(self, probe: Probe) -> None:
        try:
            ended = self._to_the_end(probe)
        except _Stopping:
            return
        except QuarterdeckError as error:
            ended = self._failed(probe, error.message)
        except Exception:
            self._log.exception("probe_failed", probe_id=probe.probe_id)
            ended = self._failed(probe, "a fault of the server's own; its log says which")
        self._gauges.ended.labels(ended.verdict or "none").inc()
        self._ended()

    def _to_the_end(self, probe: Probe) -> Probe:
        target, case = self.target(probe.target), self._case(probe)
        limits = Limits(self.options.answer_s_max, self.options.answer_bytes_max)
        sides = Sides(*(made(side, limits, self._admitter) for side in (target.candidate, target.baseline)))
        return run(
            probe, sides, Ways(self._keep, self._pauses(), self._clock.now_ns, lambda _: case, check_of(_spec(probe)))
        )

    def _keep(self, probe: Probe) -> None:
        self._kept.keep(probe)
        if probe.state != "waiting":
            self._gauges.pairs.inc()
        if self._stop.is_set() and probe.state != "done":
            raise _Stopping

    def _pauses(self) -> Callable[[float], None]:
        waited = 0.0

        def pause(seconds: float) -> None:
            nonlocal waited
            waited += seconds
            if waited > self.options.wait_s_max:
                raise RateLimited(f"rate limits would make it wait for more than {self.options.wait_s_max:.0f} s")
            if self._stop.wait(seconds):
                raise _Stopping

        return pause

    def _failed(self, probe: Probe, because: str) -> Probe:
        """With the pairs that were kept meanwhile. Where the store fails too, the probe is taken up after the next start."""
        try:
            now = self._kept.get(probe.project, probe.probe_id)
            ended = replace(now, state="failed", because=because, ended_ns=self._clock.now_ns(), input=None)
            self._kept.keep(ended)
        except QuarterdeckError as error:
            self._log.warning("probe_not_kept", probe_id=probe.probe_id, error=error.message)
            return replace(probe, state="failed", because=because)
        return ended

    def _ended(self) -> None:
        with self._changed:
            self._open -= 1
        self._gauges.open.set(self._open)


def _spec(probe: Probe) -> Mapping[str, Any] | None:
    if probe.check is None:
        return None
    spec: Mapping[str, Any] = json.loads(probe.check)
    return spec
