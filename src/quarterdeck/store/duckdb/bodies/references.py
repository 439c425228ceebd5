"""References from a stored row to its bodies, and what each kind of value looks like as a text.

A row holds `[body key, index of the first body, …]` and then of each body its name alone, or `code, (root,) name`. A code
is `holder << 4 | CHAINED? | kind`: which map (0 = the span's attributes, then its events', then its links'), whether its
chain begins in an earlier part (`root` follows), and the kind; without a code all are 0. Indexes rise by one. In the map
stands the size (of a list: size and length). Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from quarterdeck.model.raw import Absent, Attributes
from quarterdeck.store.duckdb.bodies.numbers import first_of
from quarterdeck.store.duckdb.packing import unpack

TEXT, LIST, MAP, BYTES, ABSENT = range(5)
"""Kinds. ABSENT is a mark that came in with the span: nothing is stored for it."""


CHAINED = 8
HOLDER_SHIFT = 4


class Reference(NamedTuple):
    """Where a body stands (`holder`, `name`), what it is, its number, and the part in which its chain begins.

    `key` is whose it is. It is kept with the row, since the span's session may be mapped anew.
    """

    key: int
    holder: int
    name: str
    kind: int
    number: int
    root: int


def references(part: int, flat: Sequence[Any] | None) -> Iterator[Reference]:
    """The references of a row that was written in `part`."""
    if not flat:
        return
    items = iter(flat)
    key, index = next(items), next(items)
    for item in items:
        code, root, name = 0, part, item
        if isinstance(item, int):
            code = item
            root = next(items) if code & CHAINED else part
            name = next(items)
        kind = code & 7
        yield Reference(key, code >> HOLDER_SHIFT, name, kind, first_of(part) + index, root)
        index += kind != ABSENT


def list_body(packed: bytes, length: int) -> str:
    """A packed list without its head, so that a list that grew begins like the one before."""
    return packed[_head_bytes(length) :].decode("latin-1")


def map_body(packed: bytes) -> str:
    return packed.decode("latin-1")


def put_back(attributes: Attributes, reference: Reference, text: str | None, reason: str) -> None:
    """Put the value, or a mark with `reason` when there is no text, where its size stands."""
    name = reference.name
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
