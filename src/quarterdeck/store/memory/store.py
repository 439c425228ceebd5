"""MemoryStore: every ability of a store over dictionaries, behind one lock.

Refuses: files, durability. Readers see only whole commits, since the lock is held for each call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from threading import RLock
from typing import Any

from quarterdeck.errors import NotFound
from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.estimates import Promise
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.reports import UnmappedKey
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.calls import HourCalls, hourly_calls
from quarterdeck.store.cohort_parts import CohortKeys, CohortPart
from quarterdeck.store.contrast import ContrastRows
from quarterdeck.store.cursors import decode_span_cursor, encode_span_cursor
from quarterdeck.store.identity import check_ids
from quarterdeck.store.interface import (
    Batch,
    CohortRow,
    ContrastCounts,
    Erased,
    FacetCount,
    FleetNow,
    Page,
    RunFilter,
    TraceKey,
)
from quarterdeck.store.measures import (
    LIVE,
    check_cohort_keys,
    check_contrast_keys,
    check_facets,
    check_filter,
    check_limit,
    minute_of,
    minutes_of,
    parse_sort,
    stored_span,
)
from quarterdeck.store.memory.audit import RejectionLog, UnmappedCounts, coverage_of
from quarterdeck.store.memory.bodies import Decisions, Logs, Pairs, SpanKey, bodies_of, drop, expire, owners_of
from quarterdeck.store.memory.cohort_parts import parts_of
from quarterdeck.store.memory.contrast import contrast_of, rows_of
from quarterdeck.store.memory.feeds import MemoryFeeds
from quarterdeck.store.memory.housekeeping import MemoryHousekeeping
from quarterdeck.store.memory.population import cohorts_of, fleet_of
from quarterdeck.store.memory.promises import MemoryPromises
from quarterdeck.store.memory.selection import facet_of, matches, page_of
from quarterdeck.store.memory.spending import spending_by_cohort, spent_of
from quarterdeck.store.outcomes import OutcomeKey, Placed
from quarterdeck.store.spending import CohortSpending, Spent, check_match
from quarterdeck.store.text import storable, storable_run, storable_span
from quarterdeck.store.trace_numbers import TraceNumbers, pages_of
from quarterdeck.store.unmapped import UNMAPPED_MAX
from quarterdeck.store.weights import RunWeights, weights_of

_Pair = tuple[Span, RawSpan]


class MemoryStore(MemoryHousekeeping, MemoryFeeds, MemoryPromises):
    """All of `TelemetryStore`, gone with the process. `rejections_max`: how many refusals are remembered, `unmapped_max`: keys."""

    def __init__(self, *, rejections_max: int = 100_000, unmapped_max: int = UNMAPPED_MAX) -> None:
        self._lock = RLock()
        self._traces: dict[TraceKey, dict[str, _Pair]] = {}
        self._trace_seq: dict[TraceKey, int] = {}
        self._runs: dict[tuple[str, str], Run] = {}
        self._run_seq: dict[tuple[str, str], int] = {}
        self._outcomes: dict[OutcomeKey, Placed] = {}
        self._promises: dict[tuple[str, str], Promise] = {}
        self._rejections = RejectionLog(rejections_max)
        self._unmapped = UnmappedCounts(unmapped_max)
        self._decisions = Decisions()
        self._logs = Logs()
        self._marks: list[tuple[int, int]] = []
        self._past: dict[tuple[str, str], Run] = {}
        self._places: dict[SpanKey, int] = {}
        self._place = 0
        self._seq = 0
        self._settled_seq = 0

    # SpanWriter

    def prepare(self, pairs: Sequence[_Pair]) -> Sequence[_Pair]:
        check_ids([span for span, _ in pairs])
        return tuple(pairs)

    def commit(self, batch: Batch) -> int:
        pairs = [*(pair for part in batch.prepared for pair in part), *batch.spans, *batch.replaced]
        check_ids([span for span, _ in pairs])
        with self._lock:
            self._seq += 1
            for span, raw in pairs:
                key = (storable(span.project), span.trace_id)
                self._traces.setdefault(key, {})[span.span_id] = (storable_span(stored_span(span)), raw)
                self._trace_seq[key] = self._seq
                self._place += 1
                self._places[*key, span.span_id] = self._place
            self._logs.add(batch.logs)
            self._rejections.add(batch.rejections)
            self._unmapped.add(batch.unmapped)
            return self._seq

    def trace_keys(self) -> Iterable[TraceKey]:
        with self._lock:
            return list(self._traces)

    def trace_numbers(self) -> Iterator[TraceNumbers]:
        return pages_of(self.trace_keys())

    def load_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[Span]]:
        with self._lock:
            return {key: self._spans_of(key) for key in keys if key in self._traces}

    # RunWriter

    def put_runs(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]], *, settled_seq: int) -> None:
        with self._lock:
            for key in gone:
                self._runs.pop(key, None)
            latest = {(run.project, run.run_id): run for run in map(storable_run, runs)}
            for key, run in latest.items():
                self._past.pop(key, None)
                self._runs[key] = run
            self._drop_promises(set(gone) - latest.keys())
            self._number(latest.values())
            self._settled_seq = max(self._settled_seq, settled_seq)

    def unsettled(self) -> Sequence[TraceKey]:
        with self._lock:
            return [key for key, seq in self._trace_seq.items() if seq > self._settled_seq]

    def traces_of_runs(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Sequence[str]]:
        with self._lock:
            return {key: self._runs[key].trace_ids for key in keys if key in self._runs}

    def runs_of_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[str]]:
        found: dict[TraceKey, list[str]] = {}
        wanted = set(keys)
        with self._lock:
            for (project, run_id), run in sorted(self._runs.items()):
                for trace_id in run.trace_ids:
                    if (project, trace_id) in wanted:
                        found.setdefault((project, trace_id), []).append(run_id)
        return found

    def live_runs(self, *, limit: int) -> Sequence[Run]:
        with self._lock:
            live = [run for run in self._runs.values() if run.lifecycle in LIVE]
        return sorted(live, key=lambda run: (run.last_seen_ns, run.project, run.run_id))[:limit]

    # RunReader

    def get_run(self, project: str, run_id: str) -> Run:
        with self._lock:
            run = self._runs.get((project, run_id))
            if run is None:
                raise NotFound(f"no run {run_id!r} in project {project!r}")
            return self._told_of(run)

    def list_runs(self, where: RunFilter, *, sort: str, cursor: str | None, limit: int) -> Page:
        check_limit(limit)
        check_filter(where)
        parse_sort(sort)
        return page_of(self._matching(where), sort=sort, cursor=cursor, limit=limit)

    def count_runs(self, where: RunFilter) -> int:
        check_filter(where)
        return len(self._matching(where))

    def facets(self, where: RunFilter, names: Sequence[str], *, limit: int) -> Mapping[str, Sequence[FacetCount]]:
        check_limit(limit)
        check_filter(where)
        check_facets(names)
        return {name: facet_of(self._matching(where, without=name), name, limit=limit) for name in names}

    def session_runs(self, project: str, session_id: str) -> Sequence[Run]:
        mine = [run for run in self._of_project(project) if run.session_id == session_id]
        return sorted(mine, key=lambda run: (run.started_at_ns, run.run_id))

    # SpanReader

    def run_spans(self, project: str, run_id: str) -> tuple[Run, Sequence[Span]]:
        with self._lock:
            run = self.get_run(project, run_id)
            traces = dict.fromkeys((project, trace_id) for trace_id in run.trace_ids)
            spans = [span for key in traces if key in self._traces for span in self._spans_of(key)]
        return run, sorted(spans, key=_span_order)

    def first_spans(self, project: str, run_id: str, *, limit: int) -> tuple[Run, Sequence[Span]]:
        check_limit(limit)
        run, spans = self.run_spans(project, run_id)
        return run, spans[:limit]

    def spans_raw(self, project: str, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], RawSpan]:
        with self._lock:
            found = {key: self._traces.get((project, key[0]), {}).get(key[1]) for key in keys}
            return {key: self._logs.joined((project, *key), pair[1]) for key, pair in found.items() if pair is not None}

    # FleetReader

    def fleet(self, project: str, since_ns: int, until_ns: int) -> FleetNow:
        return fleet_of(self._counted(project), since_ns, until_ns)

    def cohorts(
        self, project: str, since_ns: int, until_ns: int, by: Sequence[str], *, limit: int
    ) -> Sequence[CohortRow]:
        check_limit(limit)
        return cohorts_of(self._counted(project), since_ns, until_ns, check_cohort_keys(by), limit=limit)

    def cohort_parts(
        self, project: str, since_ns: int, until_ns: int, by: Sequence[str], *, parts: int
    ) -> Mapping[CohortKeys, Sequence[CohortPart]]:
        return parts_of(self._counted(project), since_ns, until_ns, check_cohort_keys(by), parts=parts)

    # WeightReader

    def run_weights(self, project: str, since_ns: int, until_ns: int) -> RunWeights:
        first, end = minutes_of(since_ns, until_ns)
        return weights_of(run for run in self._of_project(project) if first <= minute_of(run.started_at_ns) < end)

    # SpendingReader

    def spent(
        self, project: str, where: Mapping[str, str], since_ns: Sequence[int], until_ns: int, *, score: str | None
    ) -> Sequence[Spent]:
        check_match(where)
        runs = [run for run in self._of_project(project) if all(getattr(run, k) == v for k, v in where.items())]
        outcomes = self.outcomes_of(project, [run.run_id for run in runs]) if score is not None else ()
        return spent_of(runs, [outcome for outcome in outcomes if outcome.name == score], since_ns, until_ns)

    def spending_by(self, project: str, since_ns: int, until_ns: int, by: Sequence[str]) -> Sequence[CohortSpending]:
        return spending_by_cohort(self._counted(project), since_ns, until_ns, check_cohort_keys(by))

    # ContrastReader

    def contrast(self, where: RunFilter, against: RunFilter, keys: Sequence[str], *, values_max: int) -> ContrastCounts:
        check_filter(where)
        check_filter(against)
        names = check_contrast_keys(keys)
        return contrast_of(self._of_project(where.project), where, against, names, values_max=values_max)

    def contrast_rows(
        self, where: RunFilter, against: RunFilter, keys: Sequence[str], *, runs_max: int
    ) -> ContrastRows:
        check_filter(where)
        check_filter(against)
        names = check_contrast_keys(keys)
        return rows_of(self._of_project(where.project), where, against, names, runs_max=runs_max)

    # AuditReader

    def unmapped(self, project: str, *, limit: int) -> Sequence[UnmappedKey]:
        check_limit(limit)
        with self._lock:
            return self._unmapped.list(project, limit=limit)

    def rejections(self, project: str, *, cursor: str | None, limit: int) -> Page:
        check_limit(limit)
        with self._lock:
            return self._rejections.page(project, cursor=cursor, limit=limit)

    def coverage(self, project: str) -> Sequence[Mapping[str, Any]]:
        with self._lock:
            pairs = [pair for key, spans in self._traces.items() if key[0] == project for pair in spans.values()]
        return coverage_of(pairs)

    # CallReader

    def hourly_calls(self, project: str, since_ns: int, until_ns: int) -> Sequence[HourCalls]:
        return hourly_calls(self._spans_of_project(project), since_ns, until_ns)

    def known_responses(self, project: str, response_ids: Collection[str]) -> Set[str]:
        known = {span.response_id for span in self._spans_of_project(project) if span.response_id is not None}
        return known & set(response_ids)

    def _spans_of_project(self, project: str) -> list[Span]:
        with self._lock:
            return [pair[0] for key, spans in self._traces.items() if key[0] == project for pair in spans.values()]

    def counts(self) -> Mapping[str, int]:
        with self._lock:
            sessions = {(run.project, run.session_id) for run in self._runs.values() if run.session_id is not None}
            return {
                "spans": sum(map(len, self._traces.values())),
                "traces": len(self._traces),
                "runs": len(self._runs),
                "sessions": len(sessions),
                "rejections": len(self._rejections),
                "logs": len(self._logs),
                "logs_waiting": self._logs.waiting(self._flat()),
                "bytes_on_disk": 0,
            }

    # BodyStore

    def undecided_runs(self, *, silent_since_ns: int, limit: int) -> Sequence[Run]:
        check_limit(limit)
        with self._lock:
            found = [
                run
                for run in self._runs.values()
                if run.lifecycle not in LIVE
                and run.last_seen_ns < silent_since_ns
                and self._decisions.get(run.project, run.session_key) is None
            ]
        return sorted(found, key=_silence)[:limit]

    def decide_bodies(self, decisions: Sequence[BodyDecision]) -> None:
        with self._lock:
            self._decisions.put(decisions)

    def body_decisions(self, project: str, session_keys: Sequence[str]) -> Mapping[str, BodyDecision]:
        with self._lock:
            found = {key: self._decisions.get(project, key) for key in session_keys}
        return {key: decision for key, decision in found.items() if decision is not None}

    def purge_bodies(self, *, decided_before_ns: int, limit: int) -> int:
        check_limit(limit)
        with self._lock:
            pairs, runs, gone, sessions = self._flat(), list(self._runs.values()), 0, 0
            rows = self._decisions.against(decided_before_ns)
            for decision in rows:
                against = {row.session_key for row in rows if row.project == decision.project}
                dropped = drop(pairs, self._logs, owners_of(decision, runs, pairs, against), "sampled")
                gone, sessions = gone + dropped, sessions + (dropped > 0)
                if sessions == limit:
                    break
            self._put_back(pairs)
        return gone

    def expire_bodies(self, project: str, *, before_ns: int) -> int:
        with self._lock:
            pairs = self._flat()
            gone = expire(pairs, self._logs, project, before_ns)
            self._put_back(pairs)
        return gone

    # SpanKeeper

    def scan_spans(
        self, project: str, *, since_ns: int | None, until_ns: int | None, cursor: str | None, limit: int
    ) -> Page:
        check_limit(limit)
        after = 0 if cursor is None else decode_span_cursor(cursor, 1)[0]
        with self._lock:
            pairs = self._flat()
            found = sorted(
                (place, key)
                for key, place in self._places.items()
                if place > after and key[0] == project and _within(pairs[key][0], since_ns, until_ns)
            )
            items = [(pairs[key][0], self._logs.joined(key, pairs[key][1])) for _, key in found[:limit]]
        return Page(items, encode_span_cursor(found[limit - 1][0]) if len(found) > limit else None)

    def erase_spans(self, project: str, keys: Sequence[tuple[str, str]]) -> Erased:
        spans = bodies = 0
        with self._lock:
            for trace_id, span_id in dict.fromkeys(keys):
                trace = self._traces.get((project, trace_id), {})
                events = self._logs.remove((project, trace_id, span_id))
                pair = trace.pop(span_id, None)
                bodies += bodies_of(None if pair is None else pair[1], events)
                if pair is not None:
                    spans += 1
                    del self._places[project, trace_id, span_id]
                if not trace:
                    self._traces.pop((project, trace_id), None)
                    self._trace_seq.pop((project, trace_id), None)
        return Erased(spans, bodies)

    def close(self) -> None:
        """Nothing to let go of: what is held goes with the object."""

    # within

    def _spans_of(self, key: TraceKey) -> list[Span]:
        return sorted((span for span, _ in self._traces[key].values()), key=_span_order)

    def _flat(self) -> Pairs:
        return {(*key, span_id): pair for key, trace in self._traces.items() for span_id, pair in trace.items()}

    def _put_back(self, pairs: Pairs) -> None:
        for (project, trace_id, span_id), pair in pairs.items():
            self._traces[project, trace_id][span_id] = pair

    def _of_project(self, project: str) -> list[Run]:
        with self._lock:
            return [self._told_of(run) for run in self._runs.values() if run.project == project]

    def _matching(self, where: RunFilter, *, without: str | None = None) -> list[Run]:
        return [run for run in self._of_project(where.project) if matches(run, where, without=without)]


def _silence(run: Run) -> tuple[int, str, str]:
    return run.last_seen_ns, run.project, run.run_id


def _within(span: Span, since_ns: int | None, until_ns: int | None) -> bool:
    return (since_ns is None or span.start_ns >= since_ns) and (until_ns is None or span.start_ns < until_ns)


def _span_order(span: Span) -> tuple[int, str, str]:
    return span.start_ns, span.trace_id, span.span_id
