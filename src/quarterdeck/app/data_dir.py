"""The data folder: made for its owner only, locked by one server, with the key of the user hashes in it.

Layout: `telemetry.duckdb` (spans, runs, rollups), `state.db` (keys, operational state), `hash.key`, `server.lock`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

from quarterdeck.errors import BadSetting, DataDirInUse


def prepare(path: Path) -> Path:
    """Make the folder if it is not there. Raises BadSetting when it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as e:
        msg = f"the data folder {path} cannot be made: {e.strerror}"
        raise BadSetting(msg, mend="choose another with --data-dir") from e
    return path


def lock(path: Path) -> IO[str]:
    """Hold the folder for this process until the answer is closed. Raises DataDirInUse naming the holder."""
    handle = (path / "server.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        handle.seek(0)
        pid = handle.read().strip() or "unknown"
        handle.close()
        msg = f"the data folder {path} is in use by the server with pid {pid}"
        raise DataDirInUse(msg, mend="stop it, or give this server a folder of its own with --data-dir") from e
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def hash_key(path: Path) -> bytes:
    """The 32-byte key of the user hashes, made once: hashes of one folder join, hashes of two do not."""
    file = path / "hash.key"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(secrets.token_bytes(32))
    return file.read_bytes()
