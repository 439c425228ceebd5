"""What the way in reports about itself, kept in memory: refusals, unmapped keys, producers' coverage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.reports import Rejection, UnmappedKey
from quarterdeck.model.spans import Span
from quarterdeck.store.cursors import decode_rejection_cursor, encode_rejection_cursor
from quarterdeck.store.interface import Page
from quarterdeck.store.measures import has_usage, is_model_call
from quarterdeck.store.unmapped import fitted, identity_of


class RejectionLog:
    """The newest `keep` rejections, each with a rising number."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._rows: list[tuple[int, Rejection]] = []
        self._next = 1

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rejections: Iterable[Rejection]) -> None:
        for rejection in rejections:
            self._rows.append((self._next, rejection))
            self._next += 1
        del self._rows[: -self._keep]

    def forget(self, project: str, trace_ids: set[str]) -> None:
        self._rows = [row for row in self._rows if row[1].project != project or row[1].trace_id not in trace_ids]

    def page(self, project: str, *, cursor: str | None, limit: int) -> Page:
        before = self._next if cursor is None else decode_rejection_cursor(cursor)
        found = [(n, row) for n, row in reversed(self._rows) if n < before and row.project == project]
        items = [row for _, row in found[:limit]]
        return Page(items, encode_rejection_cursor(found[limit - 1][0]) if len(found) > limit else None)


class UnmappedCounts:
    """Keys that no dialect reads, one row per (project, key, dialect, scope); beyond `keep` rows they count as `(other)`."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._rows: dict[tuple[str, str, str, str], UnmappedKey] = {}

    def add(self, keys: Iterable[UnmappedKey]) -> None:
        for key in fitted(keys, self._rows.__contains__, self._keep - len(self._rows)):
            identity = identity_of(key)
            held = self._rows.get(identity)
            self._rows[identity] = key if held is None else merged(held, key)

    def forget(self, project: str, trace_ids: set[str]) -> None:
        for identity, row in self._rows.items():
            if row.project == project and row.example_trace_id in trace_ids:
                self._rows[identity] = replace(row, example_trace_id="")

    def list(self, project: str, *, limit: int) -> list[UnmappedKey]:
        mine = [row for row in self._rows.values() if row.project == project]
        return sorted(mine, key=lambda row: (-row.count, row.key, row.dialect, row.scope_name))[:limit]


def merged(held: UnmappedKey, new: UnmappedKey) -> UnmappedKey:
    """Two counts of one key as one; the first example stays."""
    return replace(
        held,
        count=held.count + new.count,
        first_seen_ns=min(held.first_seen_ns, new.first_seen_ns),
        last_seen_ns=max(held.last_seen_ns, new.last_seen_ns),
    )


def coverage_of(pairs: Iterable[tuple[Span, RawSpan]]) -> Sequence[Mapping[str, Any]]:
    """Per producer, most spans first. `orphans` is None: that is known per run, not per producer."""
    counts: dict[tuple[str, str], list[int]] = {}
    for span, raw in pairs:
        row = counts.setdefault((span.dialect, raw.scope.name), [0, 0, 0])
        row[0] += 1
        row[1] += is_model_call(span)
        row[2] += is_model_call(span) and has_usage(span)
    ordered = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    return [
        {"dialect": dialect, "scope": scope, "spans": n, "model_calls": calls, "with_usage": used, "orphans": None}
        for (dialect, scope), (n, calls, used) in ordered
    ]
