"""Where an export goes: JSON lines in one file, or Parquet files in a folder; each page whole or not at all.

`TARGET.state` remembers the cursor and what was written; a page that was cut by a kill is cut off before the next.
Refuses: a target that is finished, and to go on with another question than the one it was begun with.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, get_args, get_type_hints

from quarterdeck.errors import BadInput

SPANS_A_FILE = 50_000
"""Spans of one Parquet file: a few dozen MB."""


class Target(Protocol):
    """Something that takes pages."""

    spans: int
    cursor: str | None
    complete: bool
    resumed: bool

    def add(self, items: Sequence[dict[str, Any]], spans: int, next_cursor: str | None) -> None: ...

    def add_runs(self, rows: Sequence[dict[str, Any]]) -> None: ...

    def add_outcomes(self, rows: Sequence[dict[str, Any]]) -> None: ...

    def finish(self) -> int:
        """Bytes written in all."""
        ...


def open_target(path: Path, form: str, question: Mapping[str, Any]) -> Target:
    """A new target, or an interrupted one to go on with. Raises BadInput."""
    asked: dict[str, Any] = json.loads(json.dumps({**question, "form": form}))
    if form == "parquet":
        if path.exists() and not path.is_dir():
            raise BadInput(f"--to {path}: is a file, expected a folder for Parquet")
        return ParquetTarget(path, asked)
    if path.is_dir() or path.suffix == "":
        path = path / "spans.jsonl.zst"
    if not path.name.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst")):
        raise BadInput(f"--to {path}: expected a name that ends in .jsonl, .jsonl.gz or .jsonl.zst, or a folder")
    return LinesTarget(path, asked)


class _State:
    """What is remembered between two tries, written whole."""

    def __init__(self, path: Path, question: dict[str, Any]) -> None:
        self._path = path
        self._question = question
        self.known: dict[str, Any] = {}
        if path.exists():
            found = json.loads(path.read_text())
            if found.get("question") != question:
                raise BadInput(
                    f"{path} belongs to another export ({found.get('question')})",
                    mend="finish that one, or delete the file",
                )
            self.known = found

    def write(self, **values: Any) -> None:
        self.known = {**self.known, **values, "question": self._question}
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(json.dumps(self.known))
        beside.replace(self._path)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


class LinesTarget:
    """One line a page; compressed pages are members (gzip) or frames (zstd) of their own, so a cut is clean."""

    def __init__(self, path: Path, question: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise BadInput(f"{path} exists and is finished", mend="choose another name, or delete it")
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._state = _State(path.with_name(f"{path.name}.state"), question)
        known = self._state.known
        self.spans: int = known.get("spans", 0)
        self.cursor: str | None = known.get("cursor")
        self.complete: bool = known.get("complete", False)
        self.resumed = bool(known)
        self._bytes: int = known.get("bytes", 0)

    def add(self, items: Sequence[dict[str, Any]], spans: int, next_cursor: str | None) -> None:
        with self._part.open("ab") as file:
            file.truncate(self._bytes)  # what a kill left of a page
            if items:
                file.write(self._packed((json.dumps({"resourceSpans": items}, ensure_ascii=True) + "\n").encode()))
            file.flush()
            os.fsync(file.fileno())
            self._bytes = file.seek(0, os.SEEK_END)
        self.spans += spans
        self.cursor, self.complete = next_cursor, next_cursor is None
        self._state.write(spans=self.spans, cursor=next_cursor, complete=self.complete, bytes=self._bytes)

    def _packed(self, line: bytes) -> bytes:
        if self._path.suffix == ".gz":
            return gzip.compress(line, 6)
        if self._path.suffix == ".zst":
            import zstandard

            return zstandard.ZstdCompressor(level=6).compress(line)
        return line

    def add_runs(self, rows: Sequence[dict[str, Any]]) -> None:
        """OTLP has no word for runs: whoever imports the spans gets them again."""

    def add_outcomes(self, rows: Sequence[dict[str, Any]]) -> None:
        """Nor for outcomes: `quarterdeck outcomes export` writes those that were posted."""

    def finish(self) -> int:
        self._part.rename(self._path)
        self._state.remove()
        return self._bytes


class ParquetTarget:
    """`spans-00000.parquet`, ..., `outcomes.parquet` and `runs.parquet` in a folder."""

    def __init__(self, folder: Path, question: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "runs.parquet").exists():
            raise BadInput(f"{folder} holds a finished export", mend="choose another folder, or empty it")
        self._folder = folder
        self._state = _State(folder / "export.state", question)
        known = self._state.known
        self._number: int = known.get("files", 0)
        self._rows: list[dict[str, Any]] = []
        self.spans: int = known.get("spans", 0)
        self.cursor: str | None = known.get("cursor")
        self.complete: bool = known.get("complete", False)
        self.resumed = bool(known)

    def add(self, items: Sequence[dict[str, Any]], spans: int, next_cursor: str | None) -> None:
        self._rows += items
        self.spans += spans
        self.cursor, self.complete = next_cursor, next_cursor is None
        if self._rows and (len(self._rows) >= SPANS_A_FILE or self.complete):
            _write(self._folder / f"spans-{self._number:05d}.parquet", self._rows, _span_schema())
            self._number += 1
            self._rows = []
        if not self._rows:
            self._state.write(spans=self.spans, cursor=next_cursor, complete=self.complete, files=self._number)

    def add_runs(self, rows: Sequence[dict[str, Any]]) -> None:
        _write(self._folder / "runs.parquet", [_flat(row) for row in rows], None)

    def add_outcomes(self, rows: Sequence[dict[str, Any]]) -> None:
        """A column that is unknown throughout has the type of its field all the same."""
        import pyarrow as pa

        names = ("run_id", "name", "score", "label", "at", "received_at", "source", "comment")
        schema = pa.schema([(name, pa.float64() if name == "score" else pa.string()) for name in names])
        _write(self._folder / "outcomes.parquet", rows, schema)

    def finish(self) -> int:
        self._state.remove()
        return sum(path.stat().st_size for path in self._folder.glob("*.parquet"))


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """`tokens: {input}` as `tokens_input`; lists and open maps as JSON text."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and name in ("tokens", "cost_usd", "orphans"):
            found |= {f"{name}_{part}": item for part, item in value.items()}
        else:
            found[name] = json.dumps(value) if isinstance(value, dict | list) else value
    return found


def _span_schema() -> Any:
    """Every field of the canonical span; a file in which a column is all unknown has the type of the others."""
    import pyarrow as pa

    from quarterdeck.model.spans import Span

    kinds = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    hints = get_type_hints(Span)
    told = {name: set(get_args(hint)) or {hint} for name, hint in hints.items()}
    return pa.schema(
        [(name, next((kinds[kind] for kind in kinds if kind in of), pa.string())) for name, of in told.items()]
    )


def _write(path: Path, rows: Sequence[dict[str, Any]], schema: Any) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    beside = path.with_name(f"{path.name}.new")
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), beside, compression="zstd")
    beside.replace(path)
