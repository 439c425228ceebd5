"""One side of a command target."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class CommandSide(BaseModel):
    """A program, by its words; never a shell. The input comes on stdin, or in a file whose path stands for `{input_file}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["command"] = "command"
    argv: tuple[str, ...] = Field(min_length=1, max_length=200, description="The program and its words.")
    cwd: str | None = Field(None, description="Folder it runs in.")

    def shown(self) -> str:
        """The program alone: words may hold a secret."""
        return self.argv[0]
