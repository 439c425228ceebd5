"""Outcomes from a file, JSON lines or CSV, one item a line, each with the number of its line.

Refuses to judge items: the server does. A line that holds none at all is told by its number.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Literal, NamedTuple

from quarterdeck.errors import BadFile

Form = Literal["jsonl", "csv"]
COLUMNS = ("run_id", "name", "score", "label", "at", "comment")
NEEDED = ("run_id", "name")


class Line(NamedTuple):
    """`item` is what the line holds; None where `reason` says why it holds nothing that could be sent."""

    number: int
    item: dict[str, Any] | None
    reason: str | None = None


def form_of(name: str, lines: Iterator[str]) -> tuple[Form, Iterator[str]]:
    """The form by the name's end, else by the first line that is not empty; and the lines, none lost."""
    if name.lower().endswith(".csv"):
        return "csv", lines
    if name.lower().endswith((".jsonl", ".ndjson", ".json")):
        return "jsonl", lines
    taken: list[str] = []
    for line in lines:
        taken.append(line)
        if line.strip():
            break
    first = taken[-1].lstrip("\ufeff \t") if taken else ""
    return ("jsonl" if first.startswith("{") else "csv"), chain(taken, lines)


def read_lines(name: str, form: Form, lines: Iterable[str]) -> Iterator[Line]:
    """Items in order. Raises BadFile for a CSV without the columns that it takes."""
    return _csv(name, lines) if form == "csv" else _jsonl(lines)


def _jsonl(lines: Iterable[str]) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        try:
            item = json.loads(text)
        except ValueError as error:
            yield Line(number, None, f"not JSON: {error}")
            continue
        if isinstance(item, dict):
            yield Line(number, item)
        else:
            yield Line(number, None, f"found {text[:40]!r}, expected an object with run_id and name")


def _csv(name: str, lines: Iterable[str]) -> Iterator[Line]:
    rows = csv.reader(_without_mark(lines), strict=True)
    try:
        header = [column.strip() for column in next(rows, [])]
        _check(name, header)
        for row in rows:
            if row:
                yield _row(rows.line_num, header, row)
    except csv.Error as error:
        raise BadFile(name, f"line {rows.line_num}: {error}") from error


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    for position, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if position == 0 else line


def _check(name: str, header: Sequence[str]) -> None:
    missing = [column for column in NEEDED if column not in header]
    unknown = [column for column in header if column not in COLUMNS]
    if missing or unknown:
        found = ", ".join(header) or "nothing"
        raise BadFile(name, f"its first line has {found[:200]}; expected columns of {', '.join(COLUMNS)}")


def _row(number: int, header: Sequence[str], row: Sequence[str]) -> Line:
    if len(row) != len(header):
        return Line(number, None, f"found {len(row)} values, expected {len(header)}")
    item: dict[str, Any] = {column: value for column, value in zip(header, row, strict=True) if value != ""}
    if "score" in item:
        item["score"] = _number(item["score"])
    return Line(number, item)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # the server says what it expected


def batches(lines: Iterable[Line], size: int) -> Iterator[list[Line]]:
    """At most `size` lines each."""
    rest = iter(lines)
    while batch := list(islice(rest, size)):
        yield batch
