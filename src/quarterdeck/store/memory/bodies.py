"""Bodies, decisions and logs over dictionaries: what `MemoryStore` answers for `BodyStore` and `SpanKeeper`.

Texts lie in the raw spans themselves; dropping one puts `Absent` there. Refuses to know runs' rules: they are in
`store.bodies`, as for every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.raw import RawEvent, RawLog, RawSpan
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.bodies import (
    TraceOwners,
    attribute_maps,
    bare,
    body_size,
    owner_of,
    owners_to_drop,
    with_logs,
    without_bodies,
)
from quarterdeck.store.interface import TraceKey

SpanKey = tuple[str, str, str]
"""(project, trace id, span id)."""

Pairs = dict[SpanKey, tuple[Span, RawSpan]]


class Decisions:
    """What was decided, by (project, session key)."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], BodyDecision] = {}

    def put(self, decisions: Iterable[BodyDecision]) -> None:
        for decision in decisions:
            self._rows[decision.project, decision.session_key] = decision

    def forget(self, project: str, session_keys: Iterable[str]) -> None:
        for key in session_keys:
            self._rows.pop((project, key), None)

    def get(self, project: str, session_key: str) -> BodyDecision | None:
        return self._rows.get((project, session_key))

    def told(self, run: Run) -> Run:
        """The run with what was decided about its bodies."""
        decision = self.get(run.project, run.session_key)
        if decision is None:
            return replace(run, body_probability=None, body_reason=None)
        return replace(run, body_probability=decision.probability, body_reason=decision.reason)

    def against(self, before_ns: int) -> list[BodyDecision]:
        """Those not to keep and decided before, oldest first."""
        found = [row for row in self._rows.values() if not row.kept and row.decided_at_ns < before_ns]
        return sorted(found, key=lambda row: (row.decided_at_ns, row.project, row.session_key))


class Logs:
    """Events that came as logs, by the span that they name."""

    def __init__(self) -> None:
        self._rows: dict[SpanKey, list[RawEvent]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def add(self, logs: Iterable[RawLog]) -> None:
        for log in logs:
            events = self._rows.setdefault((log.project, log.trace_id, log.span_id), [])
            if log.event not in events:
                events.append(log.event)

    def waiting(self, spans: Pairs) -> int:
        """Logs whose span has not come."""
        return sum(len(events) for key, events in self._rows.items() if key not in spans)

    def joined(self, key: SpanKey, raw: RawSpan) -> RawSpan:
        return with_logs(raw, self._rows.get(key, ()))

    def remove(self, key: SpanKey) -> list[RawEvent]:
        return self._rows.pop(key, [])

    def forget(self, project: str, trace_ids: set[str]) -> None:
        for key in self.named():
            if key[0] == project and key[1] in trace_ids:
                del self._rows[key]

    def drop(self, wanted: Iterable[SpanKey], reason: str, before_ns: int | None = None) -> int:
        """Put `Absent` for the bodies of these logs (of those before a time, when one is given); answers how many went."""
        gone = 0
        for key in wanted:
            events = self._rows.get(key, [])
            for at, event in enumerate(events):
                if before_ns is None or event.time_ns < before_ns:
                    gone += _count([event.attributes])
                    events[at] = event._replace(attributes=bare(event.attributes, reason))
        return gone

    def named(self) -> Iterator[SpanKey]:
        return iter(list(self._rows))


def drop(pairs: Pairs, logs: Logs, owners: set[tuple[str, str]], reason: str) -> int:
    """Put `Absent` for every body of these (project, owner); answers how many bodies that were."""
    mine = [key for key, (span, _) in pairs.items() if (span.project, owner_of(span)) in owners]
    return _drop(pairs, mine, reason) + logs.drop([key for key in logs.named() if key[:2] in owners], reason)


def expire(pairs: Pairs, logs: Logs, project: str, before_ns: int) -> int:
    """Put `Absent("expired", size)` for the bodies of what started before; answers how many bodies that were."""
    mine = [key for key, (span, _) in pairs.items() if span.project == project and span.start_ns < before_ns]
    theirs = [key for key in logs.named() if key[0] == project]
    return _drop(pairs, mine, "expired") + logs.drop(theirs, "expired", before_ns)


def _drop(pairs: Pairs, keys: Iterable[SpanKey], reason: str) -> int:
    gone = 0
    for key in keys:
        span, raw = pairs[key]
        gone += _count(attribute_maps(raw))
        pairs[key] = (span, without_bodies(raw, reason))
    return gone


def bodies_of(raw: RawSpan | None, events: Sequence[RawEvent]) -> int:
    """How many bodies a span and its logs hold."""
    return _count([*(() if raw is None else attribute_maps(raw)), *(event.attributes for event in events)])


def _count(maps: Iterable[Mapping[str, Any]]) -> int:
    return sum(body_size(value) is not None for found in maps for value in found.values())


def owners_of(decision: BodyDecision, runs: Iterable[Run], pairs: Pairs, against: set[str]) -> set[tuple[str, str]]:
    """(project, owner) of the bodies that go with this session; `against`: all session keys decided against."""
    mine = [run for run in runs if run.project == decision.project]
    traces: dict[TraceKey, set[str]] = {}
    for run in mine:
        for trace_id in run.trace_ids:
            traces.setdefault((run.project, trace_id), set()).add(run.session_key)
    touched = {trace for run in mine if run.session_key == decision.session_key for trace in run.trace_ids}
    facts = [
        TraceOwners(
            trace_id, frozenset(traces[decision.project, trace_id]), _sessions(pairs, decision.project, trace_id)
        )
        for trace_id in touched
    ]
    keys = {run.session_key for run in mine}
    found = owners_to_drop(decision.session_key, facts, against=against, has_runs=keys)
    return {(decision.project, owner) for owner in found}


def _sessions(pairs: Pairs, project: str, trace_id: str) -> frozenset[str]:
    return frozenset(
        span.session_id
        for (of, trace, _), (span, _) in pairs.items()
        if of == project and trace == trace_id and span.session_id
    )
