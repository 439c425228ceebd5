"""What a server may probe, and how much at once. Each side of a target is declared in the file of its kind.

Refuses: a secret. A key is named by the variable or the file that holds it.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from quarterdeck.probes.targets.command_options import CommandSide
from quarterdeck.probes.targets.endpoint_options import EndpointSide
from quarterdeck.probes.targets.http_options import HttpSide

Side = Annotated[EndpointSide | HttpSide | CommandSide, Field(discriminator="kind")]


class TargetOptions(BaseModel):
    """A named target: two sides of one kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100, description="By which probes name it.")
    candidate: Side = Field(description="What is suspected, for example the new version.")
    baseline: Side = Field(description="What it is compared with, for example the version before.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.candidate.kind != self.baseline.kind:
            msg = f"both sides of one kind, got {self.candidate.kind} and {self.baseline.kind}"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        return f"{self.name} ({self.candidate.kind})"


class ProbeOptions(BaseModel):
    """Probes: failing inputs run again on candidate and baseline, in pairs."""

    model_config = ConfigDict(frozen=True)

    targets: tuple[TargetOptions, ...] = Field(
        (), max_length=100, description="What may be probed: a name, and what candidate and baseline are."
    )
    open_max: int = Field(
        20,
        ge=1,
        le=1000,
        description="Probes that may be under way or wait their turn.",
        json_schema_extra={"unit": "probes"},
    )
    answer_s_max: float = Field(
        120.0,
        gt=0,
        le=3600,
        description="One side's answer takes at most this long; then it is a failure.",
        json_schema_extra={"unit": "seconds"},
    )
    answer_bytes_max: int = Field(
        1_000_000,
        ge=1_000,
        description="Of one answer at most this is read; a longer one is a failure.",
        json_schema_extra={"unit": "bytes"},
    )
    wait_s_max: float = Field(
        1800.0,
        gt=0,
        description="So long a probe may wait for rate limits in all; then it has failed.",
        json_schema_extra={"unit": "seconds"},
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [target.name for target in self.targets]
        if len(set(names)) < len(names):
            msg = f"each target a name of its own, got {', '.join(names)}"
            raise ValueError(msg)
        return self
