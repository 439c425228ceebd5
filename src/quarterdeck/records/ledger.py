"""Acts written to a chain, one after the other, from any number of threads and processes.

Refuses: to write past a record that it has not seen. Whoever comes second seals anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quarterdeck.errors import StoreFailed
from quarterdeck.model.documents import Record
from quarterdeck.records.chain import Broken, seal, verify
from quarterdeck.store.documents import RecordStore

_TRIES = 50
"""Each lost try means that somebody else's record was written."""
_PAGE = 500


class Ledger:
    """The records of one chain (`incidents`, `oncall`, `features`), in every project."""

    def __init__(self, store: RecordStore, chain: str) -> None:
        self._store = store
        self.chain = chain

    def add(self, project: str, *, kind: str, about: str, by: str, body: Mapping[str, Any], at_ns: int) -> Record:
        """Durable on return. Raises BadInput for a body that is no JSON, StoreFailed."""
        for _ in range(_TRIES):
            head = self._store.head_of(project, self.chain)
            record = seal(project, self.chain, head, kind=kind, about=about, by=by, body=body, at_ns=at_ns)
            if self._store.add_record(record):
                return record
        raise StoreFailed(f"the chain {self.chain!r} moved {_TRIES} times while a record was written")

    def read(self, project: str, about: str | None = None) -> Iterator[Record]:
        """In order; `about` one thing only."""
        after = 0
        while page := self._store.read_records(project, self.chain, after_seq=after, limit=_PAGE, about=about):
            yield from page
            after = page[-1].seq

    def verify(self, project: str) -> Broken | None:
        """The first thing that does not hold in the whole chain."""
        return verify(self.read(project), self._store.head_of(project, self.chain))
