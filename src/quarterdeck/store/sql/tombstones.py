"""Tombstones in SQL: so that what was erased stays away after a restart too.

Refuses: ids. Only keyed hashes come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from quarterdeck.errors import StoreFailed
from quarterdeck.model.erasure import Tombstone
from quarterdeck.store.sql.schema import tombstone

_STEP = 500
"""Digests in one statement: databases bound the number of parameters."""


class SqlTombstones:
    """A `TombstoneStore` over an engine that `open_engine` opened; whoever opened it closes it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        latest = {row.digest: row for row in tombstones}
        with self._writing() as connection:
            for step in _steps(list(latest)):
                found = connection.execute(select(tombstone.c.digest).where(tombstone.c.digest.in_(step)))
                known = set(found.scalars())
                new = [_values(latest[digest]) for digest in step if digest not in known]
                if new:
                    connection.execute(insert(tombstone), new)

    def tombstones(self) -> Sequence[Tombstone]:
        query = select(tombstone).order_by(tombstone.c.erased_at_ns, tombstone.c.digest)
        with _failures_named(), self._engine.connect() as connection:
            return [
                Tombstone(row.digest, row.project, row.kind, row.erased_at_ns, row.finished_at_ns)
                for row in connection.execute(query)
            ]

    def finish_tombstones(self, digests: Sequence[str], at_ns: int) -> None:
        with self._writing() as connection:
            for step in _steps(digests):
                connection.execute(update(tombstone).where(tombstone.c.digest.in_(step)).values(finished_at_ns=at_ns))

    def drop_tombstones(self, digests: Sequence[str]) -> int:
        with self._writing() as connection:
            return sum(
                connection.execute(delete(tombstone).where(tombstone.c.digest.in_(step))).rowcount
                for step in _steps(digests)
            )

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _failures_named(), self._engine.begin() as connection:
            yield connection


def _steps(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(digests), _STEP):
        yield digests[start : start + _STEP]


def _values(row: Tombstone) -> dict[str, object]:
    return {name: getattr(row, name) for name in ("digest", "project", "kind", "erased_at_ns", "finished_at_ns")}


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        msg = f"the operational state did not answer: {error.orig}"
        raise StoreFailed(msg) from error
