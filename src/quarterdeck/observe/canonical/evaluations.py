"""Results of evaluations that spans carry: events `gen_ai.evaluation.result`, or the same attributes on a span.

Kept in the skeleton as short text, so that outcomes can be made of them whenever runs are built. Explanations are left
out: they are texts, and stay with the span as long as texts do. Refuses nothing; what has neither score nor label is
left out. Source: OpenTelemetry, semantic conventions for generative AI events.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from quarterdeck.model.raw import RawEvent, RawSpan

EVENT = "gen_ai.evaluation.result"
PREFIX = "gen_ai.evaluation."
KEPT_MAX = 16
"""Results kept of one span."""

EVENTS_MAX = 128
NAME_MAX = 100
LABEL_MAX = 200

_NAME = "gen_ai.evaluation.name"
_SCORES = ("gen_ai.evaluation.score.value", "gen_ai.evaluation.score")
_LABELS = ("gen_ai.evaluation.score.label", "gen_ai.evaluation.label")


def tells_evaluation(keys: Sequence[str]) -> bool:
    """Of a shape: whether the span itself carries a result."""
    present = set(keys)
    return _NAME in present and not present.isdisjoint((*_SCORES, *_LABELS))


def evaluations_of(raw: RawSpan, *, own: bool) -> str | None:
    """JSON: a list of [name, score, label, at in ns], in order; None when there is none. `own`: attributes count too."""
    if not own and all(event.name != EVENT for event in raw.events):
        return None
    found = list(_results(raw, own=own))[:KEPT_MAX]
    return orjson.dumps(found).decode() if found else None


def evaluations_again(raw: RawSpan) -> str | None:
    """As `evaluations_of`, of a stored span with its logs: what a plan knows of its shape is asked anew."""
    return evaluations_of(raw, own=tells_evaluation(tuple(raw.attributes)))


def _results(raw: RawSpan, *, own: bool) -> Iterator[list[Any]]:
    if own:
        result = _result(raw.attributes, raw.end_ns or raw.start_ns)
        if result is not None:
            yield result
    for event in _events(raw.events):
        result = _result(event.attributes, event.time_ns or raw.end_ns or raw.start_ns)
        if result is not None:
            yield result


def _events(events: Sequence[RawEvent]) -> Iterator[RawEvent]:
    return (event for event in events[:EVENTS_MAX] if event.name == EVENT)


def _result(attributes: Mapping[str, Any], at_ns: int) -> list[Any] | None:
    name = _text(attributes.get(_NAME), NAME_MAX)
    score = next((found for key in _SCORES if (found := _number(attributes.get(key))) is not None), None)
    label = next((word for key in _LABELS if (word := _text(attributes.get(key), LABEL_MAX)) is not None), None)
    return None if name is None or (score is None and label is None) else [name, score, label, at_ns]


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _text(value: Any, most: int) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip().encode(errors="replace").decode()[:most]
