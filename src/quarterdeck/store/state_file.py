"""What a loop remembers over a restart, as one file: a struct, written beside the old file and put in its place.

A crash leaves one of the two. Refuses code: the file holds numbers, text and bytes; a form that this version does not know is BadFile.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from quarterdeck.errors import BadFile

MEND = "it is learned anew from the newest runs of the store"


class HasForm(Protocol):
    """A struct that says which form of its file it is."""

    @property
    def form(self) -> int: ...


_State = TypeVar("_State", bound=HasForm)


def read_state(file: Path, kind: type[_State], *, form: int, whose: str) -> _State | None:
    """None where there is none. Raises BadFile for another form, or anything that is not what `whose` writes."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadFile(str(file), f"cannot be read: {error.strerror}", mend=MEND) from error
    try:
        state = msgspec.msgpack.decode(data, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadFile(str(file), f"is not what {whose} writes", mend=MEND) from error
    if state.form != form:
        raise BadFile(str(file), f"has form {state.form}, expected {form}", mend=MEND)
    return state


def write_state(file: Path, state: HasForm) -> None:
    """Durable on return. Raises OSError."""
    beside = file.with_suffix(".new")
    with beside.open("wb") as out:
        out.write(msgspec.msgpack.encode(state))
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
