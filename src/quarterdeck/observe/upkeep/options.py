"""How long each class of data stays, for all projects and for one by its name."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

DAY_NS = 86_400 * 10**9


class Cutoffs(NamedTuple):
    """What came before goes, by class; ns since the epoch, None = stays."""

    bodies: int | None
    spans: int | None
    runs: int | None
    rollups: int | None


class ProjectRetention(BaseModel):
    """What one project has otherwise; unset = as for all, 0 = for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bodies_days: float | None = Field(None, ge=0)
    spans_days: float | None = Field(None, ge=0)
    runs_days: float | None = Field(None, ge=0)
    rollups_days: float | None = Field(None, ge=0)


class RetentionOptions(BaseModel):
    """How long stored data stays; what is still live stays longer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bodies_days: float = Field(
        30.0,
        ge=0,
        description="Messages and payloads; 0 keeps them as long as their spans.",
        json_schema_extra={"unit": "days"},
    )
    spans_days: float = Field(
        90.0, ge=0, description="Spans with their raw forms; 0 keeps them for ever.", json_schema_extra={"unit": "days"}
    )
    runs_days: float = Field(
        400.0, ge=0, description="Summaries of runs; 0 keeps them for ever.", json_schema_extra={"unit": "days"}
    )
    rollups_days: float = Field(
        0.0, ge=0, description="Counts by cohort and minute; 0 keeps them for ever.", json_schema_extra={"unit": "days"}
    )
    tombstones_days: float = Field(
        400.0,
        ge=1,
        description="How long late spans of what was erased on demand are refused.",
        json_schema_extra={"unit": "days"},
    )
    every_s: float = Field(
        600.0, gt=0, description="How often old data is looked for.", json_schema_extra={"unit": "seconds"}
    )
    step_traces: int = Field(
        200,
        ge=1,
        le=5_000,
        description="Traces removed between two commits, so that commits do not wait long.",
        json_schema_extra={"unit": "traces"},
    )
    projects: dict[str, ProjectRetention] = Field(
        default_factory=dict,
        max_length=10_000,
        description="By project: `bodies_days`, `spans_days`, `runs_days` and `rollups_days` where they differ.",
        json_schema_extra={"unit": "project = table"},
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for project in ("", *self.projects):
            days = self.days_of(project)
            kept = [(name, value or float("inf")) for name, value in days.items() if name != "bodies"]
            for (name, value), (longer, other) in pairwise(kept):
                if value > other:
                    where = f" in project {project!r}" if project else ""
                    msg = f"{name}_days ({value:g}) is longer than {longer}_days ({other:g}){where}; expected spans ≤ runs ≤ rollups"
                    raise ValueError(msg)
        return self

    def days_of(self, project: str) -> dict[str, float]:
        """Days by class for a project; 0 = for ever."""
        own = self.projects.get(project)
        found = {}
        for name in ("bodies", "spans", "runs", "rollups"):
            value = None if own is None else getattr(own, f"{name}_days")
            found[name] = float(getattr(self, f"{name}_days") if value is None else value)
        return found

    def cutoffs(self, project: str, now_ns: int) -> Cutoffs:
        """What goes at this moment."""
        return Cutoffs(
            **{
                name: max(0, now_ns - round(days * DAY_NS)) if days else None
                for name, days in self.days_of(project).items()
            }
        )
