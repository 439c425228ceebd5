"""What is asked of a store: protocols of one to five methods, with the shapes that they pass.

Every engine (memory, duckdb) passes tests/store_contract. Methods block; callers that must not block use a thread.
Errors: `StoreFailed` when the engine fails, `NotFound` where said. Readers see only what was committed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Protocol

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.raw import RawLog, RawSpan
from quarterdeck.model.reports import ApiKey, Rejection, UnmappedKey
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.calls import HourCalls
from quarterdeck.store.cohort_parts import CohortPartsReader
from quarterdeck.store.contrast import ContrastRowReader
from quarterdeck.store.feed import Feeds
from quarterdeck.store.promises import Promises
from quarterdeck.store.spending import SpendingReader
from quarterdeck.store.trace_numbers import TraceNumberReader
from quarterdeck.store.upkeep import Housekeeping
from quarterdeck.store.weights import WeightReader

RUN_FACETS = (
    "agent", "agent_version", "prompt_version", "model", "provider", "lifecycle", "status", "error_class",
    "outcome", "tenant", "environment", "feature", "task_class", "session_id", "user_hash", "toolset_hash",
    "config_hash",
)  # fmt: skip
"""Columns of a run that may be filtered by equality and counted as facets."""

RUN_SORTS = ("started_at", "duration_s", "tokens_total", "cost_usd", "model_calls", "tool_calls", "spans", "last_seen")
"""Orders of a run list, newest or largest first (prefix "-" reverses: oldest or smallest first)."""

COHORT_KEYS = (
    "agent", "agent_version", "prompt_version", "model", "provider", "environment", "feature", "tenant", "task_class",
)  # fmt: skip
"""Parts of the version identity and of the context by which runs may be grouped into cohorts."""

CONTRAST_KEYS = (
    "agent", "agent_version", "prompt_version", "model", "provider", "tool", "tool_error", "error_class", "flag", "tenant",
    "environment", "feature", "task_class", "toolset_hash", "config_hash", "dialect", "lifecycle", "status", "outcome",
)  # fmt: skip
"""Attributes by which two selections of runs may be contrasted. A run has any number of `tool`, `tool_error`, `flag` and `dialect`."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs. `equals` maps a name of RUN_FACETS to accepted values ("" = unknown). Times are ns, half open.

    `text` matches a part of run id, trace id, agent or root name, case-insensitively. `has` are words of `flags`, or "orphans", "residual",
    "error" (an error inside), "failed", "succeeded" (`Run.failed`), "estimated", "over_budget", "within_budget" (store/promises.py).
    """

    project: str
    since_ns: int | None = None
    until_ns: int | None = None
    equals: Mapping[str, Sequence[str]] = field(default_factory=dict)
    text: str | None = None
    has: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `next_cursor` is opaque and None at the end."""

    items: Sequence[Any]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class FacetCount:
    value: str | None
    count: int


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One cohort over a window, from the rollup. Quantiles are within 1 % (log buckets); None = nothing reported.

    `keys` maps each requested cohort key to its value (None = unknown). `failed`/`scored`: runs whose `Run.failed` is true / is known.
    """

    keys: Mapping[str, str | None]
    runs: int
    live: int
    scored: int
    failed: int
    model_calls: int
    tool_calls: int
    tokens_total: int
    tokens_known: int
    cost_usd: float
    cost_known: int
    duration_s_p50: float | None
    duration_s_p95: float | None
    tokens_p50: float | None
    tokens_p95: float | None
    started_at_max_ns: int


@dataclass(frozen=True, slots=True)
class FleetMinute:
    """One minute of the whole fleet: runs started, failed, tokens and dollars of the runs that started in it."""

    minute_ns: int
    runs: int
    failed: int
    scored: int
    tokens_total: int
    cost_usd: float
    model_calls: int


@dataclass(frozen=True, slots=True)
class FleetNow:
    """Population: live runs by lifecycle, and totals of the window."""

    lifecycle: Mapping[str, int]
    runs: int
    scored: int
    failed: int
    tokens_total: int
    tokens_known: int
    cost_usd: float
    cost_known: int
    minutes: Sequence[FleetMinute]


@dataclass(frozen=True, slots=True)
class ContrastCell:
    """How many runs of either side have this value of this key; None = unknown (never for tool, tool_error, flag and dialect)."""

    key: str
    value: str | None
    where: int
    against: int


@dataclass(frozen=True, slots=True)
class ContrastCounts:
    """Two disjoint selections of runs counted by attribute: their sizes, and per key the most frequent values.

    `left_out` is how many values are not among the cells because a key had more than were asked for.
    """

    where: int
    against: int
    cells: Sequence[ContrastCell]
    left_out: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit writes. `spans` are new by identity; `replaced` are spans already stored whose end state changed.

    `prepared` are parts that `SpanWriter.prepare` answered; their spans are new too and do not stand in `spans` again.
    Whoever calls `commit` has already dropped repeats (see observe.pipeline); the store does not look again.
    """

    spans: Sequence[tuple[Span, RawSpan]]
    replaced: Sequence[tuple[Span, RawSpan]] = ()
    rejections: Sequence[Rejection] = ()
    unmapped: Sequence[UnmappedKey] = ()
    prepared: Sequence[Any] = ()
    logs: Sequence[RawLog] = ()


