"""The tables of the file, their version, and the steps from one version to the next.

What for: one place that says what is on disk. `docs/internals/storage.md` says why.
Refuses: a file of a newer version (DataFormatTooNew). Old versions are migrated, one step at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quarterdeck.errors import DataFormatTooNew, StoreFailed
from quarterdeck.model.spans import Span
from quarterdeck.store.interface import COHORT_KEYS

DATA_FORMAT = 4
"""Version of what this module writes. Rise it with a step in MIGRATIONS."""

Migration = Callable[[Any], None]
"""Receives a cursor inside the transaction that brings the file from its version to the next."""


def _to_2(cursor: Any) -> None:
    """Spans know the tool calls that they asked for, and their links; runs their weight; bodies lie apart.

    Chunks of format 1 stay as they are, with the texts in them: `inline_chunk_max` is the last of them.
    """
    for name in ("tool_calls_requested", "links"):
        cursor.execute(f"ALTER TABLE span ADD COLUMN {name} VARCHAR")
    for name, kind in {"weight": "DOUBLE", "busy_s": "DOUBLE", "links": "VARCHAR[]"}.items():
        cursor.execute(f"ALTER TABLE run ADD COLUMN {name} {kind}")
    for statement in BODY_DDL:
        cursor.execute(statement)
    cursor.execute(
        "INSERT INTO meta VALUES ('inline_chunk_max', (SELECT CAST(coalesce(max(chunk_id), 0) AS VARCHAR) FROM chunk))"
    )


def _to_3(cursor: Any) -> None:
    """Runs know the order of their writing and their failed calls by tool; outcomes have a table, and stand in spans.

    Runs of format 2 are numbered as they ended. Their failed calls by tool stay unknown until they are built again.
    """
    cursor.execute("ALTER TABLE span ADD COLUMN evaluations VARCHAR")
    cursor.execute("ALTER TABLE run ADD COLUMN tool_errors VARCHAR")
    cursor.execute("ALTER TABLE run ADD COLUMN written_seq BIGINT")
    cursor.execute(_NUMBER_RUNS)
    cursor.execute("INSERT INTO meta VALUES ('written_seq', (SELECT CAST(count(*) AS VARCHAR) FROM run))")
    cursor.execute("INSERT INTO meta VALUES ('outcome_seq', '0')")
    cursor.execute(_OUTCOME)
    cursor.execute("DROP VIEW run_attribute")
    cursor.execute(_RUN_ATTRIBUTE)


def _to_4(cursor: Any) -> None:
    """Spans and runs know their task's key and what the agent promised; promises have a table."""
    for table in ("span", "run"):
        for name in ("task_key", "promised"):
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN {name} VARCHAR")
    cursor.execute(_PROMISE)


_NUMBER_RUNS = """
UPDATE run SET written_seq = numbered.seq FROM (
  SELECT rowid AS at, row_number() OVER (ORDER BY coalesce(ended_at_ns, last_seen_ns), run_id, project) AS seq FROM run
) numbered WHERE run.rowid = numbered.at
"""

MIGRATIONS: Mapping[int, Migration] = {1: _to_2, 2: _to_3, 3: _to_4}
"""From version -> the step to version + 1."""

BIGINT_FIELDS = frozenset(
    {
        "start_ns", "end_ns", "mapping_version", "tokens_input", "tokens_output", "tokens_cache_read",
        "tokens_cache_write", "tokens_cache_write_1h", "tokens_reasoning", "retry_attempt",
    }
)  # fmt: skip
DOUBLE_FIELDS = frozenset({"ttft_s", "cost_reported_usd", "weight"})
BOOLEAN_FIELDS = frozenset({"streaming"})
ID_FIELDS = frozenset({"span_id", "parent_span_id"})

