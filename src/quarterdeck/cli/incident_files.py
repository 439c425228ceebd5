"""Facts of incidents from a file: JSON, JSON lines or YAML, one or many, each with where it stands in the file.

Refuses a file of which one incident cannot be read: a grade that is missing is worse than none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from quarterdeck.errors import BadFile, BadInput
from quarterdeck.model.incidents import Facts
from quarterdeck.observe.incidents import read_facts

BYTES_MAX = 50_000_000


def facts_in(path: Path) -> list[Facts]:
    """In order of the file. Raises BadFile naming file, place and what was expected."""
    found = []
    for line, place, document in _documents(path):
        try:
            found.append(read_facts(document))
        except BadInput as error:
            raise BadFile(str(path), f"{place}{error.message}", line=line) from error
    if not found:
        raise BadFile(str(path), "no incident in it; expected facts as JSON lines or a YAML list")
    return found


def _documents(path: Path) -> Iterator[tuple[int | None, str, Any]]:
    text = _text(path)
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from _lines(path, text)
        return
    document = _yaml(path, text)  # JSON is YAML
    for number, one in enumerate(document if isinstance(document, list) else [document], start=1):
        if one is not None:
            yield None, f"incident {number}: ", one


def _lines(path: Path, text: str) -> Iterator[tuple[int | None, str, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield number, "", json.loads(line)
            except ValueError as error:
                raise BadFile(str(path), f"not JSON: {error}", line=number) from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise BadFile(str(path), f"more than {BYTES_MAX:,} bytes")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile(str(path), "not UTF-8 text; expected JSON lines or YAML") from error


def _yaml(path: Path, text: str) -> Any:
    try:
        return json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except ValueError as error:
        raise BadFile(str(path), f"not JSON: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "cannot be parsed"
        raise BadFile(str(path), f"not YAML: {what}", line=None if mark is None else mark.line + 1) from error
