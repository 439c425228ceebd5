"""Outcomes that arrive beside or after the spans: scores, labels, feedback, posted by people and evaluators."""

from __future__ import annotations

from typing import NamedTuple


class Outcome(NamedTuple):
    """What somebody found out about one run.

    `score` is in [0, 1], 1 = best; None for a label alone. `name` tells kinds of outcomes apart ("thumbs", "resolved",
    "faithfulness"). `at_ns`: when it was found out; `received_ns`: when it came here. `source`: api or span.
    One (project, run_id, name, source) has one outcome: the newest `at_ns`.
    """

    project: str
    run_id: str
    name: str
    score: float | None
    label: str | None
    at_ns: int
    received_ns: int
    source: str
    comment: str | None = None
