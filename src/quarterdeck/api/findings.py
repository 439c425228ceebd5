"""What the doctor looks at on a live server, read from the store: counts of a day, and a sample of the newest runs.

The sample is read at most once a minute for the health document, and anew when somebody asks for it. Bounded: runs, spans
and raw forms have named limits. Refuses: to decide anything; that is `observe.doctor`.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from quarterdeck.api.bills import compare
from quarterdeck.api.services import ApiServices
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.observe.doctor import (
    Examined,
    Finding,
    Holes,
    Producer,
    TelemetryFacts,
    examine,
    find,
    findings_of,
    worst_first,
)
from quarterdeck.observe.doctor.billing import Reconciliation, billing_findings
from quarterdeck.observe.doctor.groups import connected
from quarterdeck.observe.doctor.limits import SAMPLED_MAX, span_limits
from quarterdeck.store.interface import RunFilter

WINDOW_H = 24
RUNS_MAX = 500
"""Newest runs that are looked at."""
SPANS_MAX = 10_000
"""Spans of them that are read; a run of more than a quarter of it is left out."""
KEPT_S = 60.0
"""How long the health document shows one look."""
PROJECTS_MAX = 64
_UNMAPPED_READ = 500
_ORPHANS = "orphans"
"""Not a flag of a run but a word of `RunFilter.has`."""


class Look(NamedTuple):
    """What was looked at, and when (monotonic seconds)."""

    findings: Sequence[Finding]
    holes: Holes
    skew_ms: float | None
    runs: int
    spans: int
    at_s: float


def _drifted(services: ApiServices, project: str) -> list[Finding]:
    """Cohorts whose runs leave what was promised of them."""
    return [
        Finding(
            "estimates_drifted",
            "warning",
            drift.why,
            {"agent": drift.agent, "model": drift.model, "level": drift.level, "share": drift.share, "n": drift.n},
            drift.mend,
        )
        for drift in (() if services.promises is None else services.promises.drifts(project))
    ]


class Doctor:
    """The findings of a project. Safe under threads: two questions at once may look twice, and both answers are right."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services
        self._looks: OrderedDict[str, Look] = OrderedDict()
        self._bills: OrderedDict[str, Reconciliation | None] = OrderedDict()
        self._lock = threading.Lock()

    def findings(
        self, project: str, producers: Sequence[Producer], *, fresh: bool = False
    ) -> tuple[list[Finding], Look]:
        """All findings of the project, worst first, and the look that they rest on."""
        look = self._look(project, fresh=fresh)
        facts = _facts(self._services, project, producers, look)
        found = [
            *find(facts),
            *look.findings,
            *billing_findings(self.bill(project)),
            *_drifted(self._services, project),
        ]
        return worst_first(found), look

    def take_bill(self, project: str, text: str) -> Reconciliation:
        """Compare a bill (CSV) and keep it: its result is among the findings until the next import. Raises BadFile."""
        result = compare(self._services, project, text)
        self._services.bills.keep(project, text)
        self._remember_bill(project, result)
        return result

    def bill(self, project: str) -> Reconciliation | None:
        """The last comparison with a bill, made again after a restart; None without any."""
        with self._lock:
            if project in self._bills:
                return self._bills[project]
        text = self._services.bills.last(project)
        result = None if text is None else compare(self._services, project, text)
        self._remember_bill(project, result)
        return result

    def _remember_bill(self, project: str, result: Reconciliation | None) -> None:
        with self._lock:
            self._bills[project] = result
            self._bills.move_to_end(project)
            while len(self._bills) > PROJECTS_MAX:
                self._bills.popitem(last=False)

    def _look(self, project: str, *, fresh: bool) -> Look:
        now_s = self._services.clock.monotonic_s()
        with self._lock:
            kept = self._looks.get(project)
        if kept is not None and not fresh and now_s - kept.at_s < KEPT_S:
            return kept
        look = _look(self._services, project, now_s)
        with self._lock:
            self._looks[project] = look
            self._looks.move_to_end(project)
            while len(self._looks) > PROJECTS_MAX:
                self._looks.popitem(last=False)
        return look


def producers_of(services: ApiServices, project: str) -> list[Producer]:
    """Who sends spans to this project, most spans first."""
    return [
        Producer(
            str(row["dialect"]),
            str(row["scope"]),
            int(row["spans"]),
            int(row["model_calls"]),
            int(row["with_usage"]),
            int(row.get("orphans") or 0),
        )
        for row in services.store.coverage(project)
    ]


def _look(services: ApiServices, project: str, now_s: float) -> Look:
    since_ns = max(0, services.clock.now_ns() - WINDOW_H * 3600 * 10**9)
    page = services.store.list_runs(
        RunFilter(project, since_ns=since_ns), sort="started_at", cursor=None, limit=RUNS_MAX
    )
    spans = _spans_of(services, project, page.items)
    trees = [tree for group in connected(spans) for tree in services.build_runs(group)]
    seen = examine(spans, trees)
    raws = _raws(services, project, seen)
    scopes = {key: raw.scope.name for key, raw in raws.items()}
    found = [*findings_of(seen, scopes), *span_limits(raws.values())]
    return Look(found, seen.holes, seen.skew_ms, len(trees), len(spans), now_s)


def _spans_of(services: ApiServices, project: str, runs: Sequence[Run]) -> list[Span]:
    """The spans of the newest runs, as many as the limit allows."""
    wanted: dict[str, None] = {}
    room = SPANS_MAX
    for run in runs:
        if run.spans <= SPANS_MAX // 4 and run.spans <= room:
            room -= run.spans
            wanted.update(dict.fromkeys(run.trace_ids))
    loaded = services.store.load_traces([(project, trace_id) for trace_id in wanted])
    return [span for spans in loaded.values() for span in spans]


def _raws(services: ApiServices, project: str, seen: Examined) -> dict[tuple[str, str], RawSpan]:
    """Raw forms of the spans whose scope is asked for, and of some model calls."""
    keys = dict.fromkeys(seen.wanted)
    models = [(span.trace_id, span.span_id) for span in seen.spans if span.op_kind == "llm"]
    keys.update(dict.fromkeys(models[: max(0, SAMPLED_MAX - len(keys))]))
    return dict(services.store.spans_raw(project, keys)) if keys else {}


def _facts(services: ApiServices, project: str, producers: Sequence[Producer], look: Look) -> TelemetryFacts:
    since_ns = max(0, services.clock.now_ns() - WINDOW_H * 3600 * 10**9)

    def count(*has: str) -> int:
        return services.store.count_runs(RunFilter(project, since_ns=since_ns, has=has))

    ingest = services.ingest_health()
    return TelemetryFacts(
        window_h=WINDOW_H,
        runs=count(),
        runs_with_orphans=count(_ORPHANS),
        runs_without_root=count("root_missing"),
        runs_with_skew=count("clock_skew"),
        runs_unpriced=count("cost_unpriced"),
        unmapped=_unmapped(services, project),
        producers=producers,
        rejected=ingest.rejected,
        skeleton_share=ingest.skeleton_share,
        skeleton_spans=ingest.skeleton_spans,
        holes=look.holes,
        skew_ms=look.skew_ms,
    )


def _unmapped(services: ApiServices, project: str) -> dict[str, int]:
    """Key → spans; one key may come from several dialects and scopes."""
    counted: Counter[str] = Counter()
    for key in services.store.unmapped(project, limit=_UNMAPPED_READ):
        counted[key.key] += key.count
    return dict(counted)
