"""Two selections of runs counted by attribute, in one pass over the run table.

The runs of both sides are first grouped by all columns together, which leaves few rows, and only these are unfolded
into one row per attribute. Refuses names outside CONTRAST_KEYS (BadInput).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quarterdeck.store.contrast import ContrastRow, ContrastRows
from quarterdeck.store.duckdb.filters import condition_of
from quarterdeck.store.interface import ContrastCell, ContrastCounts, RunFilter
from quarterdeck.store.measures import check_contrast_keys

_EMPTY = "''"
_LISTS = {"flag": "r.flags", "dialect": "r.dialects", "tool": "json_keys(r.tools)",
          "tool_error": "json_keys(r.tool_errors)"}  # fmt: skip
"""Keys of which a run has any number of values, as the lists they lie in."""

# `chosen` is read by up to five branches and must be computed once, hence MATERIALIZED. A hit on both sides is `where`.
_CHOSEN = """
WITH chosen AS MATERIALIZED (
  SELECT coalesce({where}, false) AS hit, {columns} FROM run r
  WHERE {window} AND (({where}) OR ({against}))
), counted AS (
{branches}
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY place ORDER BY ones + others DESC, value NULLS LAST) AS nth FROM counted)
SELECT place, value, CAST(ones AS BIGINT), CAST(others AS BIGINT),
  (SELECT count(*) FROM ranked WHERE nth > $values_max)
FROM ranked WHERE nth <= $values_max ORDER BY place, nth
"""
_SIDES = """SELECT -1 AS place, NULL AS value, count(*) FILTER (hit) AS ones, count(*) FILTER (NOT hit) AS others
FROM chosen"""
_SINGLE = """
SELECT a.place AS place, a.value AS value, sum(ones) AS ones, sum(others) AS others FROM (
  SELECT unnest([{pairs}]) AS a, ones, others FROM (
    SELECT {columns}, count(*) FILTER (hit) AS ones, count(*) FILTER (NOT hit) AS others FROM chosen GROUP BY {columns}))
GROUP BY ALL"""
_LIST = """
SELECT {place} AS place, value, count(*) FILTER (hit) AS ones, count(*) FILTER (NOT hit) AS others FROM (
  SELECT hit, unnest(list_distinct("{key}")) AS value FROM chosen) GROUP BY ALL"""


def contrast(
    cursor: Any, where: RunFilter, against: RunFilter, keys: Sequence[str], *, values_max: int
) -> ContrastCounts:
    """Raises BadInput for an unknown name in the keys or the filters."""
    names = check_contrast_keys(keys)
    sql, values = _statement(where, against, names)
    rows = cursor.execute(sql, values | {"values_max": values_max}).fetchall()
    # A grouping without GROUP BY answers one row, so the row of the sides is always there.
    (_, _, ones, others, left_out), *rest = rows
    return ContrastCounts(ones, others, [ContrastCell(names[place], *row) for place, *row, _ in rest], left_out)


def _statement(where: RunFilter, against: RunFilter, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    first, second = condition_of(where), condition_of(against)
    values: dict[str, Any] = {}
    sql_first = _named(first.sql, first.values, "w", values)
    sql_second = _named(second.sql, second.values, "a", values)
    columns = ", ".join(_column(name) for name in names)
    sql = _CHOSEN.format(
        where=sql_first,
        against=sql_second,
        window=_window(where, against),
        columns=columns or "0 AS nothing",
        branches="\nUNION ALL ".join(_branches(names)),
    )
    return sql, values


def _named(sql: str, given: Sequence[Any], prefix: str, values: dict[str, Any]) -> str:
    """Question marks as names, since the same condition stands in the statement twice."""
    head, *tails = sql.split("?")
    for at, tail in enumerate(tails):
        name = f"{prefix}{at}"
        values[name] = given[at]
        head += f"${name}{tail}"
    return head


def _window(where: RunFilter, against: RunFilter) -> str:
    """Bounds that hold for both sides, so that zone maps skip the rest of the table whatever else is asked."""
    parts = ["true"]
    if where.since_ns is not None and against.since_ns is not None:
        parts.append(f"r.started_at_ns >= {min(where.since_ns, against.since_ns)}")
    if where.until_ns is not None and against.until_ns is not None:
        parts.append(f"r.started_at_ns < {max(where.until_ns, against.until_ns)}")
    return " AND ".join(parts)


def _column(name: str) -> str:
    """The empty text counts as unknown, as in filters and facets."""
    return f'{_LISTS.get(name, f"nullif(r.{name}, {_EMPTY})")} AS "{name}"'


def _branches(names: Sequence[str]) -> list[str]:
    branches = [_SIDES]
    single = [(place, name) for place, name in enumerate(names) if name not in _LISTS]
    if single:
        pairs = ", ".join(f"{{'place': {place}, 'value': \"{name}\"}}" for place, name in single)
        branches.append(_SINGLE.format(pairs=pairs, columns=", ".join(f'"{name}"' for _, name in single)))
    branches += [_LIST.format(place=place, key=name) for place, name in enumerate(names) if name in _LISTS]
    return branches


# First the runs are drawn by their ids alone; only those of either side that stay are read, and only their lists unfolded.
_ROWS = """
WITH chosen AS MATERIALIZED (
  SELECT r.rowid AS place, coalesce({where}, false) AS hit, md5(r.run_id) AS draw FROM run r
  WHERE {window} AND (({where}) OR ({against}))
), drawn AS MATERIALIZED (
  SELECT place, hit FROM (SELECT * FROM chosen WHERE hit ORDER BY draw LIMIT $runs_max)
  UNION ALL SELECT place, hit FROM (SELECT * FROM chosen WHERE NOT hit ORDER BY draw LIMIT $runs_max))
SELECT count(*) FILTER (hit), count(*) FILTER (NOT hit){columns} FROM run r JOIN drawn ON r.rowid = drawn.place
WHERE {window} GROUP BY ALL
"""


def contrast_rows(
    cursor: Any, where: RunFilter, against: RunFilter, keys: Sequence[str], *, runs_max: int
) -> ContrastRows:
    """Raises BadInput for an unknown name in the keys or the filters."""
    names = check_contrast_keys(keys)
    first, second = condition_of(where), condition_of(against)
    values: dict[str, Any] = {"runs_max": runs_max}
    sql = _ROWS.format(
        where=_named(first.sql, first.values, "w", values),
        against=_named(second.sql, second.values, "a", values),
        window=_window(where, against),
        columns="".join(f", {_sorted_column(name)}" for name in names),
    )
    rows = [
        ContrastRow(tuple(tuple(value) if isinstance(value, list) else value for value in found), ones, others)
        for ones, others, *found in cursor.execute(sql, values).fetchall()
        if ones or others
    ]
    return ContrastRows(sum(row.where for row in rows), sum(row.against for row in rows), rows)


def _sorted_column(name: str) -> str:
    """As `_column`; a list in one order, so that equal sets are one group."""
    return f'coalesce(list_sort(list_distinct({_LISTS[name]})), []) AS "{name}"' if name in _LISTS else _column(name)
