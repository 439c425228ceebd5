"""The open file: one owner process, cursors for readers, transactions for the writers.

Refuses a file that another process (or another store of this one) holds: DataDirInUse names the holder.
Every error of DuckDB leaves this room as one of `quarterdeck.errors`.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import IO, Any

import duckdb

from quarterdeck.clock import Clock
from quarterdeck.errors import DataDirInUse, DataFormatTooNew, StoreFailed
from quarterdeck.store.duckdb.options import DuckDBOptions
from quarterdeck.store.duckdb.schema import prepare

_CLOSE_WAIT_S = 3.0
_CATALOG = "deck"


def one(cursor: Any, sql: str, values: Sequence[Any] = ()) -> Any:
    """The first row, or None. Reads the result to its end: DuckDB counts a cursor with rows left as in use."""
    rows = cursor.execute(sql, values).fetchall()
    return rows[0] if rows else None


class Database:
    """Opens `path` (made when missing). Raises DataDirInUse, DataFormatTooNew, StoreFailed."""

    def __init__(self, path: Path, options: DuckDBOptions, clock: Clock) -> None:
        self.path = path
        self._changed = Condition()
        self._cursors: set[Any] = set()
        self._closed = False
        self._holder = _hold(path)
        try:
            self._connection = _connect(path, options)
            try:
                with self.transaction() as cursor:
                    prepare(cursor, created_at_ns=clock.now_ns())
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            self._holder.close()
            raise

    @contextmanager
    def reader(self) -> Iterator[Any]:
        """A cursor of its own, closed at the end: sees only what was committed, waits for no writer."""
        with _translated():
            cursor = self._new_cursor()
            try:
                yield cursor
            finally:
                cursor.close()
                with self._changed:
                    self._cursors.discard(cursor)
                    self._changed.notify_all()

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        """A reader whose statements all see the same moment."""
        with self.reader() as cursor:
            cursor.begin()
            try:
                yield cursor
            finally:
                cursor.rollback()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A cursor inside a transaction: committed at the end, rolled back when the body raises."""
        with self.reader() as cursor:
            cursor.begin()
            try:
                yield cursor
                cursor.commit()
            except BaseException:
                _give_up(cursor)
                raise

    def bytes_on_disk(self) -> int:
        """The file and its write-ahead log."""
        files = (self.path, self.path.with_name(self.path.name + ".wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Fold the log into the file and let go of it. A second call does nothing.

        A statement that is still running is interrupted: DuckDB does not close under one.
        """
        with self._changed:
            self._closed = True
            for cursor in self._cursors:
                cursor.interrupt()
            self._changed.wait_for(lambda: not self._cursors, timeout=_CLOSE_WAIT_S)
            self._connection.close()
        self._holder.close()

    def _new_cursor(self) -> Any:
        # Cursors are made from one connection by many threads; making one is not promised to be thread-safe.
        with self._changed:
            if self._closed:
                raise StoreFailed("the store is closed")
            cursor = self._connection.cursor()
            cursor.execute(f"USE {_CATALOG}")
            self._cursors.add(cursor)
            return cursor


def _connect(path: Path, options: DuckDBOptions) -> Any:
    config = {
        "threads": options.threads,
        "memory_limit": f"{options.memory_limit_bytes}B",
        "checkpoint_threshold": f"{options.checkpoint_threshold_bytes}B",
        "preserve_insertion_order": False,
        # Nothing is ever fetched from the network, not even by a mistyped function name.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        return _attached(path, config, options.row_group_rows)
    except duckdb.Error as error:
        raise _opening_error(path, str(error)) from error


def _attached(path: Path, config: dict[str, Any], row_group_rows: int) -> Any:
    """A connection with the file attached: only ATTACH lets one choose the size of a row group."""
    connection = duckdb.connect(":memory:", config=config)
    try:
        name = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{name}' AS {_CATALOG} (ROW_GROUP_SIZE {row_group_rows})")
    except BaseException:
        connection.close()
        raise
    return connection


def _opening_error(path: Path, message: str) -> Exception:
    if "lock" in message.lower():
        pid = re.search(r"PID (\d+)", message)
        return _in_use(path, pid.group(1) if pid else "unknown")
    if "newer version" in message or "version number" in message:
        return DataFormatTooNew(f"{path} was written by a newer DuckDB", mend="install the newer quarterdeck")
    return StoreFailed(f"{path} cannot be opened: {message}", mend="restore it from a backup, or choose another folder")


def _hold(path: Path) -> IO[str]:
    """Lock `<file>.lock` and write our process id in it. The kernel lets go of it however the process ends.

    DuckDB's own lock does not keep out a second store of the same process, and a second process is told sooner.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        holder = path.with_name(path.name + ".lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StoreFailed(f"{path.parent} is not writable: {error}", mend="choose another data folder") from error
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder.seek(0)
        pid = holder.read().strip() or "unknown"
        holder.close()
        raise _in_use(path, pid) from error
    holder.truncate(0)
    holder.write(f"{os.getpid()}\n")
    holder.flush()
    return holder


def _in_use(path: Path, pid: str) -> DataDirInUse:
    return DataDirInUse(
        f"{path} is held by the process with id {pid}",
        mend="stop that process, or choose another folder with --data-dir",
    )


def _give_up(cursor: Any) -> None:
    try:
        cursor.rollback()
    except duckdb.Error:
        # The transaction is already gone; the first error is the one to tell.
        return


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise StoreFailed(f"DuckDB: {error}") from error
