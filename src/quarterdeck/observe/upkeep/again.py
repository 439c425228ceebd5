"""History done again: stored spans mapped by the present tables (`remap`), runs built with the present prices (`reprice`).

One job at a time, in a thread of its own, in steps between the commits of the way in. A job that is interrupted can be
started again: it changes only what differs. Refuses to build a run whose spans are no longer all stored.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

from quarterdeck.clock import Clock
from quarterdeck.errors import BadInput, QuarterdeckError
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.upkeep.bench import Bench, Errand, Runs
from quarterdeck.observe.upkeep.mapping import Canonicalize, WithoutMarks, differs, mapped_again
from quarterdeck.store.interface import RunFilter, TelemetryStore, TraceKey
from quarterdeck.store.measures import cost_usd

Act = Literal["remap", "reprice"]
JobState = Literal["running", "done", "failed", "stopped"]
SPANS_A_STEP = 500
RUNS_A_STEP = 50


class Totals(NamedTuple):
    """All runs of the project that started before the job: sums over those that know, None when none does."""

    runs: int
    tokens: int | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands. `spans` and `runs` were looked at; `*_changed` differ now. Times are ns."""

    act: Act
    project: str
    state: JobState
    started_at_ns: int
    ended_at_ns: int | None = None
    spans: int = 0
    spans_changed: int = 0
    runs: int = 0
    runs_changed: int = 0
    before: Totals | None = None
    after: Totals | None = None
    error: str | None = None


class Log(Protocol):
    """Where failures are told (structlog's shape)."""

    def error(self, event: str, **fields: Any) -> Any: ...


class HistoryJobs:
    """`mapper` makes a canonicalizer of one's own: they belong to one thread."""

    def __init__(
        self,
        store: TelemetryStore,
        errand: Errand,
        *,
        mapper: Callable[[], Canonicalize],
        without_marks: WithoutMarks,
        clock: Clock,
        log: Log,
    ) -> None:
        self._store = store
        self._errand = errand
        self._mapper = mapper
        self._without_marks = without_marks
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def start(self, project: str, act: Act) -> Job:
        """Begin a job. Raises BadInput while another one runs."""
        with self._lock:
            running = next((job for job in self._jobs.values() if job.state == "running"), None)
            if running is not None:
                msg = f"{running.act} of project {running.project!r} is under way"
                raise BadInput(msg, mend="wait until it is done; GET upkeep shows how far it is")
            job = Job(act, project, "running", self._clock.now_ns())
            self._jobs[project] = job
            self._thread = threading.Thread(target=self._run, args=(job,), name="history", daemon=True)
        self._thread.start()
        return job

    def last(self, project: str) -> Job | None:
        """The job of this project that runs or ran last since the start."""
        return self._jobs.get(project)

    def stop(self, timeout_s: float) -> bool:
        """End a job after its step; answers whether it ended in time."""
        self._stop.set()
        thread = self._thread
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _run(self, job: Job) -> None:
        try:
            job = self._note(replace(job, before=self._totals(job)))
            job = self._remap(job) if job.act == "remap" else self._reprice(job)
            state: JobState = "stopped" if self._stop.is_set() else "done"
            self._note(replace(job, state=state, after=self._totals(job), ended_at_ns=self._clock.now_ns()))
        except Exception as e:
            known = isinstance(e, QuarterdeckError)
            self._log.error("history_failed", act=job.act, project=job.project, error=repr(e), exc_info=not known)
            job = self._jobs[job.project]
            self._note(replace(job, state="failed", error=repr(e), ended_at_ns=self._clock.now_ns()))

    def _note(self, job: Job) -> Job:
        self._jobs[job.project] = job
        return job

    # --- mapping again

    def _remap(self, job: Job) -> Job:
        canonicalize = self._mapper()
        cursor: str | None = None
        while not self._stop.is_set():
            page = self._store.scan_spans(
                job.project, since_ns=None, until_ns=job.started_at_ns, cursor=cursor, limit=SPANS_A_STEP
            )
            job = self._map_step(job, page.items, canonicalize)
            cursor = page.next_cursor
            if cursor is None:
                break
        return job

    def _map_step(self, job: Job, pairs: Sequence[tuple[Span, RawSpan]], canonicalize: Canonicalize) -> Job:
        again = [(old, mapped_again(old, raw, canonicalize, self._without_marks)) for old, raw in pairs]
        changed = [new for old, new in again if new != old]
        told = sum(differs(new, old) for old, new in again)
        if not changed:
            return self._note(replace(job, spans=job.spans + len(pairs)))
        runs = self._errand(partial(_put, spans=changed)).result()
        return self._note(
            replace(
                job,
                spans=job.spans + len(pairs),
                spans_changed=job.spans_changed + told,
                runs=job.runs + len(runs.after),
                runs_changed=job.runs_changed + _changed(runs),
            )
        )

    # --- pricing again

    def _reprice(self, job: Job) -> Job:
        # Keys first: runs that are written again while their list is read would move in it.
        for step in self._run_steps(job):
            if self._stop.is_set():
                break
            runs = self._errand(partial(_rebuild, keys=step)).result()
            job = self._note(
                replace(job, runs=job.runs + len(runs.after), runs_changed=job.runs_changed + _changed(runs))
            )
        return job

    def _run_steps(self, job: Job) -> Iterator[list[TraceKey]]:
        keys: list[TraceKey] = []
        known: set[str] = set()
        for run in self._runs(job):
            new = [trace_id for trace_id in run.trace_ids if trace_id not in known]
            known.update(new)
            keys += ((job.project, trace_id) for trace_id in new)
        for start in range(0, len(keys), RUNS_A_STEP):
            yield keys[start : start + RUNS_A_STEP]

    def _runs(self, job: Job) -> Iterator[Run]:
        where = RunFilter(job.project, until_ns=job.started_at_ns)
        cursor: str | None = None
        while True:
            page = self._store.list_runs(where, sort="started_at", cursor=cursor, limit=500)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _totals(self, job: Job) -> Totals:
        runs = tokens = 0
        dollars = 0.0
        with_tokens = with_cost = 0
        for run in self._runs(job):
            runs += 1
            cost = cost_usd(run)
            if run.tokens.total is not None:
                tokens, with_tokens = tokens + run.tokens.total, with_tokens + 1
            if cost is not None:
                dollars, with_cost = dollars + cost, with_cost + 1
        return Totals(runs, tokens if with_tokens else None, round(dollars, 9) if with_cost else None)


def _put(bench: Bench, *, spans: Sequence[Span]) -> Runs:
    """In the writer's thread: write the new forms and build what follows from them."""
    bench.put_skeletons(spans)
    return bench.rebuild(list(dict.fromkeys((span.project, span.trace_id) for span in spans)))


def _rebuild(bench: Bench, *, keys: Sequence[TraceKey]) -> Runs:
    return bench.rebuild(keys)


def _changed(runs: Runs) -> int:
    """How many runs are not what they were: changed, new or gone."""
    before = {(run.project, run.run_id): _facts(run) for run in runs.before}
    after = {(run.project, run.run_id): _facts(run) for run in runs.after}
    return sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())


def _facts(run: Run) -> Run:
    """The run without what its reader fills in."""
    return replace(run, body_probability=None, body_reason=None)
