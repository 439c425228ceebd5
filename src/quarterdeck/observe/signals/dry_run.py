"""The patrol over stored history: what it would have said, under its rules or others. Reads, writes nothing.

Refuses: more runs than may be looked at in one answer; the newest are taken, and it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding, Promise, StreamNow
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.signals.patrol import Patrol
from quarterdeck.store.interface import Page, RunFilter

RUNS_MAX = 20_000
"""About ten seconds of one core."""
_PAGE = 500
_OVER = ("finished", "lost")


class RunList(Protocol):
    """Runs in order."""

    def list_runs(self, where: RunFilter, *, sort: str, cursor: str | None, limit: int) -> Page: ...


class Tried(NamedTuple):
    """What came out: findings in order of time, streams as they ended, the promise, and how much was looked at."""

    findings: Sequence[Finding]
    streams: Sequence[StreamNow]
    promise: Promise
    runs: int
    deploys: int
    truncated: bool


def try_rules(
    store: RunList, project: str, window: tuple[int, int], options: SignalsOptions, *, runs_max: int = RUNS_MAX
) -> Tried:
    """The patrol over the runs that started in a half-open span of time (ns), in the order in which they were last seen."""
    runs, truncated = _runs(store, project, window, runs_max)
    patrol = Patrol(project, options)
    findings: list[Finding] = []
    for run in runs:
        findings += patrol.pass_time(run.last_seen_ns)
        findings += patrol.take(run)
    findings += patrol.drain()
    promise = patrol.promise(window[1])
    return Tried(findings, patrol.streams(), promise, len(runs), len(patrol.deploys()), truncated)


def _runs(store: RunList, project: str, window: tuple[int, int], runs_max: int) -> tuple[list[Run], bool]:
    """Newest first from the store, so that what is left out is the oldest; answered in order of time."""
    where = RunFilter(project, window[0], window[1], {"lifecycle": _OVER})
    found: list[Run] = []
    cursor: str | None = None
    while len(found) < runs_max:
        page = store.list_runs(where, sort="started_at", cursor=cursor, limit=_PAGE)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    truncated = cursor is not None or len(found) > runs_max
    return sorted(found[:runs_max], key=lambda run: (run.last_seen_ns, run.run_id)), truncated