RUN_COLUMNS: Mapping[str, str] = {
    "project": "VARCHAR NOT NULL", "run_id": "VARCHAR NOT NULL", "trace_ids": "VARCHAR[] NOT NULL",
    "root_span_id": "VARCHAR", "root_name": "VARCHAR NOT NULL", "root_synthetic": "BOOLEAN NOT NULL",
    "session_id": "VARCHAR", "session_source": "VARCHAR", "tenant": "VARCHAR", "environment": "VARCHAR",
    "feature": "VARCHAR", "task_class": "VARCHAR", "user_hash": "VARCHAR", "agent": "VARCHAR",
    "agent_version": "VARCHAR", "prompt_version": "VARCHAR", "model": "VARCHAR", "provider": "VARCHAR",
    "toolset_hash": "VARCHAR", "config_hash": "VARCHAR", "lifecycle": "VARCHAR NOT NULL",
    "status": "VARCHAR NOT NULL", "error_class": "VARCHAR", "outcome": "VARCHAR",
    "started_at_ns": "BIGINT NOT NULL", "ended_at_ns": "BIGINT", "last_seen_ns": "BIGINT NOT NULL",
    "spans": "BIGINT NOT NULL", "model_calls": "BIGINT NOT NULL", "tool_calls": "BIGINT NOT NULL",
    "retries": "BIGINT NOT NULL", "errors": "BIGINT NOT NULL", "depth": "BIGINT NOT NULL",
    "residual_tokens": "BIGINT", "dialects": "VARCHAR[] NOT NULL", "flags": "VARCHAR[] NOT NULL",
    "tokens_input": "BIGINT", "tokens_output": "BIGINT", "tokens_cache_read": "BIGINT",
    "tokens_cache_write": "BIGINT", "tokens_reasoning": "BIGINT", "tokens_coverage": "VARCHAR NOT NULL",
    "cost_computed_usd": "DOUBLE", "cost_reported_usd": "DOUBLE", "cost_source": "VARCHAR NOT NULL",
    "price_version": "VARCHAR", "orphans_repaired": "BIGINT NOT NULL", "orphans_missing": "BIGINT NOT NULL",
    "tools": "VARCHAR NOT NULL", "models": "VARCHAR NOT NULL", "weight": "DOUBLE",
    "busy_s": "DOUBLE", "links": "VARCHAR[]", "tool_errors": "VARCHAR",
    "task_key": "VARCHAR", "promised": "VARCHAR",
}  # fmt: skip
"""A run, flattened: what comes back as `model.runs.Run`. `tools`, `tool_errors` and `models` are JSON objects."""

RUN_DERIVED: Mapping[str, str] = {
    "run_key": "UBIGINT NOT NULL", "cell_key": "UBIGINT NOT NULL", "minute": "BIGINT NOT NULL",
    "duration_s": "DOUBLE", "tokens_total": "BIGINT", "cost_usd": "DOUBLE", "search": "VARCHAR NOT NULL",
    "words": "VARCHAR[] NOT NULL", "duration_bucket": "SMALLINT", "tokens_bucket": "SMALLINT",
}  # fmt: skip
"""Computed from the run when it is written (store/measures.py), so that reads filter and sort plain columns."""

RUN_PLACE: Mapping[str, str] = {"written_seq": "BIGINT"}
"""Given to the run when it is written: one number for each run written, rising. New rows come last, so zone maps know it."""

OUTCOME_COLUMNS: Mapping[str, str] = {
    "project": "VARCHAR NOT NULL", "run_id": "VARCHAR NOT NULL", "name": "VARCHAR NOT NULL", "score": "DOUBLE",
    "label": "VARCHAR", "at_ns": "BIGINT NOT NULL", "received_ns": "BIGINT NOT NULL", "source": "VARCHAR NOT NULL",
    "comment": "VARCHAR",
}  # fmt: skip
"""The fields of `model.outcomes.Outcome`, in order."""


def span_columns() -> dict[str, str]:
    """Column -> SQL type of the span table: the fields of Span in order, then where it came from and lies."""
    columns: dict[str, str] = {}
    for name in Span._fields:
        if name == "trace_id":
            columns |= {"trace_hi": "UBIGINT NOT NULL", "trace_lo": "UBIGINT NOT NULL"}
        else:
            columns[name] = _span_type(name)
    return columns | {
        "scope_name": "VARCHAR NOT NULL", "seq": "BIGINT NOT NULL",
        "chunk_id": "BIGINT NOT NULL", "chunk_index": "INTEGER NOT NULL",
    }  # fmt: skip


def _span_type(name: str) -> str:
    if name in ID_FIELDS:
        return "UBIGINT NOT NULL"
    if name in BIGINT_FIELDS:
        return "BIGINT"
    if name in DOUBLE_FIELDS:
        return "DOUBLE"
    return "BOOLEAN" if name in BOOLEAN_FIELDS else "VARCHAR"


def _table(name: str, columns: Mapping[str, str], *constraints: str) -> str:
    body = ", ".join([*(f'"{column}" {kind}' for column, kind in columns.items()), *constraints])
    return f"CREATE TABLE {name} ({body})"


