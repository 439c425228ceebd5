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
from quarterdeck.store.duckdb.bodies.numbers import PART_SHIFT, body_key, first_of
from quarterdeck.store.duckdb.bodies.references import ABSENT, BYTES, LIST, MAP, TEXT, list_body, map_body
from quarterdeck.store.duckdb.bodies.window import CHARS_MIN, SHARED_MIN, PartState, Text, Texts, Window, best_base
from quarterdeck.store.duckdb.packing import pack

_INDEX = (1 << PART_SHIFT) - 1
_PLAIN = frozenset({int, float, bool, type(None)})
_NEVER_A_BODY = 9
"""A packed value times this is at least its `deep_size` (an integer of one byte counts nine)."""

Whose = tuple[str, str, int]
"""(project, owner, when the span started)."""

Bare = tuple[Attributes, Sequence[RawEvent], Sequence[RawLink], list[int] | None]
"""Attributes, events and links with sizes in place of bodies, and the references (see references.py)."""


class PendingBodies(NamedTuple):
    """A body chunk whose compression may still run, and of each body key in it: project, key, earliest start."""

    chunk_id: int
    data: Future[bytes]
    projects: list[str]
    keys: list[int]
    starts: list[int]


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

    __slots__ = ("key", "project", "records", "started_ns", "texts")

    def __init__(self, project: str, key: int, started_ns: int) -> None:
        self.project = project
        self.key = key
        self.started_ns = started_ns
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
        settled_only: bool = False,
    ) -> None:
        self.part = part
        self.state = PartState()
        self._window = window
        self._chars_min = chars_min
        self._settled_only = settled_only
        self._next = first_of(part)
        self._groups: dict[tuple[str, str], _Group] = {}
        self._needs: set[PartState] = set()
        self._builds = False
        self._epoch = window.epoch

    def strip(self, span: Span, raw: RawSpan) -> Bare:
        """The maps of a span without its bodies, which go into this part."""
        attributes, events, links = raw.attributes, raw.events, raw.links
        refs: list[int] = []
        whose: Whose | None = None
        long = self._long(attributes)
        if long:
            whose = (span.project, span.session_id or span.trace_id, span.start_ns)
            attributes = self._strip(whose, attributes, long, 0, refs)
        if events or links:
            whose = whose or (span.project, span.session_id or span.trace_id, span.start_ns)
            return attributes, *self._strip_rest(whose, events, links, refs), refs or None
        return attributes, events, links, refs or None

    def _strip_rest(
        self, whose: Whose, events: Sequence[RawEvent], links: Sequence[RawLink], refs: list[int]
    ) -> tuple[Sequence[RawEvent], Sequence[RawLink]]:
        bare_events, bare_links = [], []
        for at, event in enumerate(events, 1):
            held = event.attributes
            bare_events.append(event._replace(attributes=self._strip(whose, held, self._long(held), at, refs)))
        for at, link in enumerate(links, 1 + len(events)):
            held = link.attributes
            bare_links.append(link._replace(attributes=self._strip(whose, held, self._long(held), at, refs)))
        return bare_events, bare_links

    def strip_event(self, project: str, owner: str, event: RawEvent) -> tuple[Attributes, list[int] | None]:
        """The same for an event that stands alone (a log)."""
        refs: list[int] = []
        held = event.attributes
        attributes = self._strip((project, owner, event.time_ns), held, self._long(held), 0, refs)
        return attributes, refs or None

    def _long(self, attributes: Attributes) -> list[tuple[int, str]]:
        """Places and names of what may be a body. All attributes of all spans pass here."""
        minimum, plain = self._chars_min, _PLAIN
        return [
            (place, name)
            for place, (name, value) in enumerate(attributes.items())
            if (len(value) >= minimum if (kind := value.__class__) is str else kind not in plain)
        ]

    def _strip(
        self, whose: Whose, attributes: Attributes, long: list[tuple[int, str]], holder: int, refs: list[int]
    ) -> Attributes:
        bare: Attributes | None = None
        for place, name in long:
            value = attributes[name]
            if value.__class__ is str:
                kind, text, left = TEXT, value, len(value) if value.isascii() else _utf8_size(value)
            else:
                found = _unusual(value, self._chars_min)
                if found is None:
                    continue
                kind, text, left = found
            if bare is None:
                bare = attributes.copy()
                group = self._group(whose)
                records = group.records
                if not refs:
                    refs.append(group.key)
            bare[name] = left
            number = self._next
            root = 0
            if kind != ABSENT:
                self._next = number + 1
                if len(text) < CHARS_MIN:
                    records.append((number, 0, 0, whose[2], text))
                else:
                    root = self._chain(group, number, whose[2], name, text)
            refs += (holder, place << 3 | kind, number & _INDEX, root)
        return attributes if bare is None else bare

    def _group(self, whose: Whose) -> _Group:
        project, owner, started_ns = whose
        group = self._groups.get((project, owner))
        if group is None:
            group = self._groups[project, owner] = _Group(project, body_key(project, owner), started_ns)
        elif started_ns < group.started_ns:
            group.started_ns = started_ns
        return group

    def _chain(self, group: _Group, number: int, start_ns: int, name: str, text: str) -> int:
        """Store a text as what it adds to the best base; answers the part in which its chain begins (0 = this one)."""
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
                return 0 if root == self.part else root
        held = Text(text, text[:SHARED_MIN], number, depth, root, self.state)
        self._window.put(texts, name, held, base, shared)
        return 0 if root == self.part else root

    def _note(self, base: PartState) -> None:
        if base is not self.state:
            self._builds = True
            if base.status != "committed":
                self._needs.add(base)

    def finish(self, compress: Callable[[bytes], Future[bytes]], *, chunk_bytes: int) -> PartBodies:
        """The chunks of this part; `compress` starts the compression of one."""
        self._window.shrink()
        chunks: list[PendingBodies] = []
        for groups, projects, starts in self._cut(chunk_bytes):
            data = compress(pack_chunk(groups))
            keys = [key for key, _ in groups]
            chunks.append(PendingBodies(first_of(self.part) + len(chunks), data, projects, keys, starts))
        return PartBodies(self.part, chunks, self.state, frozenset(self._needs), self._builds, self._epoch)

    def _cut(self, chunk_bytes: int) -> Iterator[tuple[list[tuple[int, list[Any]]], list[str], list[int]]]:
        """Records by body key, with the project and the earliest start of each, a chunk at a time."""
        groups: list[tuple[int, list[Any]]] = []
        projects: list[str] = []
        starts: list[int] = []
        size = 0
        for group in self._groups.values():
            for records, length in _pieces(group.records, chunk_bytes):
                groups.append((group.key, records))
                projects.append(group.project)
                starts.append(group.started_ns)
                size += length
                if size >= chunk_bytes:
                    yield groups, projects, starts
                    groups, projects, starts, size = [], [], [], 0
        if groups:
            yield groups, projects, starts


def _pieces(records: list[Any], chunk_bytes: int) -> list[tuple[list[Any], int]]:
    """Records of one key in pieces of about `chunk_bytes` characters, with their sizes; mostly one."""
    size = 0
    for record in records:
        size += len(record[4])
    if size <= chunk_bytes:
        return [(records, size)] if records else []
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
    if value.__class__ is list and len(value) == 1 and value[0].__class__ is str and len(value[0]) < minimum - 4:
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
