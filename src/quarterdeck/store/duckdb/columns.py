"""Spans to Arrow columns and back.

What for: DuckDB takes Arrow at 5 µs a span (its row appender: 18 µs), so a batch is turned on its side here.
Ids become 64-bit numbers; a missing parent is 0. Refuses numbers that do not fit their column (BadInput names it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from quarterdeck.errors import BadInput
from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb.chunks import Pair
from quarterdeck.store.duckdb.schema import BIGINT_FIELDS, BOOLEAN_FIELDS, DOUBLE_FIELDS, ID_FIELDS
from quarterdeck.store.measures import STATUS_MESSAGE_MAX, clipped_message
from quarterdeck.store.text import storable

_NO_PARENT = "0" * 16

SPAN_SELECT = ", ".join(f's."{name}"' if name != "trace_id" else "s.trace_hi, s.trace_lo" for name in Span._fields)
"""The columns that `spans_of` takes, of a span table named `s`."""


def arrow_type(sql_type: str) -> Any:
    """The Arrow type for a column declared with `sql_type` (constraints ignored)."""
    return {
        "VARCHAR": pa.string(),
        "VARCHAR[]": pa.list_(pa.string()),
        "BIGINT": pa.int64(),
        "UBIGINT": pa.uint64(),
        "INTEGER": pa.int32(),
        "SMALLINT": pa.int16(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "BLOB": pa.binary(),
    }[sql_type.split(" ", maxsplit=1)[0]]


def column(name: str, values: Sequence[Any], kind: Any) -> Any:
    """One Arrow array. Lone surrogates become `?`. Raises BadInput for a value that does not fit the column."""
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([storable(value) for value in values], kind)
    except (OverflowError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise BadInput(f"column {name}: {error}; expected {kind}") from error


def field_column(name: str, values: Sequence[Any], kind: Any) -> Any:
    """The same for a column of spans: one that is unknown throughout has Arrow's null type, one value is not looked at twice.

    Of 60 columns of a usual request half are unknown and a dozen hold one value: that halves the time of this module.
    """
    first = values[0]
    if first == values[-1] and values.count(first) == len(values):
        if first is None:
            return pa.nulls(len(values))
        return pa.repeat(column(name, [first], kind)[0], len(values))
    return column(name, values, kind)


def span_table(pairs: Sequence[Pair]) -> Any:
    """The spans as an Arrow table with the columns of the span table up to `scope_name` (docs/internals/storage.md).

    The rest (`seq`, `chunk_id`, `chunk_index`) is known at the commit. Ids were checked before (store/identity.py).
    """
    scopes = field_column("scope_name", [raw.scope.name for _, raw in pairs], pa.string())
    return skeleton_table([span for span, _ in pairs]).append_column("scope_name", scopes)


def skeleton_table(spans: Sequence[Span]) -> Any:
    """The canonical spans (at least one) as an Arrow table: the columns that are fields of Span."""
    columns = list(zip(*spans, strict=True))
    arrays: dict[str, Any] = {}
    for name, values in zip(Span._fields, columns, strict=True):
        if name == "trace_id":
            halves = _numbers("".join(values)).reshape(-1, 2)
            arrays["trace_hi"], arrays["trace_lo"] = pa.array(halves[:, 0].copy()), pa.array(halves[:, 1].copy())
        elif name in ID_FIELDS:
            arrays[name] = pa.array(_numbers("".join([value or _NO_PARENT for value in values])))
        elif name == "status_message":
            arrays[name] = field_column(name, _clipped(values), pa.string())
        else:
            arrays[name] = field_column(name, values, _FIELD_TYPES[name])
    return pa.table(arrays)


def trace_table(projects: Sequence[str], trace_ids: Sequence[str]) -> Any:
    """(project, trace_hi, trace_lo) rows as an Arrow table; ids are 32 hex digits."""
    halves = _numbers("".join(trace_ids)).reshape(-1, 2)
    return pa.table(
        {
            "project": column("project", projects, pa.string()),
            "trace_hi": pa.array(halves[:, 0].copy()),
            "trace_lo": pa.array(halves[:, 1].copy()),
        }
    )


def _numbers(digits: str) -> Any:
    """Hex digits, 16 a number, as an array of uint64."""
    return np.frombuffer(bytes.fromhex(digits), ">u8").astype(np.uint64)


def _clipped(messages: Sequence[str | None]) -> Sequence[str | None]:
    if messages.count(None) == len(messages) or all(
        message is None or len(message) <= STATUS_MESSAGE_MAX for message in messages
    ):
        return messages
    return [clipped_message(message) for message in messages]


def _field_type(name: str) -> Any:
    if name in BIGINT_FIELDS:
        return pa.int64()
    if name in DOUBLE_FIELDS:
        return pa.float64()
    return pa.bool_() if name in BOOLEAN_FIELDS else pa.string()


_FIELD_TYPES = {name: _field_type(name) for name in Span._fields}


def spans_of(rows: Iterable[Sequence[Any]]) -> list[Span]:
    """Rows of SPAN_SELECT as spans."""
    return [_span(row) for row in rows]


def _span(row: Sequence[Any]) -> Span:
    project, high, low, span_id, parent, *rest = row
    return Span(project, trace_text(high, low), span_text(span_id), span_text(parent) if parent else "", *rest)


def trace_text(high: int, low: int) -> str:
    return f"{high:016x}{low:016x}"


def span_text(number: int) -> str:
    return f"{number:016x}"


def trace_numbers(trace_id: str) -> tuple[int, int] | None:
    """High and low half; None for a text that is not the id of any stored trace."""
    number = _number(trace_id, 32)
    return None if number is None else divmod(number, 1 << 64)


def span_number(span_id: str) -> int | None:
    """None for a text that is not the id of any stored span."""
    return _number(span_id, 16)


def _number(text: str, digits: int) -> int | None:
    if len(text) != digits or not set(text) <= set("0123456789abcdef"):
        return None
    return int(text, 16)