TraceKey = tuple[str, str]
"""(project, trace_id)."""


class SpanWriter(Protocol):
    """The way in for spans. One writer thread per store."""

    def prepare(self, pairs: Sequence[tuple[Span, RawSpan]]) -> Any:
        """Do ahead, in any thread, what writing these spans (at least one) will need: a part for `Batch.prepared`.

        Raises BadInput for what cannot be stored. Nothing is written until `commit`.
        """
        ...

    def commit(self, batch: Batch) -> int:
        """Write a batch durably in one transaction; answers its sequence number (rising). Raises StoreFailed."""
        ...

    def trace_keys(self) -> Iterable[TraceKey]:
        """Every trace that has a span stored (read once, at start)."""
        ...

    def load_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[Span]]:
        """All stored spans of the named traces; unknown traces are left out."""
        ...


class RunWriter(Protocol):
    """The way in for runs: summaries and the rollups that derive from them."""

    def put_runs(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]], *, settled_seq: int) -> None:
        """Write runs (replacing by (project, run_id)), delete the `gone` ones, and bring `run_attribute` and the

        cohort-minute rollup up to date, in one transaction. `settled_seq`: all commits up to it are reflected.
        """
        ...

    def unsettled(self) -> Sequence[TraceKey]:
        """Traces with spans committed after the last `settled_seq` (read at start, after a crash)."""
        ...

    def traces_of_runs(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Sequence[str]]:
        """Trace ids of the named (project, run_id); unknown runs are left out."""
        ...

    def runs_of_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[str]]:
        """Run ids that the named traces take part in; unknown traces are left out (to find runs that vanish)."""
        ...

    def live_runs(self, *, limit: int) -> Sequence[Run]:
        """Runs whose lifecycle is not `finished` or `lost`, oldest last_seen first (for aging by silence)."""
        ...


class RunReader(Protocol):
    """Runs as summaries."""

    def get_run(self, project: str, run_id: str) -> Run:
        """Raises NotFound."""
        ...

    def list_runs(self, where: RunFilter, *, sort: str, cursor: str | None, limit: int) -> Page:
        """`Page` of `Run`. Raises BadInput for an unknown sort or a cursor that is not ours."""
        ...

    def count_runs(self, where: RunFilter) -> int: ...

    def facets(self, where: RunFilter, names: Sequence[str], *, limit: int) -> Mapping[str, Sequence[FacetCount]]:
        """Counts per value of each named facet, most frequent first; a facet ignores the filter on itself."""
        ...

    def session_runs(self, project: str, session_id: str) -> Sequence[Run]:
        """Runs of a session in order of start; empty when unknown."""
        ...


class SpanReader(Protocol):
    """Spans of a run, skeleton first, raw on demand."""

    def run_spans(self, project: str, run_id: str) -> tuple[Run, Sequence[Span]]:
        """The run and all spans of its traces in order of start (a trace may hold other runs' spans too).

        `observe.runs.build_runs` gives each span its place. Raises NotFound.
        """
        ...

    def first_spans(self, project: str, run_id: str, *, limit: int) -> tuple[Run, Sequence[Span]]:
        """The run and the `limit` spans of its traces that started first: cheap however long the run is. Raises NotFound."""
        ...

    def spans_raw(self, project: str, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], RawSpan]:
        """Raw forms by (trace_id, span_id); unknown keys are left out."""
        ...


class FleetReader(Protocol):
    """Population numbers, from rollups only: never from spans."""

    def fleet(self, project: str, since_ns: int, until_ns: int) -> FleetNow: ...

    def cohorts(
        self, project: str, since_ns: int, until_ns: int, by: Sequence[str], *, limit: int
    ) -> Sequence[CohortRow]:
        """Most runs first. Raises BadInput for a name outside COHORT_KEYS."""
        ...


