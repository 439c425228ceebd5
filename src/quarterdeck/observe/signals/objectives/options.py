"""Options of the room: the objectives, and how many runs it takes to judge one.

Refuses: an objective that nothing could be measured against, with what was expected.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

MatchKey = Literal["feature", "tenant", "agent", "environment"]
AMOUNTS = ("cost_usd", "tokens_total")
SCORE = "score:"
OBJECTIVES_MAX = 100
"""One reading of the windows of 3 days takes some 15 ms at a million runs in 30 days, and is shared by equal matches."""

_Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Objective(BaseModel):
    """A budget of dollars or tokens, or a share of runs that must be well, for some runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Text = Field(description="Names the objective in alerts and answers; each name once.")
    quantity: _Text = Field(description="cost_usd, tokens_total, failing, or score:NAME for a posted outcome.")
    project: str | None = Field(
        None, description="The project that it is about; without one every project, each alone."
    )
    match: dict[MatchKey, _Text] = Field(
        default_factory=dict, description="Runs that count: feature, tenant, agent, environment and the value of each."
    )
    budget: float | None = Field(None, gt=0, description="Dollars or tokens that 30 days may cost.")
    target: float | None = Field(
        None, gt=0, lt=1, description="Share of runs that must not fail, or mean score; .95 allows 5 %."
    )

    @field_validator("quantity")
    @classmethod
    def _known(cls, quantity: str) -> str:
        if quantity in (*AMOUNTS, "failing") or (quantity.startswith(SCORE) and len(quantity) > len(SCORE)):
            return quantity
        msg = f"quantity {quantity!r} is not known: expected cost_usd, tokens_total, failing or score:NAME"
        raise ValueError(msg)

    @model_validator(mode="after")
    def _measurable(self) -> Objective:
        wanted, other = ("budget", "target") if self.is_amount else ("target", "budget")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            msg = f"objective {self.name!r} on {self.quantity} takes a {wanted} and no {other}"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        """In words, for lists of settings."""
        of = ", ".join(f"{name}={value}" for name, value in self.match.items()) or "all runs"
        aim = f"at most {self.budget:,g} in 30 days" if self.is_amount else f"{self.target:g} well"
        return f"{self.name} ({self.quantity} of {of}: {aim})"

    @property
    def is_amount(self) -> bool:
        """A budget of something that adds up; otherwise a share of runs, or a mean score."""
        return self.quantity in AMOUNTS


class BurnOptions(BaseModel):
    """Objectives: budgets and targets over 30 days, and when their burning is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objectives: tuple[Objective, ...] = Field(
        (),
        max_length=OBJECTIVES_MAX,
        description="Budgets and targets; docs/how-to/objectives.md shows how one is written.",
        json_schema_extra={"unit": "objectives"},
    )
    runs_min: int = Field(
        20,
        ge=1,
        description="Runs (or outcomes) that a window must hold before a share in it is judged.",
        json_schema_extra={"unit": "runs"},
    )
    every_s: float = Field(
        30.0,
        gt=0,
        description="How often objectives are looked at.",
        json_schema_extra={"unit": "seconds"},
    )

    @field_validator("objectives")
    @classmethod
    def _each_once(cls, objectives: tuple[Objective, ...]) -> tuple[Objective, ...]:
        names = [objective.name for objective in objectives]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"objective {twice[0]!r} is named twice"
            raise ValueError(msg)
        return objectives
