"""What the desk remembers over a restart, as one file: where it reads, the estimators, which runs were learned.

How it is written and what is refused: `store/state_file.py`.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from quarterdeck.store.state_file import read_state, write_state

FORM = 1


class Memory(msgspec.Struct, frozen=True):
    """`run_seq` is where reading goes on; `learners` maps a project to its estimator's own form and the end of its newest run;

    `walks` to what is known of its runs step by step (absent in the files of older versions)."""

    form: int
    run_seq: int
    learners: dict[str, tuple[bytes, int]]
    taken: list[int]
    walks: dict[str, bytes] = {}


def read_memory(file: Path) -> Memory | None:
    """None where there is none. Raises BadFile for another form, or anything that is not ours."""
    return read_state(file, Memory, form=FORM, whose="the desk of promises")


def write_memory(file: Path, memory: Memory) -> None:
    """Durable on return. Raises OSError."""
    write_state(file, memory)
