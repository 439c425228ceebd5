"""What the watch remembers over a restart, as one file: where it stood, the patrols, what was taken, what waits.

Written beside the old file and put in its place, so that a crash leaves one of the two. Refuses: code. The file holds
numbers, text and bytes; a form that this version does not know is BadFile.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from quarterdeck.errors import BadFile
from quarterdeck.model.outcomes import Outcome

FORM = 1
MEND = "it is learned anew from the newest runs of the store"


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
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadFile(str(file), f"cannot be read: {error.strerror}", mend=MEND) from error
    try:
        memory = msgspec.msgpack.decode(data, type=Memory)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadFile(str(file), "is not what a watch writes", mend=MEND) from error
    if memory.form != FORM:
        raise BadFile(str(file), f"has form {memory.form}, expected {FORM}", mend=MEND)
    return memory


def write_memory(file: Path, memory: Memory) -> None:
    """Durable on return."""
    beside = file.with_suffix(".new")
    with beside.open("wb") as out:
        out.write(msgspec.msgpack.encode(memory))
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
