"""Results of evaluations that come as log records, as OpenTelemetry sends events today: they reach the spans they name.

The log itself is stored with its commit. Which spans it names is remembered here, and an errand puts the results into
their skeletons and builds their runs again, which makes outcomes of them. Refuses more than WAITING_MAX spans at once:
they are found again when history is mapped again (`quarterdeck import --remap`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import Any, Protocol, TypeVar

from quarterdeck.errors import Overloaded
from quarterdeck.model.raw import RawLog, RawSpan
from quarterdeck.model.spans import Span
from quarterdeck.observe.outcomes.gauges import OutcomeGauges
from quarterdeck.store.interface import SpanReader, TraceKey

Answer = TypeVar("Answer")
SpanKey = tuple[str, str, str]
"""(project, trace_id, span_id)."""

WAITING_MAX = 10_000
SPANS_A_STEP = 100
LOOKS_MAX = 60
"""How often a span that has not come is looked for."""


class Bench(Protocol):
    """What an errand may use (`observe.pipeline.errands`)."""

    def spans_of(self, keys: Iterable[TraceKey]) -> list[Span]: ...

    def put_skeletons(self, spans: Sequence[Span]) -> int: ...

    def rebuild(self, keys: Sequence[TraceKey]) -> Any: ...


class Errand(Protocol):
    """Has something done by the one writer, between two commits. Raises Overloaded when too much waits."""

    def __call__(self, act: Callable[[Any], Answer], /) -> Future[Answer]: ...


class LoggedEvaluations:
    """`note` from the writer, `settle` from any other thread. `evaluations` reads the results of a span with its logs."""

    def __init__(
        self, store: SpanReader, event: str, evaluations: Callable[[RawSpan], str | None], gauges: OutcomeGauges
    ) -> None:
        self._store = store
        self._event = event
        self._evaluations = evaluations
        self._gauges = gauges
        self._waiting: dict[SpanKey, int] = {}
        self._lock = Lock()

    def note(self, logs: Sequence[RawLog]) -> None:
        """These logs are stored now."""
        keys = [(log.project, log.trace_id, log.span_id) for log in logs if log.event.name == self._event]
        if not keys:
            return
        with self._lock:
            room = WAITING_MAX - len(self._waiting)
            new = [key for key in dict.fromkeys(keys) if key not in self._waiting]
            self._waiting.update(dict.fromkeys(new[:room], 0))
        self._gauges.count("log", "rejected", max(0, len(new) - room))

    def settle(self, errand: Errand) -> int:
        """Put what waits into the spans that are there; answers how many spans changed. Raises StoreFailed.

        When too much waits for the writer, or the server stops, the rest waits too.
        """
        with self._lock:
            keys = list(self._waiting)
        changed = 0
        for start in range(0, len(keys), SPANS_A_STEP):
            try:
                changed += errand(partial(self._put, keys=keys[start : start + SPANS_A_STEP])).result()
            except Overloaded:
                break
        return changed

    def _put(self, bench: Bench, *, keys: Sequence[SpanKey]) -> int:
        """In the writer's thread."""
        spans = {
            (span.project, span.trace_id, span.span_id): span
            for span in bench.spans_of(list(dict.fromkeys((project, trace_id) for project, trace_id, _ in keys)))
        }
        found = [key for key in keys if key in spans]
        changed = [
            span._replace(evaluations=told)
            for project in dict.fromkeys(key[0] for key in found)
            for key, told in self._read(project, found)
            if (span := spans[key]).evaluations != told
        ]
        if changed:
            bench.put_skeletons(changed)
            bench.rebuild(list(dict.fromkeys((span.project, span.trace_id) for span in changed)))
        self._looked_at(keys, set(found))
        return len(changed)

    def _read(self, project: str, keys: Sequence[SpanKey]) -> list[tuple[SpanKey, str | None]]:
        """The results of these spans of one project, their logs joined to them."""
        wanted = [(trace_id, span_id) for of, trace_id, span_id in keys if of == project]
        raws = self._store.spans_raw(project, wanted)
        return [((project, *key), self._evaluations(raw)) for key, raw in raws.items()]

    def _looked_at(self, keys: Sequence[SpanKey], found: set[SpanKey]) -> None:
        given_up = 0
        with self._lock:
            for key in keys:
                looks = self._waiting.pop(key, 0) + 1
                if key not in found and looks < LOOKS_MAX:
                    self._waiting[key] = looks
                given_up += key not in found and looks >= LOOKS_MAX
        self._gauges.count("log", "accepted", len(found))
        self._gauges.count("log", "unknown_run", given_up)
