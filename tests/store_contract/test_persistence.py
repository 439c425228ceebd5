"""What must outlive the store object, the process, and its sudden end. For engines that persist."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pytest

from quarterdeck.clock import FakeClock
from quarterdeck.errors import DataDirInUse, DataFormatTooNew, StoreFailed
from quarterdeck.model.reports import Rejection
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.duckdb.schema import DATA_FORMAT, prepare
from quarterdeck.store.interface import Batch, RunFilter, TelemetryStore

from .builders import START_NS, make_pair, make_run, span_id, trace_id

Place = Callable[[], AbstractContextManager[TelemetryStore]]
SPANS_PER_COMMIT = 40


def test_everything_is_there_after_opening_again(place: Place) -> None:
    pairs = [make_pair(1, n, raw={"attributes": {"n": n}}) for n in range(1, 10)]
    rejected = Rejection("default", START_NS, "bad_id", "detail")
    with place() as store:
        first = store.commit(Batch(pairs, rejections=[rejected]))
        store.put_runs([make_run(1, agent="a")], [], settled_seq=first)
    with place() as store:
        assert store.load_traces([("default", trace_id(1))])["default", trace_id(1)] == [span for span, _ in pairs]
        key = (trace_id(1), span_id(4))
        assert store.spans_raw("default", [key])[key].attributes == {"n": 4}
        assert store.get_run("default", "run-00001") == make_run(1, agent="a")
        assert [row.keys["agent"] for row in store.cohorts("default", START_NS, START_NS + 1, ["agent"], limit=2)] == [
            "a"
        ]
        assert store.rejections("default", cursor=None, limit=5).items == [rejected]
        assert store.coverage("default")[0]["spans"] == 9
        assert store.counts()["bytes_on_disk"] > 0


def test_numbers_go_on_rising_after_opening_again(place: Place) -> None:
    with place() as store:
        first = store.commit(Batch([make_pair(1, 1, raw={"attributes": {"at": "first"}})]))
    with place() as store:
        second = store.commit(Batch([make_pair(1, 2, raw={"attributes": {"at": "second"}})]))
        assert second > first
        keys = [(trace_id(1), span_id(1)), (trace_id(1), span_id(2))]
        assert [store.spans_raw("default", keys)[key].attributes["at"] for key in keys] == ["first", "second"]


def test_unsettled_after_opening_again_are_what_was_not_settled(place: Place) -> None:
    with place() as store:
        first = store.commit(Batch([make_pair(1, 1), make_pair(2, 1)]))
        store.put_runs([], [], settled_seq=first)
        store.commit(Batch([make_pair(2, 2), make_pair(3, 1)]))
    with place() as store:
        assert sorted(store.unsettled()) == [("default", trace_id(2)), ("default", trace_id(3))]


def writer(folder: Path) -> None:
    """The child: commits without end, and says each sequence number once it is acknowledged."""
    store = DuckDBStore(folder / "telemetry.duckdb", options=OPTIONS, clock=FakeClock())
    number = len(store.load_traces([("default", trace_id(1))]).get(("default", trace_id(1)), ()))
    while True:
        spans = range(number + 1, number + 1 + SPANS_PER_COMMIT)
        seq = store.commit(Batch([make_pair(1, n, raw={"attributes": {"n": n}}) for n in spans]))
        store.put_runs([make_run(n) for n in spans], [], settled_seq=seq)
        number += SPANS_PER_COMMIT
        print(number, flush=True)


# A small threshold, so that kills also fall into checkpoints.
OPTIONS = DuckDBOptions(checkpoint_threshold_bytes=1_000_000, chunk_bytes=16_000)
_CHILD = "import sys, pathlib, {module} as m; m.writer(pathlib.Path(sys.argv[1]))"


def killed_after(folder: Path, commits: int) -> int:
    """Run the child until it has acknowledged so many commits, then kill it; the last number it acknowledged."""
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", _CHILD.format(module="tests.store_contract.test_persistence"), str(folder)]
    environment = os.environ | {"PYTHONPATH": root}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root) as child:
        assert child.stdout is not None
        for _ in range(commits):
            assert child.stdout.readline().strip(), "the writer ended before it was killed"
        os.kill(child.pid, signal.SIGKILL)
        # What it had said before it died counts as acknowledged as well.
        rest = child.stdout.read().split("\n")
    said = [int(line) for line in rest[:-1] if line]
    return said[-1] if said else 0


def test_kill_9_loses_nothing_acknowledged_and_doubles_nothing(tmp_path: Path) -> None:
    acknowledged = 0
    for commits in (1, 4, 9):
        before = acknowledged
        acknowledged = max(killed_after(tmp_path, commits), before + commits * SPANS_PER_COMMIT)
        store = DuckDBStore(tmp_path / "telemetry.duckdb", options=OPTIONS, clock=FakeClock())
        spans = store.load_traces([("default", trace_id(1))])["default", trace_id(1)]
        numbers = [int(span.span_id, 16) for span in spans]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= acknowledged
        assert len(numbers) % SPANS_PER_COMMIT == 0
        keys = [(span.trace_id, span.span_id) for span in spans]
        raws = store.spans_raw("default", keys)
        assert [raws[key].attributes["n"] for key in keys] == numbers
        runs = store.count_runs(RunFilter("default"))
        assert runs >= acknowledged
        assert runs == sum(minute.runs for minute in store.fleet("default", 0, 2 * START_NS).minutes)
        acknowledged = len(numbers)
        store.close()


def test_a_file_held_by_this_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    first = DuckDBStore(path, options=OPTIONS, clock=FakeClock())
    with pytest.raises(DataDirInUse, match=rf"held by the process with id {os.getpid()}.*--data-dir"):
        DuckDBStore(path, options=OPTIONS, clock=FakeClock())
    first.commit(Batch([make_pair()]))
    first.close()
    first.close()
    again = DuckDBStore(path, options=OPTIONS, clock=FakeClock())
    assert again.counts()["spans"] == 1
    again.close()


def test_a_file_held_by_another_process_is_refused_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    DuckDBStore(path, options=OPTIONS, clock=FakeClock()).close()
    # A plain DuckDB client takes no lock file of ours, only DuckDB's own lock.
    code = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(DataDirInUse, match=rf"\b{other.pid}\b"):
            DuckDBStore(path, options=OPTIONS, clock=FakeClock())
        other.communicate("")
    DuckDBStore(path, options=OPTIONS, clock=FakeClock()).close()


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    DuckDBStore(path, options=OPTIONS, clock=FakeClock()).close()
    set_format(path, DATA_FORMAT + 1)
    with pytest.raises(DataFormatTooNew, match=f"format {DATA_FORMAT + 1}"):
        DuckDBStore(path, options=OPTIONS, clock=FakeClock())
    set_format(path, DATA_FORMAT)
    DuckDBStore(path, options=OPTIONS, clock=FakeClock()).close()


def test_an_older_format_is_migrated_step_by_step(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute("CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR)")
        connection.execute("INSERT INTO meta VALUES ('data_format', ?)", [str(DATA_FORMAT - 2)])
        steps = {
            DATA_FORMAT - 2: lambda cursor: cursor.execute("CREATE TABLE first (n INTEGER)"),
            DATA_FORMAT - 1: lambda cursor: cursor.execute("INSERT INTO first VALUES (7)"),
        }
        prepare(connection, created_at_ns=0, migrations=steps)
        assert connection.execute("SELECT n FROM first").fetchall() == [(7,)]
        found = connection.execute("SELECT value FROM meta WHERE key = 'data_format'").fetchall()
        assert found == [(str(DATA_FORMAT),)]


def set_format(path: Path, version: int) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'data_format'", [str(version)])


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE accounts (n INTEGER)")
    with pytest.raises(StoreFailed, match="something else"):
        DuckDBStore(path, options=OPTIONS, clock=FakeClock())


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreFailed, match="cannot be opened"):
        DuckDBStore(path, options=OPTIONS, clock=FakeClock())


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreFailed, match="not writable"):
        DuckDBStore(tmp_path / "file" / "telemetry.duckdb", options=OPTIONS, clock=FakeClock())


def test_readers_and_both_writers_work_at_once_and_see_whole_commits(place: Place) -> None:
    with place() as store:
        seen: list[int] = []
        done = threading.Event()
        errors: list[BaseException] = []

        def read() -> None:
            while not done.is_set():
                seen.append(len(store.load_traces([("default", trace_id(1))]).get(("default", trace_id(1)), ())))
                fleet = store.fleet("default", 0, 2 * START_NS)
                if fleet.runs % 10 or fleet.runs != sum(fleet.lifecycle.values()):
                    errors.append(AssertionError(f"half a write: {fleet}"))

        def settle() -> None:
            for _ in range(6):
                store.put_runs([make_run(n) for n in range(10)], [], settled_seq=0)
                store.put_runs([make_run(n + 10) for n in range(10)], [], settled_seq=0)

        def guarded(work: Callable[[], None]) -> None:
            try:
                work()
            except BaseException as error:
                errors.append(error)

        readers = [threading.Thread(target=guarded, args=(read,)) for _ in range(2)]
        settler = threading.Thread(target=guarded, args=(settle,))
        for thread in (*readers, settler):
            thread.start()
        for batch in range(12):
            store.commit(Batch([make_pair(1, batch * 5 + n) for n in range(1, 6)]))
        settler.join()
        done.set()
        for thread in readers:
            thread.join()
        assert errors == []
        assert seen
        assert all(count % 5 == 0 for count in seen)
        assert store.counts()["spans"] == 60
        assert store.counts()["runs"] == 20
