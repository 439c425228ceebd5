"""What the desk needs of its neighbours: an estimator, a store, somewhere to tell of failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from quarterdeck.model.estimates import Ended, Estimate, Identity, Task
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.interface import TraceKey
from quarterdeck.store.promises import Promises


class Learner(Protocol):
    """An estimator (`control.estimate.Estimator`): of one project."""

    def estimate(self, task: Task, identity: Identity) -> Estimate: ...

    def learn(self, ended: Ended) -> None: ...

    def forget(self, identity: Identity) -> None: ...

    def dump(self) -> bytes: ...


class Learners(NamedTuple):
    """How estimators are made: an empty one, and one from what `dump` answered (raises BadInput)."""

    new: Callable[[], Learner]
    load: Callable[[bytes], Learner]


class Feed(Promises, Protocol):
    """What is read of the store, and written to it."""

    def runs_over(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]: ...

    def last_run_seq(self) -> int: ...

    def projects(self) -> Sequence[str]: ...

    def load_traces(self, keys: Sequence[TraceKey]) -> Mapping[TraceKey, Sequence[Span]]: ...


class Log(Protocol):
    """Where failures are told (structlog's shape)."""

    def error(self, event: str, **fields: Any) -> Any: ...

    def warning(self, event: str, **fields: Any) -> Any: ...
