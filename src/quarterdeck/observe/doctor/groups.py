"""Spans in groups that the run builder takes: a trace, or traces that share an explicit run id.

Refuses: spans of several projects at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from quarterdeck.model.spans import Span


def connected(spans: Iterable[Span]) -> list[list[Span]]:
    """One list per group, in order of first appearance."""
    owner: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := owner.setdefault(name, name)) != name:
            owner[name] = owner[above]
            name = above
        return name

    spans = list(spans)
    for span in spans:
        if span.run_id is not None:
            owner[root(f"trace {span.trace_id}")] = root(f"run {span.run_id}")
    groups: dict[str, list[Span]] = {}
    for span in spans:
        groups.setdefault(root(f"trace {span.trace_id}"), []).append(span)
    return list(groups.values())
