"""Documents and chains in SQL. A record and the chain's new head are one transaction.

Refuses: a record that does not follow the head, also from two processes at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from quarterdeck.errors import NotFound
from quarterdeck.model.documents import Document, Head, Record
from quarterdeck.store.cursors import decode_document_cursor, encode_document_cursor
from quarterdeck.store.documents import EMPTY, DocumentFilter
from quarterdeck.store.sql.failures import failures_named
from quarterdeck.store.sql.schema import document as documents
from quarterdeck.store.sql.schema import record as records
from quarterdeck.store.sql.schema import record_head as heads

_AT_ONCE = 500
"""Ids in one statement: engines bound the number of parameters."""


class SqlDocumentStore:
    """A `DocumentStore` and a `RecordStore` over an engine that `open_engine` opened; whoever opened it closes it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put_documents(self, documents_: Sequence[Document]) -> None:
        with failures_named(), self._engine.begin() as connection:
            for one in documents_:
                row = {**one._asdict(), "body": json.dumps(one.body, ensure_ascii=False, allow_nan=False)}
                connection.execute(delete(documents).where(_is(one.project, one.kind, one.id)))
                connection.execute(insert(documents).values(row))

    def get_document(self, project: str, kind: str, id: str) -> Document:
        with self._reading() as connection:
            row = connection.execute(select(documents).where(_is(project, kind, id))).one_or_none()
        if row is None:
            raise NotFound(f"no {kind} has the id {id!r} in project {project!r}")
        return _document(row)

    def list_documents(
        self, where: DocumentFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Document], str | None]:
        query = select(documents).where(*_matching(where))
        if cursor is not None:
            at_ns, id_ = decode_document_cursor(cursor)
            same = and_(documents.c.at_ns == at_ns, documents.c.id < id_)
            query = query.where(or_(documents.c.at_ns < at_ns, same))
        query = query.order_by(documents.c.at_ns.desc(), documents.c.id.desc()).limit(limit + 1)
        with self._reading() as connection:
            found = [_document(row) for row in connection.execute(query)]
        page = found[:limit]
        return page, encode_document_cursor(page[-1].at_ns, page[-1].id) if len(found) > limit else None

    def drop_documents(self, project: str, kind: str, ids: Sequence[str]) -> int:
        dropped = 0
        with failures_named(), self._engine.begin() as connection:
            for at in range(0, len(ids), _AT_ONCE):
                some = ids[at : at + _AT_ONCE]
                mine = and_(documents.c.project == project, documents.c.kind == kind, documents.c.id.in_(some))
                dropped += connection.execute(delete(documents).where(mine)).rowcount
        return dropped

    def add_record(self, record: Record) -> bool:
        with failures_named():
            try:
                with self._engine.begin() as connection:
                    if not _move_head(connection, record):
                        return False
                    connection.execute(insert(records).values(record._asdict()))
                    return True
            except IntegrityError:  # somebody else began the chain at this moment
                return False

    def head_of(self, project: str, chain: str) -> Head:
        with self._reading() as connection:
            row = connection.execute(select(heads.c.seq, heads.c.hash).where(_ends(project, chain))).one_or_none()
        return EMPTY if row is None else Head(row.seq, row.hash)

    def read_records(
        self, project: str, chain: str, *, after_seq: int, limit: int, about: str | None = None
    ) -> Sequence[Record]:
        where = [records.c.project == project, records.c.chain == chain, records.c.seq > after_seq]
        if about is not None:
            where.append(records.c.about == about)
        query = select(records).where(*where).order_by(records.c.seq).limit(limit)
        with self._reading() as connection:
            return [Record(**row._mapping) for row in connection.execute(query)]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with failures_named(), self._engine.connect() as connection:
            yield connection


def _move_head(connection: Connection, record: Record) -> bool:
    new = {"seq": record.seq, "hash": record.hash}
    if (record.seq, record.previous) == (1, EMPTY.hash):
        connection.execute(insert(heads).values(project=record.project, chain=record.chain, **new))
        return True
    here = and_(_ends(record.project, record.chain), heads.c.seq == record.seq - 1, heads.c.hash == record.previous)
    return connection.execute(update(heads).where(here).values(new)).rowcount == 1


def _is(project: str, kind: str, id: str) -> ColumnElement[bool]:
    return and_(documents.c.project == project, documents.c.kind == kind, documents.c.id == id)


def _ends(project: str, chain: str) -> ColumnElement[bool]:
    return and_(heads.c.project == project, heads.c.chain == chain)


def _matching(where: DocumentFilter) -> Iterator[ColumnElement[bool]]:
    yield documents.c.project == where.project
    yield documents.c.kind == where.kind
    if where.states:
        yield documents.c.state.in_(where.states)
    if where.topics:
        yield documents.c.topic.in_(where.topics)
    if where.since_ns is not None:
        yield documents.c.at_ns >= where.since_ns
    if where.until_ns is not None:
        yield documents.c.at_ns < where.until_ns


def _document(row: Any) -> Document:
    found = dict(row._mapping)
    return Document(**{**found, "body": json.loads(found["body"])})
