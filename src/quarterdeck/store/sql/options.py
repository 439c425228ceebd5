"""Options of the operational state (keys; later alerts, incidents, budgets)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class SqlOptions(BaseModel):
    """Where operational state is kept and how patient its users are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr | None = Field(
        None,
        description="SQLAlchemy address of the operational state; without one, `state.db` (SQLite) in the data folder.",
        json_schema_extra={"unit": "address"},
    )
    busy_timeout_s: float = Field(
        5.0,
        ge=0,
        description="How long a writer waits for another process that holds the SQLite file.",
        json_schema_extra={"unit": "seconds"},
    )
    last_used_every_s: float = Field(
        60.0,
        ge=0,
        description="A key's time of last use is written at most this often.",
        json_schema_extra={"unit": "seconds"},
    )
    key_cache_s: float = Field(
        2.0,
        ge=0,
        description="How long a key that was found is trusted without looking again; a revocation elsewhere takes this long.",
        json_schema_extra={"unit": "seconds"},
    )
