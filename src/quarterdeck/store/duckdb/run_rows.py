"""Runs to columns and back: flattened, with what reads filter and sort by computed beside.

Refuses numbers that do not fit their column (BadInput, from `columns.column`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from quarterdeck.model.runs import Cost, Orphans, Run, Tokens
from quarterdeck.store.duckdb.columns import arrow_type, column
from quarterdeck.store.duckdb.schema import RUN_COLUMNS, RUN_DERIVED, RUN_PLACE
from quarterdeck.store.measures import cohort_of, cost_usd, minute_of, search_text, words_of
from quarterdeck.store.sketch import bucket_of
from quarterdeck.store.text import storable

RUN_SELECT = ", ".join(f'r."{name}"' for name in RUN_COLUMNS)
"""The columns that `run_of` takes, of a run table named `r`."""


def run_key(project: str, run_id: str) -> int:
    """64 bits of the identity: what reads and deletes look for first. The texts are compared as well."""
    return _hash((project, run_id))


def _hash(parts: Sequence[str | None]) -> int:
    # Unknown differs from the empty text, and no part can run into its neighbour.
    joined = "".join("-;" if part is None else f"{len(part)}:{part};" for part in parts)
    digest: int = xxh3_64_intdigest(joined.encode(errors="replace"))
    return digest


def _json(counts: Mapping[str, int]) -> str:
    try:
        return orjson.dumps(counts).decode()
    except orjson.JSONEncodeError:
        return orjson.dumps(storable(counts)).decode()


def _bucket(value: float | None) -> int | None:
    return None if value is None else bucket_of(value)


_COMPUTED: Mapping[str, Callable[[Run], Any]] = {
    "tokens_input": lambda run: run.tokens.input,
    "tokens_output": lambda run: run.tokens.output,
    "tokens_cache_read": lambda run: run.tokens.cache_read,
    "tokens_cache_write": lambda run: run.tokens.cache_write,
    "tokens_reasoning": lambda run: run.tokens.reasoning,
    "tokens_coverage": lambda run: run.tokens.coverage,
    "cost_computed_usd": lambda run: run.cost.computed,
    "cost_reported_usd": lambda run: run.cost.reported,
    "cost_source": lambda run: run.cost.source,
    "price_version": lambda run: run.cost.price_version,
    "orphans_repaired": lambda run: run.orphans.repaired,
    "orphans_missing": lambda run: run.orphans.missing,
    "tools": lambda run: _json(run.tools),
    "models": lambda run: _json(run.models),
    "tool_errors": lambda run: _json(run.tool_errors),
    "run_key": lambda run: run_key(run.project, run.run_id),
    "cell_key": lambda run: _hash((run.project, str(minute_of(run.started_at_ns)), *cohort_of(run))),
    "minute": lambda run: minute_of(run.started_at_ns),
    "duration_s": lambda run: run.duration_s,
    "tokens_total": lambda run: run.tokens.total,
    "cost_usd": cost_usd,
    "search": search_text,
    "words": lambda run: sorted(words_of(run)),
    "duration_bucket": lambda run: _bucket(run.duration_s),
    "tokens_bucket": lambda run: _bucket(run.tokens.total),
}


def run_table(runs: Sequence[Run], after_seq: int) -> Any:
    """The runs as an Arrow table with the columns of the run table, in its order; numbered from `after_seq` + 1."""
    columns = {
        name: column(name, [_value(run, name) for run in runs], arrow_type(kind))
        for name, kind in {**RUN_COLUMNS, **RUN_DERIVED}.items()
    }
    numbers = range(after_seq + 1, after_seq + 1 + len(runs))
    return pa.table({**columns, **{name: pa.array(numbers, arrow_type(kind)) for name, kind in RUN_PLACE.items()}})


def _value(run: Run, name: str) -> Any:
    compute = _COMPUTED.get(name)
    return getattr(run, name) if compute is None else compute(run)


def key_table(keys: Sequence[tuple[str, str]]) -> Any:
    """(project, run_id) as an Arrow table with `run_key` beside it, without repeats."""
    unique = list(dict.fromkeys(keys))
    return pa.table(
        {
            "run_key": pa.array([run_key(*key) for key in unique], pa.uint64()),
            "project": column("project", [project for project, _ in unique], pa.string()),
            "run_id": column("run_id", [run_id for _, run_id in unique], pa.string()),
        }
    )


def touched_table(cells: Iterable[tuple[int, int]]) -> Any:
    """(minute, cell_key) of rollup cells as an Arrow table."""
    minutes, keys = zip(*cells, strict=True)
    return pa.table({"minute": pa.array(minutes, pa.int64()), "cell_key": pa.array(keys, pa.uint64())})


def run_of(row: Sequence[Any]) -> Run:
    """One row of RUN_SELECT as a run."""
    values = dict(zip(RUN_COLUMNS, row, strict=True))
    tokens = Tokens(
        input=values.pop("tokens_input"),
        output=values.pop("tokens_output"),
        cache_read=values.pop("tokens_cache_read"),
        cache_write=values.pop("tokens_cache_write"),
        reasoning=values.pop("tokens_reasoning"),
        coverage=values.pop("tokens_coverage"),
    )
    cost = Cost(
        computed=values.pop("cost_computed_usd"),
        reported=values.pop("cost_reported_usd"),
        source=values.pop("cost_source"),
        price_version=values.pop("price_version"),
    )
    orphans = Orphans(repaired=values.pop("orphans_repaired"), missing=values.pop("orphans_missing"))
    for name in ("tools", "models", "tool_errors"):
        values[name] = orjson.loads(values[name] or "{}")
    for name in ("trace_ids", "dialects", "flags", "links"):
        values[name] = tuple(values[name] or ())
    return Run(**values, tokens=tokens, cost=cost, orphans=orphans)
