"""Tombstones survive a restart, and hold no id."""

from __future__ import annotations

from pathlib import Path

from quarterdeck.model.erasure import Tombstone
from quarterdeck.store.sql.keys import SqlKeyStore
from quarterdeck.store.sql.tombstones import SqlTombstones


def test_tombstones_are_kept_finished_and_dropped(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    keys = SqlKeyStore(url)
    store = SqlTombstones(keys.engine)
    rows = [Tombstone(f"{n:016x}", "default", "trace", 10 + n) for n in range(1_200)]
    store.add_tombstones(rows)
    store.add_tombstones([Tombstone(rows[0].digest, "other", "session", 99), *rows[1:3]])
    assert list(store.tombstones()) == rows
    store.finish_tombstones([row.digest for row in rows[:700]], 5_000)
    keys.close()
    again = SqlKeyStore(url)
    store = SqlTombstones(again.engine)
    assert [row.finished_at_ns for row in store.tombstones()] == [5_000] * 700 + [None] * 500
    assert store.drop_tombstones([row.digest for row in rows[:1_199]] + ["unknown"]) == 1_199
    assert [row.digest for row in store.tombstones()] == [rows[-1].digest]
    store.add_tombstones([])
    store.finish_tombstones([], 1)
    again.close()
