"""Joins what follows from runs behind the way in: cohort labels with a budget, outcomes, and the sampling of bodies.

The pipeline's store is wrapped so that runs get their verdicts, and late evidence is looked at, before they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from prometheus_client import CollectorRegistry

from quarterdeck.app.outcomes import OutcomeParts, outcome_parts
from quarterdeck.clock import Clock
from quarterdeck.model.runs import Run, RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.cardinality import LabelBook
from quarterdeck.observe.runs.prompt_churn import PromptChurn
from quarterdeck.observe.sampling import Sampler, SamplingGauges
from quarterdeck.observe.sampling.loop import nobody
from quarterdeck.settings import Settings
from quarterdeck.store.interface import COHORT_KEYS, Batch, FacetCount, KeyStore, RunFilter, TelemetryStore

LABELS_FILE = "labels.json"
"""Sketches of the cohort labels; when it is lost they are counted anew from the store."""

BuildRuns = Callable[[Sequence[Span], int], list[Run]]


class Bodies(NamedTuple):
    """`sampler` is started and stopped with the server; `store` and `build_runs` are what the pipeline gets.

    `chores` are done by the sampler's thread after each round; more may be added before it starts.
    """

    sampler: Sampler
    book: LabelBook
    store: TelemetryStore
    build_runs: BuildRuns
    key: bytes
    outcomes: OutcomeParts
    chores: list[Callable[[], object]]


class _Noticing:
    """A store that puts verdicts into runs and has the sampler look at them before they are written; in all else the store."""

    def __init__(self, store: TelemetryStore, outcomes: OutcomeParts, sampler: Sampler, clock: Clock) -> None:
        self._store = store
        self._outcomes = outcomes
        self._sampler = sampler
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, batch: Batch) -> int:
        seq = self._store.commit(batch)
        self._outcomes.logged.note(batch.logs)
        return seq

    def put_runs(self, runs: Sequence[Run], gone: Sequence[tuple[str, str]], *, settled_seq: int) -> None:
        told = self._outcomes.before_writing(runs, gone)
        self._sampler.notice(told, self._clock.now_ns())
        self._store.put_runs(told, gone, settled_seq=settled_seq)


def bodies_parts(
    settings: Settings,
    folder: Path,
    *,
    store: TelemetryStore,
    keys: KeyStore,
    clock: Clock,
    registry: CollectorRegistry,
    log: Any,
    key: bytes,
    build_runs: BuildRuns,
    trees: Callable[[Sequence[Span]], Sequence[RunTree]],
    alerts: Callable[[], Collection[str]] = nobody,
) -> Bodies:
    """`key`: of the draw, so that a session is drawn alike by every process of this data folder. `alerts`: runs to keep."""
    limit = settings.labels.values_max

    def known(project: str) -> Mapping[str, Sequence[FacetCount]]:
        return store.facets(RunFilter(project), COHORT_KEYS, limit=limit + 2)

    def projects() -> set[str]:
        return {settings.serve.project, *(held.project for held in keys.list_keys())}

    book, churn = LabelBook(settings.labels, known), PromptChurn()
    file = folder / LABELS_FILE
    chores: list[Callable[[], object]] = [lambda: _keep(book, file)]
    if file.exists() and not book.load(file.read_bytes()):
        log.warning("labels_counted_anew", file=str(file))
    sampler = Sampler(
        store=store,
        options=settings.sampling,
        key=key,
        gauges=SamplingGauges(registry),
        clock=clock,
        log=log,
        projects=projects,
        alerts=alerts,
        chores=chores,
    )
    outcomes = outcome_parts(settings, store, registry)

    def built(spans: Sequence[Span], now_ns: int) -> list[Run]:
        outcomes.heard(spans, trees, now_ns)
        return book.cap_labels(churn.settle(build_runs(spans, now_ns)))

    told = cast("TelemetryStore", _Noticing(store, outcomes, sampler, clock))
    return Bodies(sampler, book, told, built, key, outcomes, chores)


def _keep(book: LabelBook, file: Path) -> None:
    """Write the sketches so that a crash leaves the old file or the new one."""
    beside = file.with_suffix(".new")
    beside.write_bytes(book.dump())
    beside.replace(file)
