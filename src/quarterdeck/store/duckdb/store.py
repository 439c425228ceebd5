"""DuckDBStore: every ability of a store over one DuckDB file that this process owns.

Refuses a second owner (DataDirInUse) and a file of a newer version (DataFormatTooNew). Reads run on cursors of their
own in the caller's thread and never wait for the writer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from quarterdeck.clock import Clock
from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.estimates import Promise
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.reports import UnmappedKey
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.calls import HourCalls
from quarterdeck.store.cohort_parts import CohortKeys, CohortPart
from quarterdeck.store.contrast import ContrastRows
from quarterdeck.store.duckdb import audit, call_reader, contrast_reader, first_spans, fleet_reader, run_reader
from quarterdeck.store.duckdb.chunks import Pair
from quarterdeck.store.duckdb.cohort_parts import cohort_parts
from quarterdeck.store.duckdb.database import Database, one
from quarterdeck.store.duckdb.housekeeping import Housekeeper
from quarterdeck.store.duckdb.logs import count_logs
from quarterdeck.store.duckdb.options import DuckDBOptions
from quarterdeck.store.duckdb.outcomes import OutcomeTable
from quarterdeck.store.duckdb.parts import Part
from quarterdeck.store.duckdb.promises import PromiseTable
from quarterdeck.store.duckdb.raw_reader import spans_raw
from quarterdeck.store.duckdb.run_writer import RunStore
from quarterdeck.store.duckdb.span_scan import scan_spans
from quarterdeck.store.duckdb.span_writer import SpanStore
from quarterdeck.store.duckdb.spending import read_spending_by, read_spent
from quarterdeck.store.duckdb.upkeep import Upkeep
from quarterdeck.store.duckdb.weight_reader import run_weights
from quarterdeck.store.feed import OutcomeSummary
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
from quarterdeck.store.measures import check_limit
from quarterdeck.store.spending import CohortSpending, Spent
from quarterdeck.store.trace_numbers import TraceNumbers
from quarterdeck.store.weights import RunWeights

_COUNTS = """
SELECT (SELECT count(*) FROM span), (SELECT count(*) FROM (SELECT DISTINCT project, trace_hi, trace_lo FROM trace_commit)),
  (SELECT count(*) FROM run),
  (SELECT count(*) FROM (SELECT DISTINCT project, session_id FROM run WHERE session_id IS NOT NULL)),
  (SELECT count(*) FROM rejection WHERE number > (SELECT max(number) FROM rejection) - ?)
