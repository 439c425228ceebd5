"""Documents and chains in the operational state: how things stand, and what was done.

Refuses: changing a record. A document is replaced by one statement, and only from what the writer had read when it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from quarterdeck.model.documents import Document, Head, Record

EMPTY = Head(0, "")
"""The head of a chain without records."""


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents. `states`, `topics`: () = all; times are ns, half open."""

    project: str
    kind: str
    states: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    since_ns: int | None = None
    until_ns: int | None = None


class DocumentStore(Protocol):
    """Documents by kind and id; the newest first."""

    def put_documents(self, documents: Sequence[Document]) -> None:
        """Write, replacing by (project, kind, id). Durable on return."""
        ...

    def get_document(self, project: str, kind: str, id: str) -> Document:
        """Raises NotFound."""
        ...

    def list_documents(
        self, where: DocumentFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Document], str | None]:
        """Newest `at_ns` first; the cursor of the next page, None at the end. Raises BadInput for a foreign cursor."""
        ...

    def drop_documents(self, project: str, kind: str, ids: Sequence[str]) -> int:
        """Remove; answers how many there were."""
        ...


class RecordStore(Protocol):
    """Chains of records."""

    def add_record(self, record: Record) -> bool:
        """Write a record and the chain's head as one. False: the chain does not end at the record before it (any more)."""
        ...

    def head_of(self, project: str, chain: str) -> Head:
        """EMPTY for a chain without records."""
        ...

    def read_records(
        self, project: str, chain: str, *, after_seq: int, limit: int, about: str | None = None
    ) -> Sequence[Record]:
        """In order."""
        ...
