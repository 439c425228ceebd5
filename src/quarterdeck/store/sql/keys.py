"""Access keys in SQL: made, found by their secret, listed, revoked.

The secret itself is never stored. It is 256 bits of chance, so a fast hash (SHA-256) is right: slow, salted
hashes exist to make guessing of low-entropy passwords expensive, and nobody guesses 2^256; a slow hash here would
only let anybody burn our CPU with wrong keys. Refuses: scopes (they come later) and empty project names.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import DBAPIError

from quarterdeck.clock import Clock, SystemClock
from quarterdeck.errors import BadInput, NotFound, StoreFailed
from quarterdeck.model.reports import ApiKey
from quarterdeck.store.sql.engine import open_engine
from quarterdeck.store.sql.options import SqlOptions
from quarterdeck.store.sql.schema import api_key

SECRET_PREFIX = "qd_"  # noqa: S105 - the public start of every secret, by which scanners recognise a leaked one
_SECRET_BYTES = 32
_SECRET_CHARS_MAX = 200
"""Longer texts are not ours; they are refused before any hashing."""
_NAME_CHARS_MAX = 200
_CACHED_KEYS_MAX = 1_000
"""Keys in force are few; beyond this the cache starts anew."""


class _Seen(NamedTuple):
    key: ApiKey
    at_s: float


class SqlKeyStore:
    """A `KeyStore` on any SQLAlchemy address; safe under threads and beside other processes."""

    def __init__(self, url: str, *, clock: Clock | None = None, options: SqlOptions | None = None) -> None:
        """Opens and migrates. Raises BadSetting, DataFormatTooNew, StoreFailed."""
        self._options = options or SqlOptions()
        self._clock = clock or SystemClock()
        self._engine = open_engine(url, self._options)
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The engine, at the newest schema: for other stores of the operational state."""
        return self._engine

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def create_key(self, project: str, name: str) -> tuple[ApiKey, str]:
        """A new key and its secret, which is shown this once. Raises BadInput for an empty or overlong name."""
        secret = SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            key_id=secrets.token_hex(8),
            project=_checked("project", project),
            name=_checked("name", name),
            hash=_digest(secret),
            created_at_ns=self._clock.now_ns(),
            last_used_ns=None,
            revoked_at_ns=None,
        )
        with self._writing() as connection:
            connection.execute(insert(api_key).values(**{c: getattr(key, c) for c in api_key.columns.keys()}))  # noqa: SIM118 - a ColumnCollection yields columns
        return key, secret

    def find_key(self, secret: str) -> ApiKey | None:
        """The key in force that has this secret, else None. Notes the use, at most once a minute."""
        if not secret.startswith(SECRET_PREFIX) or len(secret) > _SECRET_CHARS_MAX:
            return None
        digest = _digest(secret)
        key = self._remembered(digest) or self._look_up(digest)
        return None if key is None else self._noted(key)

    def list_keys(self, project: str | None = None) -> Sequence[ApiKey]:
        """All keys, revoked ones too, oldest first; of one project when named."""
        query = select(api_key).order_by(api_key.c.created_at_ns, api_key.c.key_id)
        if project is not None:
            query = query.where(api_key.c.project == project)
        with self._reading() as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke_key(self, key_id: str) -> ApiKey:
        """End a key; one that has ended stays as it is. Raises NotFound."""
        mine = api_key.c.key_id == key_id
        with self._writing() as connection:
            connection.execute(
                update(api_key)
                .where(mine, api_key.c.revoked_at_ns.is_(None))
                .values(revoked_at_ns=self._clock.now_ns())
            )
            row = connection.execute(select(api_key).where(mine)).one_or_none()
        if row is None:
            msg = f"no key has the id {key_id[:64]!r}"
            raise NotFound(msg, mend="`quarterdeck keys list` shows the ids")
        with self._lock:
            self._seen.pop(row.hash, None)
        return _key(row)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction; the engine's failures come out as StoreFailed."""
        with _failures_named(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _failures_named(), self._engine.connect() as connection:
            yield connection

    def _remembered(self, digest: str) -> ApiKey | None:
        with self._lock:
            seen = self._seen.get(digest)
        if seen is None or self._clock.monotonic_s() - seen.at_s >= self._options.key_cache_s:
            return None
        return seen.key

    def _look_up(self, digest: str) -> ApiKey | None:
        query = select(api_key).where(api_key.c.hash == digest, api_key.c.revoked_at_ns.is_(None))
        with self._reading() as connection:
            row = connection.execute(query).one_or_none()
        # The index has already compared; the constant-time compare keeps timing silent should it ever be a prefix.
        if row is None or not hmac.compare_digest(row.hash, digest):
            return None
        key = _key(row)
        self._remember(key)
        return key

    def _remember(self, key: ApiKey) -> None:
        with self._lock:
            if len(self._seen) >= _CACHED_KEYS_MAX:
                self._seen.clear()
            self._seen[key.hash] = _Seen(key, self._clock.monotonic_s())

    def _noted(self, key: ApiKey) -> ApiKey:
        """The key with its last use brought up to date, written only when the stored one is a minute old."""
        now_ns = self._clock.now_ns()
        if key.last_used_ns is not None and now_ns - key.last_used_ns < self._options.last_used_every_s * 1e9:
            return key
        mine = api_key.c.key_id == key.key_id
        with self._writing() as connection:
            connection.execute(update(api_key).where(mine).values(last_used_ns=now_ns))
        noted = ApiKey(key.key_id, key.project, key.name, key.hash, key.created_at_ns, now_ns, key.revoked_at_ns)
        with self._lock:
            seen = self._seen.get(key.hash)
            if seen is not None:  # not when it was revoked meanwhile
                self._seen[key.hash] = _Seen(noted, seen.at_s)
        return noted


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        msg = f"the operational state did not answer: {error.orig}"
        raise StoreFailed(msg) from error


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(row.key_id, row.project, row.name, row.hash, row.created_at_ns, row.last_used_ns, row.revoked_at_ns)


def _checked(what: str, value: str) -> str:
    text = value.strip()
    if not text or len(text) > _NAME_CHARS_MAX or not text.isprintable():
        msg = f"a key's {what} must be 1 to {_NAME_CHARS_MAX} printable characters, got {value[:40]!r}"
        raise BadInput(msg)
    return text
