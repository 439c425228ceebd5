"""A budget's policy on a file of recorded runs, from the file to the published numbers.

Refuses: a policy or a window that cannot be, and a file without a model call; each with what was expected.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from quarterdeck.control.budget.prices import CachePrices
from quarterdeck.control.budget.replay.join import joined
from quarterdeck.control.budget.replay.policies import policy_named
from quarterdeck.control.budget.replay.policy import Room
from quarterdeck.control.budget.replay.read import EXPECTED, trajectories_of
from quarterdeck.control.budget.replay.replay import replay, report
from quarterdeck.control.budget.replay.said import Trajectory
from quarterdeck.errors import BadFile, BadInput
from quarterdeck.simulate.histories.files import json_lines, read_json

WINDOW_MIN = 256
"""Tokens; below, not even short instructions have room."""


def replay_file(
    file: Path,
    *,
    window: int,
    policy: str = "quarterdeck",
    head: int = 0,
    join: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """What `budget replay` answers. `head`: tokens of instructions and tools ahead of each run that the
    file does not have. `join`: put runs of one model end on end until so many tokens.

    Raises BadFile for what cannot be read, naming the line, and BadInput for a policy or a window that cannot be.
    """
    make = policy_named(policy)
    if window < WINDOW_MIN:
        raise BadInput(f"a window of {window} tokens", mend=f"expected at least {WINDOW_MIN}")
    runs = read_trajectories(file, head)
    chosen = runs if join is None else joined(runs, join)
    room, turns = Room(window, count_tokens), []
    for number, run in enumerate(chosen, 1):
        turns.append(replay(run, make, room, perf_counter, CachePrices()))
        if progress:
            progress(number)
    found = report(policy, turns)
    if not found["turns"]:
        raise BadFile(str(file), "has no model call: no assistant message after another message", mend=EXPECTED)
    return found


def read_trajectories(file: Path, head: int = 0) -> Iterator[Trajectory]:
    """The runs of a file of JSON lines (also .gz, .zst) or of one JSON document. Raises BadFile naming where."""
    documents = _document(file) if file.suffix == ".json" else _lines(file)
    try:
        yield from trajectories_of(documents, count_tokens, head)
    except BadFile:
        raise
    except BadInput as error:
        raise BadFile(str(file), error.message, mend=error.mend) from error


def _lines(file: Path) -> Iterator[tuple[str, Any]]:
    with closing(json_lines(file)) as lines:
        yield from ((f"line {number}", value) for number, value in lines)


def _document(file: Path) -> Iterable[tuple[str, Any]]:
    document = read_json(file)
    values = document if isinstance(document, list) else [document]
    return zip((f"item {number}" for number in itertools.count()), values, strict=False)


def count_tokens(text: str) -> int:
    """Four bytes a token: only for texts whose tokens were not recorded."""
    return max(1, (len(text.encode()) + 3) // 4)
