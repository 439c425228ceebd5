"""What the watch needs of the rooms that it joins: a patrol, a feed, a book of alerts, somebody to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from quarterdeck.model.alerts import Alert
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Deploy, Finding, Keys, Point, Promise, StreamNow
from quarterdeck.store.documents import DocumentStore, RecordStore
from quarterdeck.store.feed import RunFeed
from quarterdeck.store.spending import SpendingReader


class Log(Protocol):
    """Where failures are told (structlog's shape)."""

    def error(self, event: str, **fields: Any) -> Any: ...

    def warning(self, event: str, **fields: Any) -> Any: ...


class Patrolling(Protocol):
    """A patrol (`observe.signals.Patrol`): what is known of one project, and what it makes of the next run."""

    def take(self, run: Run) -> list[Finding]: ...

    def score(self, outcome: Outcome, run: Run) -> list[Finding]: ...

    def pass_time(self, now_ns: int) -> list[Finding]: ...

    def streams(self) -> list[StreamNow]: ...

    def stream(self, stream_id: str) -> StreamNow: ...

    def history(self, stream_id: str) -> list[Point]: ...

    def deploys(self) -> list[Deploy]: ...

    def promise(self, now_ns: int) -> Promise: ...

    def mix(self) -> Sequence[Any]: ...

    def tolerate(self, given: Mapping[tuple[Keys, str], float]) -> None: ...

    def excuse(self, cohort: Keys, signal: str) -> None: ...

    def rebase(self, cohort: Keys, signal: str) -> None: ...

    def dump(self) -> bytes: ...


class Patrols(NamedTuple):
    """How patrols are made: a new one of a project, and one from what `dump` answered (raises BadFile)."""

    new: Callable[[str], Patrolling]
    load: Callable[[str, bytes], Patrolling]


class Feed(RunFeed, SpendingReader, Protocol):
    """What is read of the store."""

    def projects(self) -> Sequence[str]: ...

    def live_runs(self, *, limit: int) -> Sequence[Run]: ...

    def get_run(self, project: str, run_id: str) -> Run: ...

    def outcomes_after(self, *, after_seq: int, limit: int) -> tuple[Sequence[Outcome], int]: ...


class Desk(DocumentStore, RecordStore, Protocol):
    """Where what people decide of alerts is kept: documents, and a chain of records."""


Tell = Callable[[Alert, str], None]
"""Tells people of an alert and what happened to it (`firing`, `resolved`, `acknowledged`); returns at once.

What stands in the alert as told is not told again, so it may be called again after a restart.
"""
