"""Rows of a file of records: CSV, JSON lines or Parquet, plain or gzipped.

Refuses: other kinds, and guessing what a column means.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from quarterdeck.errors import BadFile


def read_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows with their line (their number in Parquet), in file order. Raises BadFile for what is not such a file."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise BadFile(str(path), f"cannot be read: {why}") from error
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if suffix == ".parquet":
        return _parquet(path, data)
    if suffix == ".csv":
        return enumerate(csv.DictReader(io.StringIO(_text(path, data))), start=2)
    if suffix in (".jsonl", ".ndjson", ".json"):
        return _json_lines(path, _text(path, data))
    raise BadFile(str(path), f"unknown kind {suffix!r}", mend="give .csv, .jsonl or .parquet, plain or with .gz")


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(str(path), f"is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, one in enumerate(text.splitlines(), start=1):
        if not one.strip():
            continue
        try:
            row = json.loads(one)
        except ValueError as error:
            raise BadFile(str(path), f"not JSON: {error}", line=line) from error
        if not isinstance(row, dict):
            raise BadFile(str(path), f"expected a JSON object, found {type(row).__name__}", line=line)
        yield line, row


def _parquet(path: Path, data: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        table = pyarrow.parquet.read_table(io.BytesIO(data))
    except pyarrow.ArrowException as error:
        raise BadFile(str(path), f"not a Parquet file: {error}") from error
    return enumerate(table.to_pylist(), start=1)