"""


class DuckDBStore:
    """All of `TelemetryStore` in the file `path` (its folder is made). Raises DataDirInUse, DataFormatTooNew, StoreFailed."""

    def __init__(self, path: Path, *, options: DuckDBOptions, clock: Clock) -> None:
        self._options = options
        self._database = Database(path, options, clock)
        self._spans = SpanStore(self._database, options)
        self._runs = RunStore(self._database)
        self._outcomes = OutcomeTable(self._database)
        self._promises = PromiseTable(self._database)
        self._housekeeper = Housekeeper(self._database)
        self._upkeep = Upkeep(self._database, self._spans, options)

    # SpanWriter

    def prepare(self, pairs: Sequence[Pair]) -> Part:
        return self._spans.prepare(pairs)

    def commit(self, batch: Batch) -> int:
        return self._spans.commit(batch)

    def trace_keys(self) -> Iterable[TraceKey]:
        return self._spans.trace_keys()

    def trace_numbers(self) -> Iterator[TraceNumbers]:
        return self._spans.trace_numbers()

    def load_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[Span]]:
        return self._spans.load_traces(keys)

    # RunWriter

    def put_runs(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]], *, settled_seq: int) -> None:
        self._runs.put_runs(runs, gone, settled_seq=settled_seq)

    def unsettled(self) -> Sequence[TraceKey]:
        return self._runs.unsettled()

    def traces_of_runs(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Sequence[str]]:
        return self._runs.traces_of_runs(keys)

    def runs_of_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[str]]:
        return self._runs.runs_of_traces(keys)

    def live_runs(self, *, limit: int) -> Sequence[Run]:
        return self._runs.live_runs(limit=limit)

    # RunFeed

    def runs_over(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        return self._runs.runs_over(after_seq=after_seq, limit=limit)

    def last_run_seq(self) -> int:
        return self._runs.last_run_seq()

    # OutcomeStore, OutcomeUpkeep, OutcomeReader

    def put_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        self._outcomes.put_outcomes(outcomes)

    def outcomes_of(self, project: str, run_ids: Sequence[str]) -> Sequence[Outcome]:
        return self._outcomes.outcomes_of(project, run_ids)

    def outcomes_after(self, *, after_seq: int, limit: int) -> tuple[Sequence[Outcome], int]:
        return self._outcomes.outcomes_after(after_seq=after_seq, limit=limit)

    def outcome_names(self, project: str) -> Sequence[str]:
        return self._outcomes.outcome_names(project)

    def drop_outcomes(self, project: str, run_ids: Sequence[str], *, source: str | None = None) -> int:
        return self._outcomes.drop_outcomes(project, run_ids, source=source)

    def expire_outcomes(self, project: str, *, before_ns: int) -> int:
        return self._outcomes.expire_outcomes(project, before_ns=before_ns)

    def outcome_summary(self, project: str, since_ns: int, until_ns: int) -> OutcomeSummary:
        return self._outcomes.outcome_summary(project, since_ns, until_ns)

    # Promises

    def put_promises(self, promises: Sequence[Promise]) -> int:
        return self._promises.put_promises(promises)

    def promises_of(self, project: str, run_ids: Sequence[str]) -> Mapping[str, Promise]:
        return self._promises.promises_of(project, run_ids)

    def unpromised(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        return self._promises.unpromised(after_seq=after_seq, limit=limit)

    def kept_promises(self, project: str, since_ns: int, until_ns: int, *, limit: int) -> Sequence[Run]:
        return self._promises.kept_promises(project, since_ns, until_ns, limit=limit)

    # RunReader

    def get_run(self, project: str, run_id: str) -> Run:
        with self._database.reader() as cursor:
            return run_reader.get_run(cursor, project, run_id)

    def list_runs(self, where: RunFilter, *, sort: str, cursor: str | None, limit: int) -> Page:
        with self._database.reader() as reader:
            return run_reader.list_runs(reader, where, sort=sort, after=cursor, limit=limit)

    def count_runs(self, where: RunFilter) -> int:
        with self._database.reader() as cursor:
            return run_reader.count_runs(cursor, where)

    def facets(self, where: RunFilter, names: Sequence[str], *, limit: int) -> Mapping[str, Sequence[FacetCount]]:
        with self._database.snapshot() as cursor:
            return run_reader.facets(cursor, where, names, limit=limit)

    def session_runs(self, project: str, session_id: str) -> Sequence[Run]:
        with self._database.reader() as cursor:
            return run_reader.session_runs(cursor, project, session_id)

    # SpanReader

    def run_spans(self, project: str, run_id: str) -> tuple[Run, Sequence[Span]]:
        with self._database.snapshot() as cursor:
            return run_reader.run_spans(cursor, project, run_id)

    def first_spans(self, project: str, run_id: str, *, limit: int) -> tuple[Run, Sequence[Span]]:
        with self._database.snapshot() as cursor:
            return first_spans.first_spans(cursor, project, run_id, limit=limit)

    def spans_raw(self, project: str, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], RawSpan]:
        with self._database.snapshot() as cursor:
            return spans_raw(cursor, project, keys)

    # FleetReader

    def fleet(self, project: str, since_ns: int, until_ns: int) -> FleetNow:
        with self._database.snapshot() as cursor:
            return fleet_reader.fleet(cursor, project, since_ns, until_ns)

    def cohorts(
        self, project: str, since_ns: int, until_ns: int, by: Sequence[str], *, limit: int
    ) -> Sequence[CohortRow]:
        with self._database.snapshot() as cursor:
            return fleet_reader.cohorts(cursor, project, since_ns, until_ns, by, limit=limit)

    def cohort_parts(
        self, project: str, since_ns: int, until_ns: int, by: Sequence[str], *, parts: int
    ) -> Mapping[CohortKeys, Sequence[CohortPart]]:
        with self._database.snapshot() as cursor:
            return cohort_parts(cursor, project, since_ns, until_ns, by, parts=parts)

    # WeightReader

    def run_weights(self, project: str, since_ns: int, until_ns: int) -> RunWeights:
        with self._database.reader() as cursor:
            return run_weights(cursor, project, since_ns, until_ns)

    # SpendingReader

    def spent(
        self, project: str, where: Mapping[str, str], since_ns: Sequence[int], until_ns: int, *, score: str | None
    ) -> Sequence[Spent]:
        with self._database.snapshot() as cursor:
            return read_spent(cursor, project, where, since_ns, until_ns, score=score)

    def spending_by(self, project: str, since_ns: int, until_ns: int, by: Sequence[str]) -> Sequence[CohortSpending]:
        with self._database.reader() as cursor:
            return read_spending_by(cursor, project, since_ns, until_ns, by)

    # ContrastReader

    def contrast(self, where: RunFilter, against: RunFilter, keys: Sequence[str], *, values_max: int) -> ContrastCounts:
        with self._database.reader() as cursor:
            return contrast_reader.contrast(cursor, where, against, keys, values_max=values_max)

    def contrast_rows(
        self, where: RunFilter, against: RunFilter, keys: Sequence[str], *, runs_max: int
    ) -> ContrastRows:
        with self._database.reader() as cursor:
            return contrast_reader.contrast_rows(cursor, where, against, keys, runs_max=runs_max)

    # AuditReader

    def unmapped(self, project: str, *, limit: int) -> Sequence[UnmappedKey]:
        check_limit(limit)
        with self._database.reader() as cursor:
            return audit.read_unmapped(cursor, project, limit=limit)

    def rejections(self, project: str, *, cursor: str | None, limit: int) -> Page:
        check_limit(limit)
        keep = self._options.rejections_max
        with self._database.reader() as reader:
            return audit.read_rejections(reader, project, cursor_text=cursor, limit=limit, keep=keep)

    def coverage(self, project: str) -> Sequence[Mapping[str, Any]]:
        with self._database.reader() as cursor:
            return audit.read_coverage(cursor, project)

    # CallReader

    def hourly_calls(self, project: str, since_ns: int, until_ns: int) -> Sequence[HourCalls]:
        with self._database.reader() as cursor:
            return call_reader.read_hourly_calls(cursor, project, since_ns, until_ns)

    def known_responses(self, project: str, response_ids: Collection[str]) -> Set[str]:
        with self._database.reader() as cursor:
            return call_reader.read_known_responses(cursor, project, response_ids)

    def counts(self) -> Mapping[str, int]:
        names = ("spans", "traces", "runs", "sessions", "rejections")
        with self._database.reader() as cursor:
            row = one(cursor, _COUNTS, [self._options.rejections_max])
            logs, waiting = count_logs(cursor)
        return dict(zip(names, row, strict=True)) | {
            "logs": logs,
            "logs_waiting": waiting,
            "bytes_on_disk": self._database.bytes_on_disk(),
            "window_bytes": self._spans.window.bytes_held,
            "window_bytes_max": self._options.window_bytes,
        }

    # BodyStore

    def undecided_runs(self, *, silent_since_ns: int, limit: int) -> Sequence[Run]:
        return self._upkeep.undecided_runs(silent_since_ns=silent_since_ns, limit=limit)

    def decide_bodies(self, decisions: Sequence[BodyDecision]) -> None:
        self._upkeep.decide_bodies(decisions)

    def body_decisions(self, project: str, session_keys: Sequence[str]) -> Mapping[str, BodyDecision]:
        return self._upkeep.body_decisions(project, session_keys)

    def purge_bodies(self, *, decided_before_ns: int, limit: int) -> int:
        return self._upkeep.purge_bodies(decided_before_ns=decided_before_ns, limit=limit)

    def expire_bodies(self, project: str, *, before_ns: int) -> int:
        return self._upkeep.expire_bodies(project, before_ns=before_ns)

    # SpanKeeper

    def scan_spans(
        self, project: str, *, since_ns: int | None, until_ns: int | None, cursor: str | None, limit: int
    ) -> Page:
        with self._database.snapshot() as reader:
            return scan_spans(reader, project, since_ns=since_ns, until_ns=until_ns, after=cursor, limit=limit)

    def erase_spans(self, project: str, keys: Sequence[tuple[str, str]]) -> Erased:
        return self._upkeep.erase_spans(project, keys)

    # Housekeeping

    def projects(self) -> Sequence[str]:
        return self._housekeeper.projects()

    def traces_naming(
        self, project: str, *, session_ids: Sequence[str] = (), user_hashes: Sequence[str] = ()
    ) -> Sequence[str]:
        return self._housekeeper.traces_naming(project, session_ids=session_ids, user_hashes=user_hashes)

    def put_skeletons(self, spans: Sequence[Span]) -> int:
        return self._housekeeper.put_skeletons(spans)

    def forget(self, project: str, *, session_keys: Sequence[str], trace_ids: Sequence[str]) -> None:
        self._housekeeper.forget(project, session_keys=session_keys, trace_ids=trace_ids)

    def note_time(self, now_ns: int) -> None:
        self._housekeeper.note_time(now_ns)

    def old_traces(self, project: str, *, arrived_before_ns: int, limit: int) -> Sequence[str]:
        return self._housekeeper.old_traces(project, arrived_before_ns=arrived_before_ns, limit=limit)

    def earliest_start_since(self, project: str, arrived_ns: int) -> int | None:
        return self._housekeeper.earliest_start_since(project, arrived_ns)

    def expire_runs(self, project: str, *, before_ns: int, limit: int) -> int:
        return self._housekeeper.expire_runs(project, before_ns=before_ns, limit=limit)

    def expire_rollups(self, project: str, *, before_ns: int) -> int:
        return self._housekeeper.expire_rollups(project, before_ns=before_ns)

    def close(self) -> None:
        """Finish what is under way, fold the log into the file and let go of it."""
        self._spans.close()
        self._database.close()
