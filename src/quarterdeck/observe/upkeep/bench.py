"""What upkeep needs of others, as protocols: errands done by the one writer, and what an errand may use.

The pipeline has the real ones (`observe.pipeline.errands`). Refuses code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol, TypeVar

from quarterdeck.model.runs import Run, RunTree
from quarterdeck.model.spans import Span
from quarterdeck.store.interface import Erased, TraceKey

Answer = TypeVar("Answer")
Trees = Callable[[Sequence[Span]], Sequence[RunTree]]


class Runs(Protocol):
    """Runs of some traces before and after they were built again."""

    @property
    def before(self) -> list[Run]: ...

    @property
    def after(self) -> list[Run]: ...


class Bench(Protocol):
    """Traces in memory, the store and the making of runs; only within the errand that was handed it."""

    @property
    def decoded(self) -> int: ...

    @property
    def committed(self) -> int: ...

    @property
    def quiet(self) -> bool: ...

    def traces_where(self, project: str, holds: Callable[[Span], bool]) -> list[str]: ...

    def spans_of(self, keys: Iterable[TraceKey]) -> list[Span]: ...

    def take_out(self, project: str, spans: Sequence[Span]) -> tuple[Erased, list[str]]: ...

    def put_skeletons(self, spans: Sequence[Span]) -> int: ...

    def rebuild(self, keys: Sequence[TraceKey]) -> Runs: ...

    def expire(self, project: str, trace_ids: Sequence[str]) -> Erased: ...


class Errand(Protocol):
    """Has something done between two commits. Raises Overloaded when too much waits."""

    def __call__(self, act: Callable[[Bench], Answer], /) -> Future[Answer]: ...
