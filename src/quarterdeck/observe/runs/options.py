"""Options of the room: after how much silence a run is what.

Refuses: anything about prices (a file of the user's, see `prices.PriceTable.load`).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RunOptions(BaseModel):
    """How silence is read, and from how many repeats a loop is called one."""

    model_config = ConfigDict(frozen=True)

    finished_after_s: float = Field(
        30.0,
        ge=0,
        description="Silence after which a run whose root is missing and whose spans have all ended counts as finished.",
        json_schema_extra={"unit": "seconds"},
    )
    stalled_after_s: float = Field(
        120.0,
        ge=0,
        description="Silence after which an open run counts as stalled while too few runs of its agent are known, unless its own gaps are longer.",
        json_schema_extra={"unit": "seconds"},
    )
    stalled_min_s: float = Field(
        30.0,
        ge=0,
        description="Silence below which no open run counts as stalled, however quick its agent is known to be.",
        json_schema_extra={"unit": "seconds"},
    )
    stalled_gap_factor: float = Field(
        8.0,
        ge=1,
        description="An open run may stay silent for this many times its own largest gap before it counts as stalled.",
        json_schema_extra={"unit": "ratio"},
    )
    lost_after_s: float = Field(
        3600.0,
        ge=0,
        description="Silence after which an open run counts as lost.",
        json_schema_extra={"unit": "seconds"},
    )
    waiting_lost_after_s: float = Field(
        604_800.0,
        ge=0,
        description="Silence after which a run that waits on a human or a queue counts as lost.",
        json_schema_extra={"unit": "seconds"},
    )
    loop_repeats: int = Field(
        5,
        ge=2,
        description="Calls of one tool with equal arguments and equal result from which a run is flagged as a loop.",
        json_schema_extra={"unit": "calls"},
    )
