"""References from a stored row to its bodies, and what each kind of value looks like as a text.

First the body key, then four numbers a body: which map (0 = the span's attributes, then its events', then its links'), the place in the map
and the kind (`place << 3 | kind`), the number within the part, and the part in which its chain begins (0 = the row's
own). In the map stands the size (of a list: size and length). Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from quarterdeck.model.raw import Absent, Attributes
from quarterdeck.store.duckdb.bodies.numbers import first_of
from quarterdeck.store.duckdb.packing import unpack

TEXT, LIST, MAP, BYTES, ABSENT = range(5)
"""Kinds. ABSENT is a mark that came in with the span: nothing is stored for it."""


class Reference(NamedTuple):
    """Where a body stands (`holder`, `place`), what it is, its number, and the part in which its chain begins.

    `key` is whose it is. It is kept with the row, since the span's session may be mapped anew.
    """

    key: int
    holder: int
    place: int
    kind: int
    number: int
    root: int


def references(part: int, flat: Sequence[int] | None) -> Iterator[Reference]:
    """The references of a row that was written in `part`."""
    if not flat:
        return
    key = flat[0]
    for at in range(1, len(flat), 4):
        holder, packed, index, root = flat[at : at + 4]
        yield Reference(key, holder, packed >> 3, packed & 7, first_of(part) + index, root or part)


def list_body(packed: bytes, length: int) -> str:
    """A packed list without its head, so that a list that grew begins like the one before."""
    return packed[_head_bytes(length) :].decode("latin-1")


def map_body(packed: bytes) -> str:
    return packed.decode("latin-1")


def put_back(attributes: Attributes, reference: Reference, text: str | None, reason: str) -> None:
    """Put the value, or a mark with `reason` when there is no text, where its size stands."""
    name = list(attributes)[reference.place]
    left = attributes[name]
    if reference.kind == ABSENT:
        attributes[name] = Absent(*left)
    elif text is None:
        attributes[name] = Absent(reason, left[0] if reference.kind == LIST else left)
    else:
        attributes[name] = _value(reference.kind, text, left)


def _value(kind: int, text: str, left: Any) -> Any:
    if kind == TEXT:
        return text
    data = text.encode("latin-1")
    if kind == BYTES:
        return data
    return unpack(data) if kind == MAP else unpack(_head(left[1]) + data)


def _head(length: int) -> bytes:
    """MessagePack's head of a list."""
    if length < 16:
        return bytes([0x90 | length])
    return b"\xdc" + length.to_bytes(2) if length < 1 << 16 else b"\xdd" + length.to_bytes(4)


def _head_bytes(length: int) -> int:
    if length < 16:
        return 1
    return 3 if length < 1 << 16 else 5
