"""Which outcome decides about a run, and how much is taken in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class OutcomeOptions(BaseModel):
    """Outcomes that are posted, or told by evaluation events of spans."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome_name: str = Field(
        "outcome",
        min_length=1,
        max_length=100,
        description="Outcomes of this name say whether the run itself succeeded, as the span attribute `quarterdeck.outcome` does.",
        json_schema_extra={"unit": "name"},
    )
    success_from: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Score from which such an outcome without a label is a success.",
        json_schema_extra={"unit": "score"},
    )
    names_max: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Names of outcomes in one project; items with further names are rejected.",
        json_schema_extra={"unit": "names"},
    )
