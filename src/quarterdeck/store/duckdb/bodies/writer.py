"""Takes the long values out of raw spans and makes body chunks of them: the part of `prepare` that is about bodies.

One `BodyWriter` serves one part and is used under the window's lock. What it leaves in a span's maps are sizes; the
references beside them say which body stands where. Refuses values that no attribute can hold (BadInput, from packing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from quarterdeck.model.raw import Absent, Attributes, RawEvent, RawLink, RawSpan
from quarterdeck.model.spans import Span
from quarterdeck.store.bodies import deep_size
from quarterdeck.store.duckdb.bodies.chunks import pack_chunk
from quarterdeck.store.duckdb.bodies.numbers import body_key, first_of
from quarterdeck.store.duckdb.bodies.references import ABSENT, BYTES, LIST, MAP, TEXT, list_body, map_body
from quarterdeck.store.duckdb.bodies.window import CHARS_MIN, SHARED_MIN, PartState, Text, Texts, Window, best_base
from quarterdeck.store.duckdb.packing import pack

_PLAIN = frozenset({int, float, bool, type(None)})
_NEVER_A_BODY = 9
"""A packed value times this is at least its `deep_size` (an integer of one byte counts nine)."""

Whose = tuple[str, str, int]
"""(project, owner, when the span started)."""

Bare = tuple[Attributes, Sequence[RawEvent], Sequence[RawLink], list[int] | None]
"""Attributes, events and links with sizes in place of bodies, and the references (see references.py)."""


class PendingBodies(NamedTuple):
    """A body chunk whose compression may still run, and (project, body key, earliest start) of what lies in it."""

    chunk_id: int
    data: Future[bytes]
    places: list[tuple[str, int, int]]


class PartBodies(NamedTuple):
    """The bodies of one part. `needs`: parts that must be committed before; `epoch`: see `Window.forget`."""

    part: int
    chunks: list[PendingBodies]
    state: PartState
    needs: frozenset[PartState]
    builds: bool
    epoch: int


class _Group:
    """The bodies of one body key in this part."""

    __slots__ = ("key", "project", "records", "texts")

    def __init__(self, project: str, key: int) -> None:
        self.project = project
        self.key = key
        self.records: list[tuple[int, int, int, int, str]] = []
        self.texts: Texts | None = None


class BodyWriter:
    """`settled_only`: build only on what is committed already. `chars_min`: from how many characters on a text is a body."""

    def __init__(
        self,
        window: Window,
        part: int,
        *,
        chars_min: int,
        window_chars_min: int = CHARS_MIN,
        settled_only: bool = False,
    ) -> None:
        self.part = part
        self.state = PartState()
        self._window = window
        self._chars_min = chars_min
        self._window_chars_min = window_chars_min
        self._settled_only = settled_only
        self._next = first_of(part)
        self._groups: dict[tuple[str, str], _Group] = {}
        self._needs: set[PartState] = set()
        self._builds = False
        self._epoch = window.epoch

    def strip(self, span: Span, raw: RawSpan) -> Bare:
        """The maps of a span without its bodies, which go into this part."""
        whose = (span.project, span.session_id or span.trace_id, span.start_ns)
        refs: list[int] = []
        attributes = self._strip(whose, raw.attributes, 0, refs)
        events: Sequence[RawEvent] = raw.events
        links: Sequence[RawLink] = raw.links
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

    def strip_event(self, project: str, owner: str, event: RawEvent) -> tuple[Attributes, list[int] | None]:
        """The same for an event that stands alone (a log)."""
        refs: list[int] = []
        attributes = self._strip((project, owner, event.time_ns), event.attributes, 0, refs)
        return attributes, refs or None

    def _strip(self, whose: Whose, attributes: Attributes, holder: int, refs: list[int]) -> Attributes:
        minimum = self._chars_min
        long = [
            place
            for place, value in enumerate(attributes.values())
            if (len(value) >= minimum if value.__class__ is str else value.__class__ not in _PLAIN)
        ]
        if not long:
            return attributes
        bare: Attributes | None = None
        names = list(attributes)
        for place in long:
            name = names[place]
            value = attributes[name]
            if value.__class__ is str:
                kind, text, left = TEXT, value, len(value) if value.isascii() else _utf8_size(value)
            else:
                found = _unusual(value, minimum)
                if found is None:
                    continue
                kind, text, left = found
            if bare is None:
                bare = dict(attributes)
            bare[name] = left
            if kind == ABSENT:
                refs += (holder, place << 3 | kind, 0, 0)
            else:
                refs += (holder, place << 3 | kind, *self._add(whose, name, text))
        return attributes if bare is None else bare

    def _add(self, whose: Whose, name: str, text: str) -> tuple[int, int]:
        """Store one text; answers its number within the part and the part in which its chain begins (0 = this one)."""
        project, owner, start_ns = whose
        group = self._groups.get((project, owner))
        if group is None:
            group = self._groups[project, owner] = _Group(project, body_key(project, owner))
        number = self._next
        self._next = number + 1
        if len(text) < self._window_chars_min:
            group.records.append((number, 0, 0, start_ns, text))
            return number - first_of(self.part), 0
        root = self._chain(group, number, start_ns, name, text)
        return number - first_of(self.part), 0 if root == self.part else root

    def _chain(self, group: _Group, number: int, start_ns: int, name: str, text: str) -> int:
        """Store a text as what it adds to the best base; answers the part in which its chain begins."""
        texts = group.texts
        if texts is None:
            texts = group.texts = self._window.texts(group.key)
        base, shared = best_base(texts.get(name, []), text, settled_only=self._settled_only, own=self.state)
        if base is None:
            group.records.append((number, 0, 0, start_ns, text))
            depth, root = 1, self.part
        else:
            group.records.append((number, base.number, shared, start_ns, text[shared:]))
            depth, root = base.depth + 1, base.root
            self._note(base.state)
            if shared == len(text) == len(base.text):
                return root
        held = Text(text, text[:SHARED_MIN], number, depth, root, self.state)
        self._window.put(texts, name, held, base, shared)
        return root

    def _note(self, base: PartState) -> None:
        if base is not self.state:
            self._builds = True
            if base.status != "committed":
                self._needs.add(base)

    def finish(self, compress: Callable[[bytes], Future[bytes]], *, chunk_bytes: int) -> PartBodies:
        """The chunks of this part; `compress` starts the compression of one."""
        self._window.shrink()
        chunks = [
            PendingBodies(first_of(self.part) + at, compress(pack_chunk(groups)), places)
            for at, (groups, places) in enumerate(self._cut(chunk_bytes))
        ]
        return PartBodies(self.part, chunks, self.state, frozenset(self._needs), self._builds, self._epoch)

    def _cut(self, chunk_bytes: int) -> Iterator[tuple[list[tuple[int, list[Any]]], list[tuple[str, int, int]]]]:
        groups: list[tuple[int, list[Any]]] = []
        places: list[tuple[str, int, int]] = []
        size = 0
        for group in self._groups.values():
            for records, length in _pieces(group.records, chunk_bytes):
                groups.append((group.key, records))
                places.append((group.project, group.key, min([record[3] for record in records])))
                size += length
                if size >= chunk_bytes:
                    yield groups, places
                    groups, places, size = [], [], 0
        if groups:
            yield groups, places


def _pieces(records: list[Any], chunk_bytes: int) -> list[tuple[list[Any], int]]:
    """Records of one key in pieces of about `chunk_bytes` characters, with their sizes; mostly one."""
    size = sum([len(record[4]) for record in records])
    if size <= chunk_bytes:
        return [(records, size)]
    pieces: list[tuple[list[Any], int]] = []
    piece: list[Any] = []
    held = 0
    for record in records:
        piece.append(record)
        held += len(record[4])
        if held >= chunk_bytes:
            pieces.append((piece, held))
            piece, held = [], 0
    return [*pieces, (piece, held)] if piece else pieces


def _utf8_size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _unusual(value: Any, minimum: int) -> tuple[int, str, Any] | None:
    """(kind, body text, what stays in its place) of a list, a map, bytes or a mark; None for what stays as it is."""
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
