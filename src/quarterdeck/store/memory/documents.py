"""Documents and chains in memory, for tests: as the SQL store answers, gone with the process."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from quarterdeck.errors import NotFound
from quarterdeck.model.documents import Document, Head, Record
from quarterdeck.store.cursors import decode_document_cursor, encode_document_cursor
from quarterdeck.store.documents import EMPTY, DocumentFilter


class MemoryDocumentStore:
    """A `DocumentStore` and a `RecordStore`."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str, str], Document] = {}
        self._chains: dict[tuple[str, str], list[Record]] = {}
        self._lock = Lock()

    def put_documents(self, documents: Sequence[Document]) -> None:
        with self._lock:
            self._documents.update({(one.project, one.kind, one.id): one for one in documents})

    def get_document(self, project: str, kind: str, id: str) -> Document:
        with self._lock:
            found = self._documents.get((project, kind, id))
        if found is None:
            raise NotFound(f"no {kind} has the id {id!r} in project {project!r}")
        return found

    def list_documents(
        self, where: DocumentFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Document], str | None]:
        with self._lock:
            found = sorted((one for one in self._documents.values() if _matches(one, where)), key=_place, reverse=True)
        if cursor is not None:
            after = decode_document_cursor(cursor)
            found = [one for one in found if _place(one) < after]
        page = found[:limit]
        return page, encode_document_cursor(*_place(page[-1])) if len(found) > limit else None

    def drop_documents(self, project: str, kind: str, ids: Sequence[str]) -> int:
        with self._lock:
            return sum(self._documents.pop((project, kind, id), None) is not None for id in dict.fromkeys(ids))

    def add_record(self, record: Record) -> bool:
        with self._lock:
            chain = self._chains.setdefault((record.project, record.chain), [])
            head = Head(chain[-1].seq, chain[-1].hash) if chain else EMPTY
            if (record.seq - 1, record.previous) != head:
                return False
            chain.append(record)
            return True

    def head_of(self, project: str, chain: str) -> Head:
        with self._lock:
            records = self._chains.get((project, chain))
            return Head(records[-1].seq, records[-1].hash) if records else EMPTY

    def read_records(
        self, project: str, chain: str, *, after_seq: int, limit: int, about: str | None = None
    ) -> Sequence[Record]:
        with self._lock:
            records = list(self._chains.get((project, chain), ()))
        return [one for one in records if one.seq > after_seq and about in (None, one.about)][:limit]


def _place(document: Document) -> tuple[int, str]:
    return document.at_ns, document.id


def _matches(one: Document, where: DocumentFilter) -> bool:
    return (
        (one.project, one.kind) == (where.project, where.kind)
        and (not where.states or one.state in where.states)
        and (not where.topics or one.topic in where.topics)
        and (where.since_ns is None or one.at_ns >= where.since_ns)
        and (where.until_ns is None or one.at_ns < where.until_ns)
    )
