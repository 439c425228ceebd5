"""Counters that run over the whole life of an agent: what was the previous observation of the same one?

Refuses: to compare across sessions or agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.vectors import NOTHING, Usage, total


def previous_observations(spans: Sequence[Span], own: Mapping[int, Usage]) -> dict[int, Usage | None]:
    """Node → the reading before it, by end of span (open ones last); None where there is none, or after a reset.

    A counter that fell was reset: its reading then counts from 0, which is an all-None reading.
    """
    last: dict[tuple[str | None, str | None], Usage] = {}
    before: dict[int, Usage | None] = {}
    readings = [node for node in own if spans[node].usage_scope == "cumulative_lifetime"]
    for node in sorted(readings, key=lambda n: (spans[n].end_ns == 0, spans[n].end_ns, -spans[n].start_ns, n)):
        span = spans[node]
        instance = (span.session_id, span.agent_id or span.agent_name)
        earlier = last.get(instance)
        if earlier is not None and (total(own[node]) or 0) < (total(earlier) or 0):
            earlier = NOTHING
        before[node] = earlier
        last[instance] = own[node]
    return before
