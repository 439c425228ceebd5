"""Which recordings a path holds: decided by what is in a file, never by its name alone.

Refuses a path that holds nothing known: the error names what was expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories import langfuse_export, otlp_json, tau2, vercel_spans
from quarterdeck.simulate.histories.files import json_lines, read_json
from quarterdeck.simulate.histories.shape import History, Piece
from quarterdeck.simulate.histories.tau2_messages import RUN_FILES, TURN_FILES

EXPECTED = (
    "expected OTLP JSON lines, an exported Langfuse trace, recorded Vercel AI SDK spans, "
    "or runs.csv.gz with trajectories.jsonl.zst or messages.parquet"
)
_LINE_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".jsonl.zst", ".ndjson.zst")
_DOCUMENT_SUFFIXES = (".json", ".json.gz", ".json.zst")
_OF_TAU2 = frozenset({*RUN_FILES, *TURN_FILES, "tasks.json", "expected.json"})
_SILENT = frozenset({"README.md", "readme.md", "LICENSE"})
Warn = Callable[[str], None]


def find_histories(path: Path, warn: Warn) -> list[History]:
    """Every recording at `path` (a file, or a folder read recursively in sorted order).

    `warn` is told of each file of a folder that is not known. Raises BadFile when nothing is.
    """
    if not path.exists():
        raise BadFile(str(path), "no such file or folder", mend="check the path")
    found = _in_folder(path, warn) if path.is_dir() else _single(path)
    if not found:
        raise BadFile(str(path), f"holds nothing that can be replayed: {EXPECTED}", mend="name such a file or folder")
    return found


def read_histories(histories: Sequence[History]) -> Iterator[Piece]:
    """The pieces of all, one history after the other."""
    for history in histories:
        yield from history.read()


def _single(path: Path) -> list[History]:
    if path.name in {*RUN_FILES, *TURN_FILES}:
        runs = tau2.find_runs_file(path.parent)
        if runs is not None:
            return [History(runs, "tau2", partial(tau2.read, runs))]
    history = _recognise(path)
    return [history] if history else []


def _in_folder(folder: Path, warn: Warn) -> list[History]:
    found: list[History] = []
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        runs = tau2.find_runs_file(path.parent)
        if runs is not None and path.name in _OF_TAU2:
            if path == runs:
                found.append(History(runs, "tau2", partial(tau2.read, runs)))
            continue
        history = _recognise_or_warn(path, warn)
        if history is not None:
            found.append(history)
    return found


def _recognise_or_warn(path: Path, warn: Warn) -> History | None:
    try:
        history = _recognise(path)
    except BadFile as error:
        warn(f"skipped {error}")
        return None
    if history is None and path.name not in _SILENT:
        warn(f"skipped {path}: not a recording of spans")
    return history


def _recognise(path: Path) -> History | None:
    """The shape of one file, None when it is none of ours. Raises BadFile when it is broken."""
    if path.name.endswith(_LINE_SUFFIXES):
        return _recognise_lines(path)
    if path.name.endswith(_DOCUMENT_SUFFIXES):
        return _recognise_document(path)
    return None


def _recognise_lines(path: Path) -> History | None:
    with closing(json_lines(path)) as lines:
        _, first = next(lines, (0, None))
    return History(path, "otlp_json", partial(otlp_json.read_lines, path)) if otlp_json.looks_like(first) else None


def _recognise_document(path: Path) -> History | None:
    try:
        document = read_json(path)
    except BadFile:
        lines = _recognise_lines(path)  # the Collector's file exporter writes lines into a .json file too
        if lines is None:
            raise
        return lines
    if otlp_json.looks_like(document):
        return History(path, "otlp_json", partial(otlp_json.read_document, path))
    if langfuse_export.looks_like(document):
        return History(path, "langfuse_export", partial(langfuse_export.read, path))
    if vercel_spans.looks_like(document):
        return History(path, "vercel_spans", partial(vercel_spans.read, path))
    return None
