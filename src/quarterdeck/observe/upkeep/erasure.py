"""Erasure on demand: everything of a session or a user goes, and stays away when it comes late.

First a tombstone, so that no late span slips in; then the spans, a few traces at a time, by the one writer; then what else
names them; at the end a look at what was on its way when it began. Raises NotFound when nothing of it is stored.
Every step can be repeated: after a crash the same call, or `resume` at the next start, does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

from quarterdeck.clock import Clock
from quarterdeck.errors import NotFound
from quarterdeck.model.erasure import ErasedKind, Erasure, Tombstone
from quarterdeck.model.runs import Run
from quarterdeck.observe.upkeep.bench import Bench, Errand, Trees
from quarterdeck.observe.upkeep.selection import Wanted, choose
from quarterdeck.store.interface import RunFilter, TelemetryStore
from quarterdeck.store.upkeep import TombstoneStore

TRACES_A_STEP = 20
"""Traces of one errand: commits wait for it, so it must be short."""
ROUNDS_MAX = 20
_PAGE = 500
_HASH = re.compile(r"[0-9a-f]{16}")


class Refusing(Protocol):
    """Tombstones in memory (observe.privacy)."""

    def digest(self, project: str, kind: Any, identity: str) -> str: ...

    def add(self, digests: Iterable[str]) -> None: ...

    def forget(self, digests: Iterable[str]) -> None: ...


class _Step(NamedTuple):
    """What one errand did."""

    spans: int
    bodies: int
    whole_traces: list[str]
    session_ids: frozenset[str]
    session_keys: frozenset[str]
    run_ids: frozenset[str]


@dataclass(slots=True)
class _Done:
    """What was done so far."""

    spans: int = 0
    bodies: int = 0
    traces: set[str] = field(default_factory=set)
    session_ids: set[str] = field(default_factory=set)
    run_ids: set[str] = field(default_factory=set)

    def add(self, step: _Step) -> None:
        self.spans += step.spans
        self.bodies += step.bodies
        self.traces |= set(step.whole_traces)
        self.session_ids |= step.session_ids
        self.run_ids |= step.run_ids


class Eraser:
    """`user_hash` is the keyed hash of a raw user id. Blocks; one erasure may take as long as its spans are many."""

    def __init__(
        self,
        store: TelemetryStore,
        errand: Errand,
        trees: Trees,
        *,
        refusing: Refusing,
        ledger: TombstoneStore,
        user_hash: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._store = store
        self._errand = errand
        self._trees = trees
        self._refusing = refusing
        self._ledger = ledger
        self._user_hash = user_hash
        self._clock = clock

    def session(self, project: str, session_id: str) -> Erasure:
        """Erase a session. Raises NotFound, Overloaded, StoreFailed."""
        wanted = Wanted(session_ids=frozenset({session_id}))
        if not self._traces(project, wanted):
            msg = f"nothing of a session {session_id[:64]!r} is stored in project {project!r}"
            raise NotFound(msg)
        return self._erase(project, "session", wanted)

    def user(self, project: str, user: str) -> Erasure:
        """Erase a user, by the raw id or by its hash (as `user_hash` of a run shows it). Raises as `session`."""
        hashes = frozenset({self._user_hash(user), *([user] if _HASH.fullmatch(user) else [])})
        wanted = Wanted(user_hashes=hashes)
        if not self._traces(project, wanted):
            msg = f"nothing of this user is stored in project {project!r}"
            raise NotFound(msg, mend="give the id as the agents send it, or the `user_hash` of a run")
        runs = self._runs_of(project, hashes)
        companions = frozenset(run.session_id for run in runs if run.session_id is not None)
        return self._erase(project, "user", wanted._replace(companions=companions))

    def resume(self) -> int:
        """Go on with what a stop interrupted; answers how many erasures that were."""
        rows = self._unfinished()
        for project in sorted({row.project for row in rows}):
            digests = {row.digest for row in rows if row.project == project}
            for wanted, traces in list(self._interrupted(project, digests)):
                self._take_all(project, wanted, traces, _Done())
        self._ledger.finish_tombstones([row.digest for row in self._unfinished()], self._clock.now_ns())
        return len(rows)

    def _unfinished(self) -> list[Tombstone]:
        return [row for row in self._ledger.tombstones() if row.finished_at_ns is None]

    # --- one erasure

    def _erase(self, project: str, kind: ErasedKind, wanted: Wanted) -> Erasure:
        self._bury(project, "session", wanted.session_ids)
        self._bury(project, "user", wanted.user_hashes)
        done = _Done()
        for _ in range(ROUNDS_MAX):
            traces = self._traces(project, wanted)
            before = done.spans
            self._take_all(project, wanted, traces, done)
            if done.spans == before:
                break
        self._look_again(project, wanted, done)
        # Once more at the end: an outcome may have come while its run was going.
        self._store.drop_outcomes(project, sorted(done.run_ids))
        self._finish(project, wanted, done)
        return Erasure(
            project, kind, len(done.session_ids), len(done.traces), len(done.run_ids), done.spans, done.bodies
        )

    def _finish(self, project: str, wanted: Wanted, done: _Done) -> None:
        """Close the tombstones; a session that goes on without the erased user is taken again."""
        shared = {name for name in done.session_ids - wanted.session_ids if self._store.session_runs(project, name)}
        dug_up = [self._refusing.digest(project, "session", name) for name in shared]
        self._refusing.forget(dug_up)
        self._ledger.drop_tombstones(dug_up)
        closed = [
            *(
                self._refusing.digest(project, "session", name)
                for name in (done.session_ids | wanted.session_ids) - shared
            ),
            *(self._refusing.digest(project, "trace", trace_id) for trace_id in done.traces),
        ]
        self._ledger.finish_tombstones(closed, self._clock.now_ns())
        self._ledger.drop_tombstones([self._refusing.digest(project, "user", name) for name in wanted.user_hashes])

    def _take_all(self, project: str, wanted: Wanted, traces: Sequence[str], done: _Done) -> None:
        for step in _steps(traces):
            found = self._errand(partial(self._take, project=project, wanted=wanted, traces=step)).result()
            done.add(found)
            self._store.forget(project, session_keys=sorted(found.session_keys), trace_ids=found.whole_traces)
            self._store.drop_outcomes(project, sorted(found.run_ids))

    def _take(self, bench: Bench, project: str, wanted: Wanted, traces: Sequence[str]) -> _Step:
        """In the writer's thread: take out what is meant of these traces and of those that their runs span."""
        spans = bench.spans_of((project, trace_id) for trace_id in traces)
        chosen = choose(self._trees(spans), spans, wanted)
        gone = {(span.trace_id, span.span_id) for span in chosen.spans}
        left = {span.trace_id for span in spans if (span.trace_id, span.span_id) not in gone}
        self._bury(project, "trace", {span.trace_id for span in chosen.spans} - left)
        self._bury(project, "session", chosen.session_ids)
        if not chosen.spans:
            return _Step(0, 0, [], frozenset(), frozenset(), frozenset())
        erased, whole = bench.take_out(project, chosen.spans)
        return _Step(erased.spans, erased.bodies, whole, chosen.session_ids, chosen.session_keys, chosen.run_ids)

    def _bury(self, project: str, kind: Any, identities: Iterable[str]) -> None:
        """From now on refuse what comes late of these."""
        now_ns = self._clock.now_ns()
        rows = [Tombstone(self._refusing.digest(project, kind, name), project, kind, now_ns) for name in identities]
        if rows:
            self._ledger.add_tombstones(rows)
            if kind != "user":  # a user who comes back is taken again
                self._refusing.add(row.digest for row in rows)

    def _look_again(self, project: str, wanted: Wanted, done: _Done) -> None:
        """What was decoded before the tombstones and committed after the first look."""
        mark: int | None = None
        while True:
            late, decoded, committed, quiet = self._errand(
                lambda bench: self._late(bench, project, wanted, done)
            ).result()
            done.add(late)
            mark = decoded + 1 if mark is None else mark
            if quiet or committed >= mark:
                return

    def _late(self, bench: Bench, project: str, wanted: Wanted, done: _Done) -> tuple[_Step, int, int, bool]:
        named = bench.traces_where(project, wanted.names)
        known = set(bench.traces_where(project, lambda span: span.trace_id in done.traces))
        step = self._take(bench, project, wanted, named)
        spans = [span for span in bench.spans_of((project, t) for t in known) if span.trace_id in known]
        if spans:
            erased, _ = bench.take_out(project, spans)
            step = step._replace(spans=step.spans + erased.spans, bodies=step.bodies + erased.bodies)
        return step, bench.decoded, bench.committed, bench.quiet

    # --- finding

    def _traces(self, project: str, wanted: Wanted) -> list[str]:
        """Traces that hold something of it: by spans stored, by runs, and by spans whose runs are not written yet."""
        found = set(
            self._store.traces_naming(
                project, session_ids=sorted(wanted.session_ids), user_hashes=sorted(wanted.user_hashes)
            )
        )
        runs = [
            run for name in wanted.session_ids | wanted.companions for run in self._store.session_runs(project, name)
        ]
        runs += self._runs_of(project, wanted.user_hashes)
        found |= {
            trace_id
            for run in runs
            if run.session_id not in wanted.companions or run.user_hash is None or run.user_hash in wanted.user_hashes
            for trace_id in run.trace_ids
        }
        found |= set(self._errand(lambda bench: bench.traces_where(project, wanted.names)).result())
        return sorted(found)

    def _runs_of(self, project: str, user_hashes: Iterable[str]) -> list[Run]:
        hashes = sorted(user_hashes)
        where = RunFilter(project, equals={"user_hash": hashes})
        return list(self._pages(where)) if hashes else []

    def _pages(self, where: RunFilter) -> Iterator[Run]:
        cursor: str | None = None
        while True:
            page = self._store.list_runs(where, sort="started_at", cursor=cursor, limit=_PAGE)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _interrupted(self, project: str, digests: set[str]) -> Iterator[tuple[Wanted, list[str]]]:
        """What the tombstones of an interrupted erasure stand for, found by hashing what is stored."""
        for run in self._pages(RunFilter(project)):
            session = run.session_id
            if session is not None and self._refusing.digest(project, "session", session) in digests:
                yield Wanted(session_ids=frozenset({session})), list(run.trace_ids)
            elif run.user_hash is not None and self._refusing.digest(project, "user", run.user_hash) in digests:
                yield Wanted(user_hashes=frozenset({run.user_hash})), list(run.trace_ids)


def _steps(traces: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(traces), TRACES_A_STEP):
        yield traces[start : start + TRACES_A_STEP]