def _cohort_columns() -> dict[str, str]:
    return {
        "project": "VARCHAR NOT NULL", "minute": "BIGINT NOT NULL", "cell_key": "UBIGINT NOT NULL",
        **dict.fromkeys(COHORT_KEYS, "VARCHAR"),
        "runs": "BIGINT NOT NULL", "scored": "BIGINT NOT NULL", "failed": "BIGINT NOT NULL",
        "model_calls": "BIGINT NOT NULL", "tool_calls": "BIGINT NOT NULL",
        "tokens_total": "BIGINT NOT NULL", "tokens_known": "BIGINT NOT NULL",
        "cost_usd": "DOUBLE NOT NULL", "cost_known": "BIGINT NOT NULL", "started_at_max_ns": "BIGINT NOT NULL",
        "duration_buckets": "MAP(SMALLINT, UBIGINT)", "tokens_buckets": "MAP(SMALLINT, UBIGINT)",
    }  # fmt: skip


_IDENTITY = ("tenant", "environment", "feature", "task_class", "agent", "agent_version", "prompt_version", "model",
             "provider", "toolset_hash", "config_hash", "status", "error_class", "outcome")  # fmt: skip

_RUN_ATTRIBUTE = f"""
CREATE VIEW run_attribute AS
SELECT project, run_id, minute, started_at_ns, a.key AS key, a.value AS value FROM (
  SELECT project, run_id, minute, started_at_ns, unnest(
    [{", ".join(f"{{'key': '{name}', 'value': {name}}}" for name in _IDENTITY)}]
    || [{{'key': 'flag', 'value': flag}} for flag in flags]
    || [{{'key': 'tool', 'value': tool}} for tool in json_keys(tools)]
    || [{{'key': 'tool_error', 'value': tool}} for tool in json_keys(coalesce(tool_errors, '{{}}'))]
    || [{{'key': 'dialect', 'value': dialect}} for dialect in dialects]
  ) AS a FROM run)
WHERE a.value IS NOT NULL
"""

BODY_DDL = (
    # Bodies of one part each, sorted by body key; in pieces, as chunks are. `chunk_id` is `part << 24 | n` (bodies/numbers.py).
    _table(
        "body_chunk",
        {
            "chunk_id": "BIGINT NOT NULL",
            "piece": "INTEGER NOT NULL",
            "data": "BLOB NOT NULL USING COMPRESSION uncompressed",
        },
    ),
    _table(
        "body_place",
        {
            "project": "VARCHAR NOT NULL", "body_key": "UBIGINT NOT NULL", "chunk_id": "BIGINT NOT NULL",
            "started_min_ns": "BIGINT NOT NULL",
        },
    ),
    # Whose bodies were sampled out, and up to which start the bodies of a project expired.
    _table("body_gone", {"body_key": "UBIGINT NOT NULL"}),
    _table("body_expiry", {"project": "VARCHAR PRIMARY KEY", "before_ns": "BIGINT NOT NULL"}),
    _table(
        "body_decision",
        {
            "decision_key": "UBIGINT NOT NULL", "project": "VARCHAR NOT NULL", "session_key": "VARCHAR NOT NULL",
            "kept": "BOOLEAN NOT NULL", "probability": "DOUBLE", "reason": "VARCHAR NOT NULL",
            "stratum": "VARCHAR NOT NULL", "decided_at_ns": "BIGINT NOT NULL",
            "owners": "UBIGINT[]", "seen_ns": "BIGINT",
        },
    ),
    # Events that came as logs: joined to their span when it is read.
    _table(
        "span_log",
        {
            "project": "VARCHAR NOT NULL", "trace_hi": "UBIGINT NOT NULL", "trace_lo": "UBIGINT NOT NULL",
            "span_id": "UBIGINT NOT NULL", "seq": "BIGINT NOT NULL", "digest": "UBIGINT NOT NULL",
            "data": "BLOB NOT NULL",
        },
    ),
    # Where the old raw forms of replaced spans lie, so that erasing a span finds them too.
    _table(
        "span_stale",
        {
            "project": "VARCHAR NOT NULL", "trace_hi": "UBIGINT NOT NULL", "trace_lo": "UBIGINT NOT NULL",
            "span_id": "UBIGINT NOT NULL", "chunk_id": "BIGINT NOT NULL", "chunk_index": "INTEGER NOT NULL",
        },
    ),
)  # fmt: skip

_PROMISE = _table(
    "promise",
    {
        "run_key": "UBIGINT NOT NULL", "project": "VARCHAR NOT NULL", "run_id": "VARCHAR NOT NULL",
        "made_at_ns": "BIGINT NOT NULL", "source": "VARCHAR NOT NULL", "tokens_q90": "DOUBLE", "estimate": "BLOB NOT NULL",
    },
)  # fmt: skip
"""`tokens_q90` is the q90 of total tokens, so that filters compare columns; `estimate` is JSON (store/promises.py)."""

