"""A side of the recorded tau2 retail runs: `runs.csv.gz` with `trajectories.jsonl.zst` or `messages.parquet`.

Each row is a run of the agent and, where anything was said, a run of the user simulator in the same session. A row
with `duplicate_of` is sent again as the identical spans. A row without messages is one failed agent span.
Refuses to invent usage: what carries none is no model call, and a run without messages reports no tokens.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories.files import UNREADABLE, open_binary
from quarterdeck.simulate.histories.shape import Piece
from quarterdeck.simulate.histories.tau2_messages import RUN_FILES, TURN_FILES, Turn, read_turns
from quarterdeck.simulate.histories.tau2_row import Row, row_of
from quarterdeck.simulate.histories.tau2_spans import pieces_of

_MEND = "take runs.csv.gz and trajectories.jsonl.zst of the same side"


def find_runs_file(folder: Path) -> Path | None:
    """The file of runs in a folder that also holds their messages, else None."""
    runs = next((folder / name for name in RUN_FILES if (folder / name).is_file()), None)
    return runs if runs is not None and any((folder / name).is_file() for name in TURN_FILES) else None


def read(runs_file: Path) -> Iterator[Piece]:
    """Every row in its order. Raises BadFile naming file, line and mend."""
    turns = read_turns(runs_file.parent)
    firsts: dict[str, Row] = {}
    for line, row in read_rows(runs_file):
        first = firsts.setdefault(row.simulation_id, row)  # a repeat is the first one's spans, not its own wording
        found = turns.of(first.simulation_id)
        if len(found) != first.messages:
            what = f"simulation {first.simulation_id} has {first.messages} messages here and {len(found)} in the others"
            raise BadFile(str(runs_file), what, line=line, mend=_MEND)
        yield from pieces_of(first, cast(list[Turn], found), str(runs_file))


def read_rows(runs_file: Path) -> Iterator[tuple[int, Row]]:
    """(line number, row) of every row, unique ones before the rows that repeat them. Raises BadFile."""
    rows = list(_numbered(runs_file))
    yield from sorted(rows, key=lambda item: bool(item[1].duplicate_of))


def _numbered(runs_file: Path) -> Iterator[tuple[int, Row]]:
    try:
        with open_binary(runs_file) as stream, io.TextIOWrapper(stream, encoding="utf-8", newline="") as text:
            reader = csv.DictReader(text)
            for record in reader:
                yield reader.line_num, _row(runs_file, reader.line_num, record)
    except (*UNREADABLE, csv.Error) as error:
        raise BadFile(str(runs_file), f"cannot be read: {error}", mend=_MEND) from error


def _row(runs_file: Path, line: int, record: dict[str, str]) -> Row:
    try:
        return row_of(record)
    except (KeyError, TypeError, ValueError) as error:
        raise BadFile(str(runs_file), f"not a row of recorded runs: {error!r}", line=line, mend=_MEND) from error
