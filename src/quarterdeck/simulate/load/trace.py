"""Traces of model calls: what a load is made of. CSV, JSON lines or Parquet, plain or gzipped, in file order.

Columns: `arrived_s`, `tokens_input`, `tokens_output`, and if there `tokens_cached`, `tenant`, `lane`, `task`. The names of two
published traces are known too: `TIMESTAMP, ContextTokens, GeneratedTokens` and `timestamp, input_length,
output_length` (milliseconds). Refuses: guessing a column, and a row that lacks one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quarterdeck.errors import BadFile, BadInput
from quarterdeck.simulate.load.job import Job
from quarterdeck.simulate.load.rows import read_rows

_NAMES = {
    "tokens_input": ("tokens_input", "ContextTokens", "input_length"),
    "tokens_output": ("tokens_output", "GeneratedTokens", "output_length"),
}
_TIMES = (("arrived_s", 1.0), ("TIMESTAMP", 1.0), ("timestamp", 1e-3))
ROWS_MAX = 5_000_000


def read_jobs(path: Path) -> list[Job]:
    """The jobs of a trace, arrival times from its first. Raises BadFile with the line of what cannot be read."""
    jobs: list[Job] = []
    for line, row in read_rows(path):
        if len(jobs) >= ROWS_MAX:
            raise BadFile(str(path), f"more than {ROWS_MAX:,} rows", mend="take a part of the trace")
        jobs.append(_job(path, line, row))
    if not jobs:
        raise BadFile(str(path), "has no rows; expected one model call a row")
    first = min(job.arrived_s for job in jobs)
    return [job._replace(arrived_s=job.arrived_s - first) for job in jobs]


def _job(path: Path, line: int, row: Mapping[str, Any]) -> Job:
    try:
        tokens_input = _count(row, "tokens_input")
        tokens_output = _count(row, "tokens_output")
        cached = float(row.get("tokens_cached") or 0.0)
        arrived_s = _arrived(row)
    except BadInput as error:
        raise BadFile(str(path), error.message, line=line) from error
    except (TypeError, ValueError) as error:
        raise BadFile(str(path), f"not a number: {error}", line=line) from error
    return Job(
        arrived_s,
        tokens_input,
        tokens_output,
        min(cached, tokens_input),
        str(row.get("tenant") or ""),
        row.get("lane") or None,
        row.get("task") or None,
    )


def _count(row: Mapping[str, Any], name: str) -> float:
    for spelling in _NAMES[name]:
        if row.get(spelling) not in (None, ""):
            value = float(row[spelling])
            if not 0 <= value < 1e9:
                raise BadInput(f"{spelling} must be 0 or more tokens, got {value:g}")
            return value
    raise BadInput(f"no {name}; expected a column {' or '.join(_NAMES[name])}, found {', '.join(map(str, row))}")


def _arrived(row: Mapping[str, Any]) -> float:
    for name, unit in _TIMES:
        value = row.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, datetime):
            return value.replace(tzinfo=value.tzinfo or UTC).timestamp()
        try:
            return float(value) * unit
        except ValueError:
            return datetime.fromisoformat(str(value)[:26]).replace(tzinfo=UTC).timestamp()
    return 0.0
