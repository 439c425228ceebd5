"""Bodies dropped by session, expired by age, and spans erased: the store's work beside the commits.

It takes the writer's lock for the time of one transaction, and the window forgets the sessions whose stored texts
changed. Refuses to drop what another session may need (`store.bodies.owners_to_drop`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import pyarrow as pa

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.runs import Run
from quarterdeck.store.duckdb import decisions as decided
from quarterdeck.store.duckdb.bodies.dropping import drop_bodies
from quarterdeck.store.duckdb.bodies.numbers import body_key
from quarterdeck.store.duckdb.database import Database, one
from quarterdeck.store.duckdb.erasing import erase
from quarterdeck.store.duckdb.inline import drop_owned, drop_started
from quarterdeck.store.duckdb.options import DuckDBOptions
from quarterdeck.store.duckdb.ownership import Chosen, chosen_sessions, owners_of
from quarterdeck.store.duckdb.raw_reader import wanted_table
from quarterdeck.store.duckdb.span_writer import SpanStore
from quarterdeck.store.interface import Erased
from quarterdeck.store.measures import check_limit
from quarterdeck.store.text import storable

_KEYS_AT_ONCE = 200
"""Sessions whose bodies expire in one transaction, so that commits do not wait long."""

_LOWEST = -(2**63)


class Upkeep:
    """`BodyStore` and the erasing half of `SpanKeeper`, over the database and beside the writer."""

    def __init__(self, database: Database, spans: SpanStore, options: DuckDBOptions) -> None:
        self._database = database
        self._spans = spans
        self._level = options.compression_level
        self._decisions = Lock()
        with database.reader() as cursor:
            (value,) = one(cursor, "SELECT value FROM meta WHERE key = 'inline_chunk_max'")
        self._inline_max = int(value)

    def undecided_runs(self, *, silent_since_ns: int, limit: int) -> Sequence[Run]:
        with self._database.reader() as cursor:
            return decided.undecided_runs(cursor, silent_since_ns=silent_since_ns, limit=limit)

    def decide_bodies(self, decisions: Sequence[BodyDecision]) -> None:
        with self._decisions, self._database.transaction() as cursor:
            decided.put_decisions(cursor, decisions)

    def body_decisions(self, project: str, session_keys: Sequence[str]) -> Mapping[str, BodyDecision]:
        with self._database.reader() as cursor:
            return decided.read_decisions(cursor, project, session_keys)

    def purge_bodies(self, *, decided_before_ns: int, limit: int) -> int:
        check_limit(limit)
        while True:
            with self._decisions:  # let go between two: who writes decisions must not wait for sessions without bodies
                with self._database.snapshot() as cursor:
                    chosen = chosen_sessions(cursor, decided_before_ns, limit)
                    owners = owners_of(cursor, chosen, decided_before_ns)
                if not chosen:
                    return 0
                gone = self._purge(chosen, owners)
            if gone:
                return gone

    def _purge(self, chosen: Sequence[Chosen], owners: Mapping[Chosen, set[str]]) -> int:
        named = {(session.project, owner) for session, found in owners.items() for owner in found}
        keys = {body_key(*owner) for owner in named}
        with self._dropping(keys) as cursor:
            gone = drop_bodies(cursor, keys, lambda _key, _record: True, level=self._level)
            gone += drop_owned(cursor, self._inline_max, named, level=self._level)
            cursor.register("gone_keys", pa.table({"body_key": pa.array(sorted(keys), pa.uint64())}))
            cursor.execute("INSERT INTO body_gone SELECT body_key FROM gone_keys ANTI JOIN body_gone USING (body_key)")
            for session in chosen:
                numbers = sorted(body_key(session.project, owner) for owner in owners[session])
                cursor.execute(
                    _MARK, [numbers, session.seen_ns, session.decision_key, session.session_key, session.project]
                )
        return gone

    def expire_bodies(self, project: str, *, before_ns: int) -> int:
        name = storable(project)
        gone = self._expire_inline(name, before_ns)
        while True:
            with self._database.reader() as cursor:
                rows = cursor.execute(_EXPIRED_KEYS, [name, before_ns, _KEYS_AT_ONCE]).fetchall()
            keys = {key for (key,) in rows}
            if not keys:
                return gone
            with self._dropping(keys) as cursor:
                gone += drop_bodies(cursor, keys, lambda _key, record: record.start_ns < before_ns, level=self._level)

    def _expire_inline(self, project: str, before_ns: int) -> int:
        """Note the time, and drop what format 1 kept in the rows; answers how many bodies went."""
        with self._spans.lock, self._database.transaction() as cursor:
            known = one(cursor, "SELECT before_ns FROM body_expiry WHERE project = ?", [project])
            since_ns = known[0] if known else _LOWEST
            if since_ns >= before_ns:
                return 0
            cursor.execute("INSERT OR REPLACE INTO body_expiry VALUES (?, ?)", [project, before_ns])
            return drop_started(cursor, self._inline_max, project, since_ns, before_ns, level=self._level)

    def erase_spans(self, project: str, keys: Sequence[tuple[str, str]]) -> Erased:
        wanted = wanted_table(keys)
        if wanted is None:
            return Erased(0, 0)
        touched: set[int] = set()
        with self._dropping(touched) as cursor:
            cursor.register("wanted_spans", wanted)
            erased, found = erase(cursor, storable(project), inline_max=self._inline_max, level=self._level)
            touched |= found
            cursor.execute(_PUT_META, ["erased_seq", str(self._spans.last_seq)])
        return erased

    @contextmanager
    def _dropping(self, keys: set[int]) -> Iterator[Any]:
        """A transaction in which bodies of these keys change; afterwards nothing new builds on their old form."""
        with self._spans.lock:
            with self._database.transaction() as cursor:
                yield cursor
                # A number must never come again for another text: rows may still refer to it.
                cursor.execute(_PUT_META, ["dropped_part", str(self._spans.parts.last_part)])
            self._spans.window.forget(keys)


_PUT_META = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
_MARK = """
UPDATE body_decision SET owners = CAST(? AS UBIGINT[]), seen_ns = ? WHERE decision_key = ? AND session_key = ? AND project = ?
"""
_EXPIRED_KEYS = "SELECT DISTINCT body_key FROM body_place WHERE project = ? AND started_min_ns < ? LIMIT ?"
