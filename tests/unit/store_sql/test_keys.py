"""Access keys in a real SQLite file: secrets, lookup, use, revocation, threads and a second process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from quarterdeck.clock import FakeClock
from quarterdeck.errors import BadInput, BadSetting, DataFormatTooNew, NotFound, StoreFailed
from quarterdeck.store.sql import SqlKeyStore, SqlOptions, migrate
from quarterdeck.store.sql.engine import open_engine
from quarterdeck.store.sql.schema import metadata


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state.db'}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(url: str, clock: FakeClock):
    keys = SqlKeyStore(url, clock=clock)
    yield keys
    keys.close()


def test_a_new_key_is_found_by_its_secret_only(store: SqlKeyStore) -> None:
    key, secret = store.create_key("alpha", "ci")
    found = store.find_key(secret)
    assert found is not None
    assert (found.key_id, found.project, found.name) == (key.key_id, "alpha", "ci")
    assert store.find_key(secret[:-1] + ("A" if secret[-1] != "A" else "B")) is None
    assert store.find_key("") is None
    assert store.find_key("qd_" + "x" * 10_000) is None
    assert store.find_key("qd_\ud800") is None


def test_the_secret_has_256_bits_and_is_stored_as_its_hash_only(store: SqlKeyStore, tmp_path: Path) -> None:
    key, secret = store.create_key("alpha", "ci")
    assert secret.startswith("qd_")
    assert len(secret) == 3 + 43  # 32 bytes in base64url
    assert key.hash == sha256(secret.encode()).hexdigest()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.hash.encode() in on_disk
    assert secret.encode() not in on_disk


def test_secrets_differ(store: SqlKeyStore) -> None:
    assert len({store.create_key("p", "n")[1] for _ in range(20)}) == 20


def test_last_use_is_noted_at_most_once_a_minute(store: SqlKeyStore, clock: FakeClock) -> None:
    _, secret = store.create_key("alpha", "ci")
    assert store.list_keys()[0].last_used_ns is None
    store.find_key(secret)
    first = store.list_keys()[0].last_used_ns
    assert first == clock.now_ns()
    clock.advance(59)
    store.find_key(secret)
    assert store.list_keys()[0].last_used_ns == first
    clock.advance(1)
    store.find_key(secret)
    assert store.list_keys()[0].last_used_ns == clock.now_ns()


def test_a_revoked_key_is_not_found_and_stays_listed(store: SqlKeyStore, clock: FakeClock) -> None:
    key, secret = store.create_key("alpha", "ci")
    assert store.find_key(secret) is not None
    revoked = store.revoke_key(key.key_id)
    assert revoked.revoked_at_ns == clock.now_ns()
    assert store.find_key(secret) is None
    assert [k.revoked_at_ns for k in store.list_keys()] == [clock.now_ns()]


def test_revoking_twice_keeps_the_first_time(store: SqlKeyStore, clock: FakeClock) -> None:
    key, _ = store.create_key("alpha", "ci")
    first = store.revoke_key(key.key_id)
    clock.advance(10)
    assert store.revoke_key(key.key_id) == first


def test_revoking_an_unknown_key_says_so(store: SqlKeyStore) -> None:
    with pytest.raises(NotFound, match="nope"):
        store.revoke_key("nope")


def test_a_revocation_elsewhere_is_seen_when_the_cache_has_aged(url: str, store: SqlKeyStore, clock: FakeClock) -> None:
    key, secret = store.create_key("alpha", "ci")
    assert store.find_key(secret) is not None
    other = SqlKeyStore(url, clock=clock)
    other.revoke_key(key.key_id)
    other.close()
    clock.advance(SqlOptions().key_cache_s)
    assert store.find_key(secret) is None


def test_keys_are_listed_by_project(store: SqlKeyStore, clock: FakeClock) -> None:
    for project in ("alpha", "beta", "alpha"):
        store.create_key(project, "n")
        clock.advance(1)
    assert [k.project for k in store.list_keys()] == ["alpha", "beta", "alpha"]
    assert [k.project for k in store.list_keys("beta")] == ["beta"]
    assert list(store.list_keys("'; DROP TABLE api_key; --")) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\nb"])
def test_names_that_cannot_be_are_refused(store: SqlKeyStore, name: str) -> None:
    with pytest.raises(BadInput, match="printable"):
        store.create_key("alpha", name)
    with pytest.raises(BadInput, match="project"):
        store.create_key(name, "ci")


def test_threads_make_find_and_revoke_at_once(store: SqlKeyStore) -> None:
    def life(i: int) -> bool:
        key, secret = store.create_key(f"p{i % 3}", f"n{i}")
        found = store.find_key(secret)
        store.revoke_key(key.key_id)
        return found is not None and store.find_key(secret) is None

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(life, range(40)))
    assert len(store.list_keys()) == 40


def test_another_process_sees_the_key_while_the_file_is_open(url: str, store: SqlKeyStore) -> None:
    _, secret = store.create_key("alpha", "ci")
    code = "import sys; from quarterdeck.store.sql import SqlKeyStore as S; s = S(sys.argv[1]); print(s.find_key(sys.argv[2]).project); s.create_key('beta', 'cli'); s.close()"
    done = subprocess.run([sys.executable, "-c", code, url, secret], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "alpha"
    assert [k.project for k in store.list_keys()] == ["alpha", "beta"]


def test_the_file_is_in_wal_mode(store: SqlKeyStore, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "state.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_reopening_keeps_the_keys(url: str, clock: FakeClock) -> None:
    first = SqlKeyStore(url, clock=clock)
    _, secret = first.create_key("alpha", "ci")
    first.close()
    again = SqlKeyStore(url, clock=clock)
    assert again.find_key(secret) is not None
    again.close()


def test_migrations_make_exactly_the_declared_tables(url: str) -> None:
    engine = open_engine(url, SqlOptions())
    found = inspect(engine)
    for table in metadata.sorted_tables:
        assert {c["name"]: (str(c["type"]), c["nullable"]) for c in found.get_columns(table.name)} == {
            c.name: (str(c.type), c.nullable) for c in table.columns
        }
        assert {i["name"] for i in found.get_indexes(table.name)} == {i.name for i in table.indexes}
    assert set(found.get_table_names()) == {t.name for t in metadata.sorted_tables} | {"alembic_version"}
    engine.dispose()


def test_two_starters_at_once_both_come_up(url: str) -> None:
    def start(_: int) -> int:
        store = SqlKeyStore(url)
        n = len(store.list_keys())
        store.close()
        return n

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == [0, 0, 0, 0]


def test_a_state_of_a_newer_version_is_refused(url: str, tmp_path: Path) -> None:
    SqlKeyStore(url).close()
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(DataFormatTooNew, match="9999"):
        SqlKeyStore(url)


def test_an_address_nobody_understands_is_a_clear_error() -> None:
    with pytest.raises(BadSetting, match="SQLAlchemy address"):
        SqlKeyStore("not an address")
    with pytest.raises(BadSetting, match="oraclish"):
        SqlKeyStore("oraclish://host/db")


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="cannot be opened"):
        SqlKeyStore(f"sqlite:///{tmp_path / 'missing' / 'state.db'}")


def test_a_failure_of_the_engine_is_named(store: SqlKeyStore, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.execute("DROP TABLE api_key")
    connection.close()
    with pytest.raises(StoreFailed, match="did not answer"):
        store.list_keys()


def test_the_newest_revision_is_that_of_the_files() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).with_name("migrations")))
    assert scripts.get_heads() == [migrate.NEWEST]


def test_a_state_at_the_newest_revision_is_opened_without_alembic(url: str) -> None:
    """Its import is a tenth of a server's start; a fresh process shows what is loaded."""
    open_engine(url, SqlOptions()).dispose()
    code = (
        "import sys; from quarterdeck.store.sql.engine import open_engine; from quarterdeck.store.sql import SqlOptions;"
        f"open_engine({url!r}, SqlOptions()).dispose(); print('alembic' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "False"


def test_the_options_are_had_without_the_store() -> None:
    code = "import sys; from quarterdeck.store.sql import SqlOptions; print('sqlalchemy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "False"
