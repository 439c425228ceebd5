"""Counting keys that no dialect reads: seen, reported, never summed.

The number of distinct (project, key, dialect, scope) is bounded; what comes after is counted under `OTHER_KEY`.
"""

from __future__ import annotations

from dataclasses import dataclass

from quarterdeck.model.reports import UnmappedKey

DISTINCT_MAX = 1_000
"""Distinct entries kept apart over the life of one counter."""

OTHER_KEY = "…other"

_Entry = tuple[str, str, str, str]
"""(project, key, dialect, scope name)."""


@dataclass(slots=True)
class _Tally:
    count: int
    trace_id: str


class UnmappedCounter:
    """Counts since the last drain. Not thread-safe: it belongs to its canonicalizer."""

    def __init__(self, distinct_max: int = DISTINCT_MAX) -> None:
        self._distinct_max = distinct_max
        self._known: set[_Entry] = set()
        self._tallies: dict[_Entry, _Tally] = {}

    def note(self, project: str, keys: tuple[str, ...], dialect: str, scope_name: str, trace_id: str) -> None:
        """Count each of `keys` once for a span of `trace_id`."""
        for key in keys:
            entry = self._entry((project, key, dialect, scope_name[:200]))
            tally = self._tallies.get(entry)
            if tally is None:
                self._tallies[entry] = _Tally(1, trace_id)
            else:
                tally.count += 1

    def _entry(self, wanted: _Entry) -> _Entry:
        if wanted in self._known:
            return wanted
        if len(self._known) >= self._distinct_max:
            return (wanted[0], OTHER_KEY, "", "")
        self._known.add(wanted)
        return wanted

    def drain(self, now_ns: int) -> list[UnmappedKey]:
        """What was counted since the last drain, most frequent first; the counts start anew."""
        tallies, self._tallies = self._tallies, {}
        found = [
            UnmappedKey(
                project=project,
                key=key,
                dialect=dialect,
                scope_name=scope_name,
                count=tally.count,
                first_seen_ns=now_ns,
                last_seen_ns=now_ns,
                example_trace_id=tally.trace_id,
            )
            for (project, key, dialect, scope_name), tally in tallies.items()
        ]
        return sorted(found, key=lambda item: (-item.count, item.project, item.key))
