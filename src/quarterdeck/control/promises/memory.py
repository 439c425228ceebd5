"""What the desk remembers over a restart, as one file: where it reads, the estimators, which runs were learned.

Written beside the old file and put in its place, so that a crash leaves one of the two. Refuses code: the file holds
numbers, text and bytes; a form that this version does not know is BadFile.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from quarterdeck.errors import BadFile

FORM = 1
MEND = "it is learned anew from the newest runs of the store"


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
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadFile(str(file), f"cannot be read: {error.strerror}", mend=MEND) from error
    try:
        memory = msgspec.msgpack.decode(data, type=Memory)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadFile(str(file), "is not what a server writes of its estimates", mend=MEND) from error
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
