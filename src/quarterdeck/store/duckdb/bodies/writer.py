"""Takes the long values out of raw spans and makes body chunks of them: the part of `prepare` that is about bodies.

One `BodyWriter` serves one part and is used under the window's lock. What it leaves in a span's maps are sizes; the
references beside them say which body stands where. Refuses values that no attribute can hold (BadInput, from packing).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from quarterdeck.model.raw import Absent, Attributes, RawEvent, RawLink
from quarterdeck.model.spans import Span
from quarterdeck.store.bodies import deep_size
from quarterdeck.store.duckdb.bodies.numbers import INDEX, body_key, first_of
from quarterdeck.store.duckdb.bodies.references import (
    ABSENT,
    BYTES,
    CHAINED,
    HOLDER_SHIFT,
    LIST,
    MAP,
    TEXT,
    list_body,
    map_body,
)
from quarterdeck.store.duckdb.bodies.window import CHARS_MIN, SHARED_MIN, PartState, Text, Texts, Window, best_base
from quarterdeck.store.duckdb.packing import pack

_PLAIN = frozenset({int, float, bool, type(None)})
_UTF8_MAX = 4
"""Bytes of one character at most."""
_NEVER_A_BODY = 9
"""A packed value times this is at least its `deep_size` (an integer of one byte counts nine)."""

Whose = tuple[str, str, int]
"""(project, owner, when the span started)."""

Bare = tuple[Attributes, Sequence[RawEvent], Sequence[RawLink], list[Any] | None]
"""Attributes, events and links with sizes in place of bodies, and the references (see references.py)."""


class BodyChunk(NamedTuple):
    """A body chunk, packed and not yet compressed, and of each body key in it: project, key, earliest start."""

    chunk_id: int
    data: bytes
    projects: list[str]
    keys: list[int]
    starts: list[int]


class PartBodies(NamedTuple):
    """The bodies of one part. `needs`: parts that must be committed before; `epoch`: see `Window.forget`."""

    part: int
    chunks: list[BodyChunk]
    state: PartState
    needs: frozenset[PartState]
    builds: bool
    epoch: int


class _Group:
    """The bodies of one body key in this part."""

    __slots__ = ("key", "records", "started_ns", "texts")

    def __init__(self, key: int, started_ns: int) -> None:
        self.key = key
        self.started_ns = started_ns
        self.records: list[tuple[Any, ...]] = []
        self.texts: Texts | None = None


class BodyWriter:
    """`settled_only`: build only on what is committed already. `chars_min`: from how many characters on a text is a body."""

    def __init__(
        self,
        window: Window,
        part: int,
        *,
        chars_min: int,
        settled_only: bool = False,
    ) -> None:
        self.part = part
        self.state = PartState()
        self._window = window
        self._chars_min = chars_min
        self._settled_only = settled_only
        self._next = first_of(part)
        self._projects: dict[str, dict[str, _Group]] = {}
        self._needs: set[PartState] = set()
        self._builds = False
        self._epoch = window.epoch

    def strip(self, span: Span, attributes: Attributes, events: Sequence[RawEvent], links: Sequence[RawLink]) -> Bare:
        """The maps of a span without its bodies, which go into this part."""
        refs: list[Any] = []
        whose = (span.project, span.session_id or span.trace_id, span.start_ns)
        attributes = self._strip(whose, attributes, 0, refs)
        if events or links:
            events = [
                event._replace(attributes=self._strip(whose, event.attributes, at, refs))
                for at, event in enumerate(events, 1)
            ]
            links = [
                link._replace(attributes=self._strip(whose, link.attributes, at, refs))
                for at, link in enumerate(links, 1 + len(events))
            ]
        return attributes, events, links, refs or None

    def strip_event(self, project: str, owner: str, event: RawEvent) -> tuple[Attributes, list[Any] | None]:
        """The same for an event that stands alone (a log)."""
        refs: list[Any] = []
        attributes = self._strip((project, owner, event.time_ns), event.attributes, 0, refs)
        return attributes, refs or None

    def _strip(self, whose: Whose, attributes: Attributes, holder: int, refs: list[Any]) -> Attributes:
        minimum, plain = self._chars_min, _PLAIN
        # All attributes of all spans pass here, so this is one comprehension and no call.
        long = [
            name
            for name, value in attributes.items()
            if (len(value) >= minimum if type(value) is str else type(value) not in plain)
        ]
        bare: Attributes | None = None
        texts: list[Any] = []
        for name in long:
            value = attributes[name]
            if type(value) is str:
                kind, text, left = TEXT, value, len(value) if value.isascii() else _utf8_size(value)
            else:
                found = _unusual(value, minimum)
                if found is None:
                    continue
                kind, text, left = found
            if bare is None:
                bare = attributes.copy()
                group = self._group(whose)
                if not refs:
                    refs += (group.key, self._next & INDEX)
            bare[name] = left
            code = holder << HOLDER_SHIFT | kind
            if len(text) >= CHARS_MIN:
                stored, root = self._chain(group, self._next + len(texts), name, text)
                texts.append(stored)
                refs += (code | CHAINED, root, name) if root else (code, name) if code else (name,)
                continue
            refs += (code, name) if code else (name,)
            if kind != ABSENT:
                texts.append(text)
        if bare is None:
            return attributes
        if texts:
            group.records.append((self._next, whose[2], texts))
            self._next += len(texts)
        return bare

    def _group(self, whose: Whose) -> _Group:
        project, owner, started_ns = whose
        groups = self._projects.get(project)
        if groups is None:
            groups = self._projects[project] = {}
        group = groups.get(owner)
        if group is None:
            group = groups[owner] = _Group(body_key(project, owner), started_ns)
        elif started_ns < group.started_ns:
            group.started_ns = started_ns
        return group

    def _chain(self, group: _Group, number: int, name: str, text: str) -> tuple[Any, int]:
        """What to store of a text, and the part in which its chain begins (0 = this one)."""
        texts = group.texts
        if texts is None:
            texts = group.texts = self._window.texts(group.key)
        base, shared = best_base(texts.get(name, []), text, settled_only=self._settled_only, own=self.state)
        depth, root = (1, self.part) if base is None else (base.depth + 1, base.root)
        if base is None or not shared == len(text) == len(base.text):
            held = Text(text, text[:SHARED_MIN], number, depth, root, self.state)
            self._window.put(texts, name, held, base, shared)
        if base is None:
            return text, 0
        self._note(base.state)
        return (text[shared:], base.number, shared), 0 if root == self.part else root

    def _note(self, base: PartState) -> None:
        if base is not self.state:
            self._builds = True
            if base.status != "committed":
                self._needs.add(base)

    def finish(self, *, chunk_bytes: int) -> PartBodies:
        """The chunks of this part."""
        self._window.shrink()
        chunks: list[BodyChunk] = []
        for groups, projects, starts in self._cut(chunk_bytes):
            keys = [key for key, _ in groups]
            chunks.append(BodyChunk(first_of(self.part) + len(chunks), pack(groups), projects, keys, starts))
        return PartBodies(self.part, chunks, self.state, frozenset(self._needs), self._builds, self._epoch)

    def _cut(self, chunk_bytes: int) -> Iterator[tuple[list[tuple[int, list[Any]]], list[str], list[int]]]:
        """Records by body key, with the project and the earliest start of each, a chunk at a time."""
        groups: list[tuple[int, list[Any]]] = []
        projects: list[str] = []
        starts: list[int] = []
        size = 0
        for project, group in ((name, group) for name, held in self._projects.items() for group in held.values()):
            for records, length in _pieces(group.records, chunk_bytes):
                groups.append((group.key, records))
                projects.append(project)
                starts.append(group.started_ns)
                size += length
                if size >= chunk_bytes:
                    yield groups, projects, starts
                    groups, projects, starts, size = [], [], [], 0
        if groups:
            yield groups, projects, starts


def _pieces(records: list[Any], chunk_bytes: int) -> list[tuple[list[Any], int]]:
    """Records of one key in pieces of about `chunk_bytes` characters, with their sizes; mostly one."""
    pieces: list[tuple[list[Any], int]] = []
    piece: list[Any] = []
    held = 0
    for record in records:
        piece.append(record)
        for stored in record[2]:
            held += len(stored) if stored.__class__ is str else len(stored[0])
        if held >= chunk_bytes:
            pieces.append((piece, held))
            piece, held = [], 0
    return [*pieces, (piece, held)] if piece else pieces


def _utf8_size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _unusual(value: Any, minimum: int) -> tuple[int, str, Any] | None:
    """(kind, body text, what stays in its place) of a list, a map, bytes or a mark; None for what stays as it is."""
    if value.__class__ is list and len(value) == 1 and value[0].__class__ is str:
        text = value[0]
        if len(text) * (1 if text.isascii() else _UTF8_MAX) < minimum - 4:
            return None  # finish reasons are in every model call
    if isinstance(value, Absent):
        return ABSENT, "", [value.reason, value.size]
    if isinstance(value, bytes):
        return (BYTES, value.decode("latin-1"), len(value)) if len(value) >= minimum else None
    return _nested(value, minimum) if isinstance(value, dict | list | tuple) else None


def _nested(value: Any, minimum: int) -> tuple[int, str, Any] | None:
    packed = pack(value)
    if len(packed) * _NEVER_A_BODY < minimum or (size := deep_size(value)) < minimum:
        return None
    if isinstance(value, dict):
        return MAP, map_body(packed), size
    return LIST, list_body(packed, len(value)), [size, len(value)]
