"""One side of an HTTP target."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class HttpSide(BaseModel):
    """A service of your own. `{input}` and `{system}` stand in the texts of `body`, and are put in as JSON texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["http"] = "http"
    url: str = Field(pattern=r"^https?://", max_length=2000, description="Address; `{input}` is quoted into it.")
    method: Literal["POST", "GET", "PUT"] = Field("POST", description="How it is asked.")
    body: dict[str, Any] | None = Field(None, description="JSON; {input} in any text of it is the input.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers that are no secret.")
    key_env: str | None = Field(None, description="Environment variable that holds the bearer key.")
    key_file: str | None = Field(None, description="File that holds the bearer key alone.")

    def shown(self) -> str:
        """Without secrets, and without what an address may carry behind its path."""
        return f"{self.method} {self.url.partition('?')[0]}"
