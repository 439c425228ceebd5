"""What can be set of the DuckDB engine."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.store.bodies import BODY_CHARS_MIN
from quarterdeck.store.unmapped import UNMAPPED_MAX


class DuckDBOptions(BaseModel):
    """Frozen. Defaults are those measured in docs/internals/storage.md on two cores."""

    model_config = ConfigDict(frozen=True)

    memory_limit_bytes: int = Field(
        512_000_000,
        ge=64_000_000,
        description="Memory that DuckDB may use for its buffers before it spills to disk.",
        json_schema_extra={"unit": "bytes"},
    )
    threads: int = Field(
        2, ge=1, le=256, description="Threads that DuckDB may use for one query.", json_schema_extra={"unit": "threads"}
    )
    checkpoint_threshold_bytes: int = Field(
        64_000_000,
        ge=1_000_000,
        description="Size of the write-ahead log at which it is folded into the file; larger means longer stalls.",
        json_schema_extra={"unit": "bytes"},
    )
    row_group_rows: int = Field(
        8_192,
        ge=2_048,
        le=122_880,
        multiple_of=2_048,
        description="Rows of one row group. A checkpoint writes the last, unfinished group of each table anew, so large ones stall.",
        json_schema_extra={"unit": "rows"},
    )
    chunk_bytes: int = Field(
        512_000,
        ge=16_000,
        le=16_000_000,
        description="Raw spans packed into one compressed chunk, before compression; reading one span unpacks one chunk.",
        json_schema_extra={"unit": "bytes"},
    )
    compression_level: int = Field(
        1,
        ge=-7,
        le=19,
        description="Zstandard level of the chunks; 3 saves a tenth of the bytes for twice the time.",
        json_schema_extra={"unit": "level"},
    )
    compression_threads: int = Field(
        2,
        ge=1,
        le=64,
        description="Threads that compress chunks beside the commit.",
        json_schema_extra={"unit": "threads"},
    )
    body_chars_min: int = Field(
        BODY_CHARS_MIN,
        ge=64,
        description="Attribute texts of at least this length are bodies: kept apart, once per session, and dropped by session.",
        json_schema_extra={"unit": "characters"},
    )
    body_chunk_bytes: int = Field(
        128_000,
        ge=4_000,
        le=16_000_000,
        description="Bodies packed into one compressed chunk, before compression; dropping a session rewrites the chunks it lies in.",
        json_schema_extra={"unit": "bytes"},
    )
    window_bytes: int = Field(
        64_000_000,
        ge=0,
        description="Memory for the last texts of each session, which new ones are compared with; 0 stores every text whole.",
        json_schema_extra={"unit": "bytes"},
    )
    rejections_max: int = Field(
        100_000,
        ge=1,
        description="Refusals that are kept, newest first; older ones are deleted.",
        json_schema_extra={"unit": "rows"},
    )
    unmapped_max: int = Field(
        UNMAPPED_MAX,
        ge=1,
        description="Unmapped keys that are counted one by one; further ones of a project count together as `(other)`.",
        json_schema_extra={"unit": "rows"},
    )