class ContrastReader(Protocol):
    """What two selections of runs have and have not in common, from run rows only."""

    def contrast(self, where: RunFilter, against: RunFilter, keys: Sequence[str], *, values_max: int) -> ContrastCounts:
        """Runs of `where`, and those of `against` that `where` does not match, counted per value of each key.

        Both filters are of one project. At most `values_max` values a key, most frequent first, ties by value with
        unknown last; keys in the order given. Raises BadInput for a name outside CONTRAST_KEYS.
        """
        ...


class AuditReader(Protocol):
    """What the way in reports about itself."""

    def unmapped(self, project: str, *, limit: int) -> Sequence[UnmappedKey]: ...

    def rejections(self, project: str, *, cursor: str | None, limit: int) -> Page:
        """`Page` of `Rejection`, newest first."""
        ...

    def coverage(self, project: str) -> Sequence[Mapping[str, Any]]:
        """Per producer: `dialect, scope, spans, model_calls, with_usage, orphans`."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Rows and bytes for health: `spans, runs, sessions, bytes_on_disk, ...`."""
        ...


class CallReader(Protocol):
    """Model calls as a provider bills them: once each (store/calls.py)."""

    def hourly_calls(self, project: str, since_ns: int, until_ns: int) -> Sequence[HourCalls]:
        """Calls that started in the window (half open), by (hour, model), in that order. One scan of the window's model spans."""
        ...

    def known_responses(self, project: str, response_ids: Collection[str]) -> Set[str]:
        """Those of the provider's response ids that a stored span carries."""
        ...


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure removed."""

    spans: int
    bodies: int


class BodyStore(Protocol):
    """Bodies: long texts of raw spans, kept by content, dropped by session."""

    def undecided_runs(self, *, silent_since_ns: int, limit: int) -> Sequence[Run]:
        """Runs that are finished or lost, were last seen before, and whose session has no decision; oldest first."""
        ...

    def decide_bodies(self, decisions: Sequence[BodyDecision]) -> None:
        """Write decisions, replacing by (project, session_key). Nothing is removed until `purge_bodies`."""
        ...

    def body_decisions(self, project: str, session_keys: Sequence[str]) -> Mapping[str, BodyDecision]:
        """Decisions by session key; undecided ones are left out."""
        ...

    def purge_bodies(self, *, decided_before_ns: int, limit: int) -> int:
        """Remove the bodies of at most `limit` sessions that were decided against before that time; answers how many bodies.

        Their raw spans then hold `Absent("sampled", size)`. The decisions stay.
        """
        ...

    def expire_bodies(self, project: str, *, before_ns: int) -> int:
        """Remove the bodies of all spans that started before; their raw spans then hold `Absent("expired", size)`."""
        ...


class SpanKeeper(Protocol):
    """All raw spans in order, and the removal of some."""

    def scan_spans(
        self, project: str, *, since_ns: int | None, until_ns: int | None, cursor: str | None, limit: int
    ) -> Page:
        """`Page` of (Span, RawSpan) in the order of commits, for export and re-mapping. Bounds are on the start, half open."""
        ...

    def erase_spans(self, project: str, keys: Sequence[tuple[str, str]]) -> Erased:
        """Remove (trace_id, span_id): skeletons, raw forms and bodies that only they hold. Runs are `put_runs`' business."""
        ...


class TelemetryStore(
    SpanWriter,
    TraceNumberReader,
    RunWriter,
    RunReader,
    SpanReader,
    FleetReader,
    CohortPartsReader,
    ContrastReader,
    ContrastRowReader,
    WeightReader,
    SpendingReader,
    AuditReader,
    CallReader,
    BodyStore,
    SpanKeeper,
    Housekeeping,
    Feeds,
    Promises,
    Protocol,
):
    """All of the above in one engine, with an end."""

    def close(self) -> None: ...


class KeyStore(Protocol):
    """Access keys (operational state)."""

    def create_key(self, project: str, name: str) -> tuple[ApiKey, str]:
        """A new key and its secret, which is shown this once."""
        ...

    def find_key(self, secret: str) -> ApiKey | None:
        """The key in force that has this secret, else None."""
        ...

    def list_keys(self, project: str | None = None) -> Sequence[ApiKey]: ...

    def revoke_key(self, key_id: str) -> ApiKey:
        """Raises NotFound."""
        ...
