"""What the watch remembers over a restart, as one file: where it stood, the patrols, what was taken, what waits.

How it is written and what is refused: `store/state_file.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from quarterdeck.model.outcomes import Outcome
from quarterdeck.store.state_file import read_state, write_state

FORM = 1


class Memory(msgspec.Struct, frozen=True):
    """`run_seq` and `outcome_seq` are where reading goes on; `patrols` maps a project to its patrol's own form.

    `live` is what the rules about live runs know as usual; None in files from before they told it. `words` is how far the
    tests of dismissals and canaries have come.
    """

    form: int
    run_seq: int
    outcome_seq: int
    patrols: dict[str, bytes]
    taken: bytes
    waiting: list[Outcome]
    live: bytes | None = None
    words: dict[str, list[Any]] = {}


def read_memory(file: Path) -> Memory | None:
    """None where there is none. Raises BadFile for another form, or anything that is not ours."""
    return read_state(file, Memory, form=FORM, whose="a watch")


def write_memory(file: Path, memory: Memory) -> None:
    """Durable on return. Raises OSError."""
    write_state(file, memory)
