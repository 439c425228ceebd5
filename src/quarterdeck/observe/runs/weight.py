"""How many runs one run stands for after somebody else's head sampling, and what marks a run beside that.

A span's weight is 1.0 when nothing says that it was sampled, None when it was and the weight cannot be known.
Refuses: to choose between weights that contradict each other, and to take an unknown weight for 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from typing import NamedTuple

from quarterdeck.observe.runs.columns import Columns, known

SAMPLED = "sampled"
CONFLICT = "weight_conflict"
GUARDRAIL = "guardrail"
NEGATIVE_FEEDBACK = "negative_feedback"

_TOLERANCE = 1e-6
"""A threshold of few hex digits and a rate in decimals name the same odds with a small difference."""
_BLOCKED = frozenset({"guardrail_block", "content_filter"})
_TRIGGERED = frozenset({"triggered", "blocked", "block", "flagged", "denied", "failed", "failure", "fail"})
"""Outcomes (lower case) by which a guardrail says that it stepped in."""
_NEGATIVE = frozenset({"negative", "thumbs_down", "bad", "fail", "failed", "failure", "incorrect", "unhelpful"})
"""Outcomes (lower case) by which an evaluator says that a run did not please."""


class RunWeight(NamedTuple):
    """`weight` None = sampled, weight unknown."""

    weight: float | None
    flags: frozenset[str]


def weight_of_run(weights: Sequence[float | None]) -> RunWeight:
    """The weight of a run from those of its spans: the one that is stated, wherever it is stated.

    Spans without a sign of sampling (1.0) say nothing against it: samplers mark the root, or every span, or some.
    """
    if weights.count(1.0) == len(weights):
        return RunWeight(1.0, frozenset())
    stated = {weight for weight in weights if weight is not None and weight != 1.0}
    if stated and not isclose(min(stated), max(stated), rel_tol=_TOLERANCE):
        return RunWeight(None, frozenset({SAMPLED, CONFLICT}))
    if None in weights or not stated:
        return RunWeight(None, frozenset({SAMPLED}))
    return RunWeight(min(stated), frozenset({SAMPLED}))


def marks_of(members: Columns) -> set[str]:
    """Flags for a guardrail that stepped in and for an evaluator that was not pleased, whatever became of the run."""
    found = set()
    if known(members.error_class) and not _BLOCKED.isdisjoint(members.error_class):
        found.add(GUARDRAIL)
    kinds = set(members.op_kind)
    if "guardrail" in kinds and _any(members, "guardrail", _TRIGGERED, failed_too=True):
        found.add(GUARDRAIL)
    if "evaluator" in kinds and _any(members, "evaluator", _NEGATIVE, failed_too=False):
        found.add(NEGATIVE_FEEDBACK)
    return found


def _any(members: Columns, kind: str, words: frozenset[str], *, failed_too: bool) -> bool:
    """Whether a span of this kind has one of these outcomes, or failed where that counts."""
    return any(
        op_kind == kind and ((failed_too and status == "error") or (outcome or "").strip().lower() in words)
        for op_kind, status, outcome in zip(members.op_kind, members.status, members.outcome, strict=True)
    )