_OUTCOME = _table("outcome", {**OUTCOME_COLUMNS, "run_key": "UBIGINT NOT NULL", "seq": "BIGINT NOT NULL"})

_DDL = (
    _table("meta", {"key": "VARCHAR PRIMARY KEY", "value": "VARCHAR NOT NULL"}),
    _table("span", span_columns()),
    # In pieces under 4,096 bytes, which DuckDB keeps in place: of longer values it reads 2,048 neighbours to give one.
    # They are compressed already; left to choose, DuckDB would compress them again at every checkpoint.
    _table(
        "chunk",
        {
            "chunk_id": "BIGINT NOT NULL",
            "piece": "INTEGER NOT NULL",
            "data": "BLOB NOT NULL USING COMPRESSION uncompressed",
        },
    ),
    _table(
        "trace_commit",
        {"project": "VARCHAR", "trace_hi": "UBIGINT NOT NULL", "trace_lo": "UBIGINT NOT NULL", "seq": "BIGINT NOT NULL"},
    ),
    _table("run", {**RUN_COLUMNS, **RUN_DERIVED, **RUN_PLACE}),
    _OUTCOME,
    _PROMISE,
    "CREATE VIEW run_trace AS SELECT project, run_id, unnest(trace_ids) AS trace_id FROM run",
    _RUN_ATTRIBUTE,
    _table("cohort_minute", _cohort_columns()),
    _table(
        "producer",
        {
            "project": "VARCHAR", "dialect": "VARCHAR", "scope_name": "VARCHAR", "spans": "BIGINT NOT NULL",
            "model_calls": "BIGINT NOT NULL", "with_usage": "BIGINT NOT NULL",
        },
        "PRIMARY KEY (project, dialect, scope_name)",
    ),
    _table(
        "unmapped",
        {
            "project": "VARCHAR", "key": "VARCHAR", "dialect": "VARCHAR", "scope_name": "VARCHAR",
            "count": "BIGINT NOT NULL", "first_seen_ns": "BIGINT NOT NULL", "last_seen_ns": "BIGINT NOT NULL",
            "example_trace_id": "VARCHAR NOT NULL",
        },
        "PRIMARY KEY (project, key, dialect, scope_name)",
    ),
    _table(
        "rejection",
        {
            "number": "BIGINT NOT NULL", "seq": "BIGINT NOT NULL", "project": "VARCHAR NOT NULL",
            "at_ns": "BIGINT NOT NULL", "reason": "VARCHAR NOT NULL", "detail": "VARCHAR NOT NULL",
            "trace_id": "VARCHAR NOT NULL", "span_id": "VARCHAR NOT NULL", "span_name": "VARCHAR NOT NULL",
        },
    ),
)  # fmt: skip


def prepare(cursor: Any, *, created_at_ns: int, migrations: Mapping[int, Migration] = MIGRATIONS) -> None:
    """Create the tables of a new file, or bring an old one up to date, in the cursor's transaction.

    Raises DataFormatTooNew for a file of a later version, StoreFailed for one that is not ours.
    """
    tables = {row[0] for row in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        for statement in (*_DDL, *BODY_DDL):
            cursor.execute(statement)
        facts = {
            "data_format": DATA_FORMAT, "created_at_ns": created_at_ns, "settled_seq": 0, "inline_chunk_max": 0,
            "written_seq": 0, "outcome_seq": 0,
        }  # fmt: skip
        for key, value in facts.items():
            cursor.execute("INSERT INTO meta VALUES (?, ?)", [key, str(value)])
        return
    _migrate(cursor, _version(cursor, tables), migrations)


def _version(cursor: Any, tables: set[str]) -> int:
    found = cursor.execute("SELECT value FROM meta WHERE key = 'data_format'").fetchall() if "meta" in tables else []
    if not found:
        raise StoreFailed(
            "the file is a DuckDB database of something else: it has no meta.data_format",
            mend="choose another data folder",
        )
    return int(found[0][0])


def _migrate(cursor: Any, version: int, migrations: Mapping[int, Migration]) -> None:
    if version > DATA_FORMAT:
        raise DataFormatTooNew(
            f"the data has format {version}, this version of quarterdeck reads up to {DATA_FORMAT}",
            mend="install the newer quarterdeck, or choose another data folder",
        )
    while version < DATA_FORMAT:
        migrations[version](cursor)
        version += 1
        cursor.execute("UPDATE meta SET value = ? WHERE key = 'data_format'", [str(version)])
