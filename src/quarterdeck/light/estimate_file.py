"""Runs that are over, from a file: what `quarterdeck estimate` learns from.

Columns: `run_id, task_key, agent, model, started_at, ended_at, tokens_input, tokens_output, steps, text, finished`; also known are
`tokens_total, cost_usd, seconds, task_class, feature, tenant, agent_version, prompt_version`. Refuses: taking 0 tokens for a
count (it is "not reported"), and guessing what a cell means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quarterdeck.errors import BadFile, BadInput
from quarterdeck.model.estimates import Ended, Identity, Quantity, Task
from quarterdeck.simulate.load.rows import read_rows

ROWS_MAX = 2_000_000
_AMOUNTS: tuple[Quantity, ...] = ("tokens_input", "tokens_output", "tokens_total", "steps", "cost_usd", "seconds")
_YES = ("true", "1", "1.0", "yes")
_NO = ("false", "0", "0.0", "no")
_MILLISECONDS_FROM = 1e11
"""Numbers above this are milliseconds since the epoch: as seconds they would be in the year 5138."""


def read_runs(path: Path) -> list[Ended]:
    """The runs in file order; a `run_id` that comes again is the same run and left out. Raises BadFile with the line."""
    runs: list[Ended] = []
    known: set[str] = set()
    for line, row in read_rows(path):
        if len(runs) >= ROWS_MAX:
            raise BadFile(str(path), f"more than {ROWS_MAX:,} rows", mend="take a part of the file")
        try:
            run_id = _text(row, "run_id")
            run = _run(row)
        except BadInput as error:
            raise BadFile(str(path), error.message, line=line, mend=error.mend) from error
        if run_id is None or run_id not in known:
            runs.append(run)
        if run_id is not None:
            known.add(run_id)
    if not runs:
        raise BadFile(str(path), "has no rows; expected one run a row")
    return runs


def _run(row: Mapping[str, Any]) -> Ended:
    if not any(name in row for name in _AMOUNTS):
        found = ", ".join(map(str, row))
        raise BadInput(f"no amounts; expected columns such as tokens_input and tokens_output, found {found}")
    started, ended = _time(row, "started_at"), _time(row, "ended_at")
    if started is None:
        raise BadInput("no started_at; expected ISO 8601 or seconds since the epoch")
    if ended is not None and ended < started:
        raise BadInput(f"ended_at {row['ended_at']} is before started_at {row['started_at']}")
    spent = _spent(row)
    if "seconds" not in spent and ended is not None and ended > started:
        spent["seconds"] = ended - started
    return Ended(_task(row), _identity(row), spent, _finished(row), started, ended)


def _spent(row: Mapping[str, Any]) -> dict[Quantity, float]:
    spent = {name: amount for name in _AMOUNTS if (amount := _amount(row, name)) is not None}
    if "tokens_total" not in spent and "tokens_input" in spent and "tokens_output" in spent:
        spent["tokens_total"] = spent["tokens_input"] + spent["tokens_output"]
    return spent


def _task(row: Mapping[str, Any]) -> Task:
    names = ("text", "task_class", "feature", "tenant")
    text, task_class, feature, tenant = (_text(row, name) for name in names)
    return Task(_text(row, "task_key"), text, task_class, feature, tenant)


def _identity(row: Mapping[str, Any]) -> Identity:
    agent, model = _text(row, "agent"), _text(row, "model")
    return Identity(agent, model, _text(row, "agent_version"), _text(row, "prompt_version"))


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return None if value is None or value == "" or _is_nan(value) else str(value)


def _amount(row: Mapping[str, Any], name: str) -> float | None:
    """None where it was not reported: an empty cell, null, or 0."""
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        amount = float(value)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name} is {value!r}; expected a number") from error
    if math.isnan(amount):
        return None
    if math.isinf(amount) or amount < 0:
        raise BadInput(f"{name} is {value!r}; expected a number of at least 0")
    return amount or None


def _finished(row: Mapping[str, Any]) -> bool:
    value = row.get("finished")
    if value is None or value == "":
        return True
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadInput(f"finished is {value!r}; expected true or false")


def _time(row: Mapping[str, Any], name: str) -> float | None:
    """Seconds since the epoch. A time without a zone is UTC."""
    value = row.get(name)
    if value is None or value == "" or _is_nan(value):
        return None
    if isinstance(value, datetime):
        return _utc(value)
    try:
        seconds = float(value)
    except ValueError:
        try:
            return _utc(datetime.fromisoformat(str(value)))
        except ValueError as error:
            raise BadInput(f"{name} is {value!r}; expected ISO 8601 or seconds since the epoch") from error
    except TypeError as error:
        raise BadInput(f"{name} is {value!r}; expected ISO 8601 or seconds since the epoch") from error
    if not math.isfinite(seconds):
        raise BadInput(f"{name} is {value!r}; expected ISO 8601 or seconds since the epoch")
    return seconds / 1_000 if abs(seconds) > _MILLISECONDS_FROM else seconds


def _utc(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
