"""Opens the operational state: an engine with the right manners for SQLite, brought to the newest schema.

Refuses: a state written by a newer version (DataFormatTooNew) and an address that SQLAlchemy cannot read (BadSetting).
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from quarterdeck.errors import BadSetting, StoreFailed
from quarterdeck.store.sql.migrate import upgrade
from quarterdeck.store.sql.options import SqlOptions

_WAL_TRIES, _WAL_PAUSE_S = 100, 0.02


def open_engine(url: str, options: SqlOptions) -> Engine:
    """An engine at the newest schema. Raises BadSetting, DataFormatTooNew, StoreFailed."""
    engine = _create(_parse(url), options)
    try:
        upgrade(engine)
    except OperationalError as error:
        engine.dispose()
        msg = (
            f"the operational state at {engine.url.render_as_string(hide_password=True)} cannot be opened: {error.orig}"
        )
        raise StoreFailed(msg) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        msg = "sql.url is not an SQLAlchemy address"
        raise BadSetting(msg, mend="write it like sqlite:////var/lib/quarterdeck/state.db") from error


def _create(url: URL, options: SqlOptions) -> Engine:
    arguments: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        arguments["connect_args"] = {"timeout": options.busy_timeout_s, "check_same_thread": False}
    try:
        engine = create_engine(url, **arguments)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        msg = f"no driver for {url.drivername!r} is installed"
        raise BadSetting(msg, mend="install the driver, or leave sql.url out to use SQLite") from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _sqlite_manners)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_manners(connection: Any, _record: object) -> None:
    """WAL lets the command line read and write keys while the server runs; FULL makes a commit survive a power cut."""
    connection.isolation_level = None  # the driver's own BEGIN comes too late for DDL; `_sqlite_begin` sends it
    cursor = connection.cursor()
    _to_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _to_wal(cursor: Any) -> None:
    """SQLite does not wait for another starter that switches a new file to WAL at the same moment: it is asked again."""
    for left in reversed(range(_WAL_TRIES)):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if not left:
                raise
            time.sleep(_WAL_PAUSE_S)
        else:
            return


def _sqlite_begin(connection: Any) -> None:
    """IMMEDIATE takes the write lock first, so that two starters migrate one after the other instead of failing."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get("writes") else "BEGIN")
