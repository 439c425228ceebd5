"""How often each rule found something, by project, since the start: for `/metrics` and `GET privacy`. Thread-safe.

Refuses to grow: rules are named in the settings, and projects beyond a thousand are counted together.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client import Counter as PrometheusCounter

PROJECTS_MAX = 1_000
OTHER = "(other)"


class PrivacyCounts(NamedTuple):
    """Of one project since the start. `redacted` maps a rule to matches; the rest are spans."""

    redacted: dict[str, int]
    user_ids_hashed: int
    content_dropped: int
    erased_refused: int


class Tally:
    """Counts by the decoder; read by the API."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._redactions = PrometheusCounter(
            "quarterdeck_redactions", "Values taken out at the door, by rule.", ["rule"], registry=registry
        )
        self._dropped = PrometheusCounter(
            "quarterdeck_spans_content_dropped", "Spans stored without their content.", registry=registry
        )
        self._hashed = PrometheusCounter(
            "quarterdeck_spans_user_hashed", "Spans whose raw user id became its keyed hash.", registry=registry
        )
        self._refused = PrometheusCounter(
            "quarterdeck_spans_erased_refused", "Late spans of what was erased, refused.", registry=registry
        )
        self._lock = Lock()
        self._by_project: dict[str, Counter[str]] = {}

    def redacted(self, project: str, found: Counter[str]) -> None:
        """Matches of one request."""
        for rule, count in found.items():
            self._redactions.labels(rule).inc(count)
        self._add(project, {f"rule:{rule}": count for rule, count in found.items()})

    def sealed(self, project: str, *, hashed: int, dropped: int, refused: int) -> None:
        """Spans of one request."""
        self._hashed.inc(hashed)
        self._dropped.inc(dropped)
        self._refused.inc(refused)
        self._add(project, {"hashed": hashed, "dropped": dropped, "refused": refused})

    def of(self, project: str) -> PrivacyCounts:
        """The counts of a project; all zero when it sent nothing."""
        with self._lock:
            found = Counter(self._by_project.get(project, ()))
        redacted = {name.removeprefix("rule:"): count for name, count in sorted(found.items()) if ":" in name}
        return PrivacyCounts(redacted, found["hashed"], found["dropped"], found["refused"])

    def _add(self, project: str, found: dict[str, int]) -> None:
        with self._lock:
            key = project if project in self._by_project or len(self._by_project) < PROJECTS_MAX else OTHER
            self._by_project.setdefault(key, Counter()).update(found)
