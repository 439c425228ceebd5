"""Cardinality: how many values each cohort label has, and what was not let in."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from quarterdeck.model.cardinality import FrequentValue, LabelNow, Refused


class DistinctOut(BaseModel):
    """Estimated number of different values that came, with its 95 % interval."""

    value: float
    low: float
    high: float


class FrequentOut(BaseModel):
    """A value, and between which bounds the number of runs that had it lies."""

    value: str
    runs_low: int
    runs_high: int


class RefusedOut(BaseModel):
    """Runs whose value became `other` for this reason, and an example of such a value."""

    reason: str
    runs: int
    example: str


class LabelOut(BaseModel):
    """`admitted` of at most `capacity` values stand for themselves; every other one is `other`."""

    label: str
    distinct: DistinctOut
    admitted: int
    capacity: int
    refused: list[RefusedOut]
    top: list[FrequentOut]


class CardinalityOut(BaseModel):
    """The cohort labels of a project, in the order of the cohort keys."""

    items: list[LabelOut]
    next_cursor: str | None


EXAMPLE = LabelNow(
    label="tenant",
    distinct=1_380.0,
    distinct_low=1_320.0,
    distinct_high=1_440.0,
    admitted=1_000,
    capacity=1_000,
    refused={"cap": Refused(2_204, "globex-eu"), "uuid": Refused(31, "9b2f0c1e-7a3d-4c5b-8e6f-0a1b2c3d4e5f")},
    top=[FrequentValue("acme", 18_204, 18_204)],
)


def label_dict(label: LabelNow) -> dict[str, Any]:
    return {
        "label": label.label,
        "distinct": {"value": label.distinct, "low": label.distinct_low, "high": label.distinct_high},
        "admitted": label.admitted,
        "capacity": label.capacity,
        "refused": [{"reason": r, "runs": found.runs, "example": found.example} for r, found in label.refused.items()],
        "top": [{"value": v.value, "runs_low": v.runs_low, "runs_high": v.runs_high} for v in label.top],
    }
