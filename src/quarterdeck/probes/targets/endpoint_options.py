"""One side of an endpoint target."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EndpointSide(BaseModel):
    """A chat model behind OpenAI's wire shape."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["endpoint"] = "endpoint"
    base_url: str = Field(pattern=r"^https?://", max_length=2000, description="Address, with its /v1.")
    model: str = Field(min_length=1, max_length=200, description="The model's name as the provider writes it.")
    system: str | None = Field(None, description="System text; by default that of the run that failed.")
    key_env: str | None = Field(None, description="Environment variable that holds the key.")
    key_file: str | None = Field(None, description="File that holds the key alone.")
    max_tokens: int | None = Field(None, ge=1, description="Longest answer.", json_schema_extra={"unit": "tokens"})
    temperature: float | None = Field(None, ge=0, le=2, description="As the provider takes it; unset: its default.")

    def shown(self) -> str:
        """Without secrets."""
        return f"{self.model} at {self.base_url}"
