"""What the decider and the dry run read: runs by the window in which they were last seen, and whole sessions.

Refuses: to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.runs import Run
from quarterdeck.store.cursors import RunCursor, encode_run_cursor
from quarterdeck.store.interface import Page, RunFilter

_PAGE = 2_000
_KEYS = 500
"""Session ids named in one question."""
_SORT = "last_seen"


class SamplingStore(Protocol):
    """The abilities of a store that this room needs (see store.interface)."""

    def undecided_runs(self, *, silent_since_ns: int, limit: int) -> Sequence[Run]: ...

    def decide_bodies(self, decisions: Sequence[BodyDecision]) -> None: ...

    def body_decisions(self, project: str, session_keys: Sequence[str]) -> Mapping[str, BodyDecision]: ...

    def purge_bodies(self, *, decided_before_ns: int, limit: int) -> int: ...

    def list_runs(self, where: RunFilter, *, sort: str, cursor: str | None, limit: int) -> Page: ...


class RunList(Protocol):
    """The one ability that reading history needs."""

    def list_runs(self, where: RunFilter, *, sort: str, cursor: str | None, limit: int) -> Page: ...


def newest(store: RunList, project: str) -> Run | None:
    """The run that was last seen last; None in an empty project."""
    found: Sequence[Run] = store.list_runs(RunFilter(project), sort=_SORT, cursor=None, limit=1).items
    return found[0] if found else None


def runs_of_window(store: RunList, project: str, window: int, window_s: int, *, limit: int) -> list[Run]:
    """Runs last seen in a window, newest first, at most `limit`."""
    start_ns = window * window_s * 10**9
    return last_seen_between(store, project, start_ns, start_ns + window_s * 10**9, limit=limit)


def last_seen_between(store: RunList, project: str, since_ns: int, until_ns: int, *, limit: int) -> list[Run]:
    """Runs last seen in a half-open span of time, newest first, at most `limit`."""
    found: list[Run] = []
    # A place that no run has: what follows it was last seen before `until_ns`.
    cursor: str | None = encode_run_cursor(_SORT, RunCursor(until_ns - 1, ""))
    while cursor is not None and len(found) < limit:
        page = store.list_runs(RunFilter(project), sort=_SORT, cursor=cursor, limit=min(_PAGE, limit - len(found)))
        inside = [run for run in page.items if run.last_seen_ns >= since_ns]
        found += inside
        cursor = page.next_cursor if len(inside) == len(page.items) else None
    return found


def runs_of_sessions(store: RunList, project: str, runs: Sequence[Run]) -> list[Run]:
    """All runs of the sessions that these runs belong to, each once."""
    found = {run.run_id: run for run in runs}
    sessions = sorted({run.session_id for run in runs if run.session_id})
    for at in range(0, len(sessions), _KEYS):
        where = RunFilter(project, equals={"session_id": sessions[at : at + _KEYS]})
        found.update((run.run_id, run) for run in _all(store, where))
    return list(found.values())


def _all(store: RunList, where: RunFilter) -> Iterator[Run]:
    cursor: str | None = None
    while True:
        page = store.list_runs(where, sort=_SORT, cursor=cursor, limit=_PAGE)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
