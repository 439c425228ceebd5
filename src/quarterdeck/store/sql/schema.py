"""Tables of the operational state, as SQLAlchemy Core sees them. The migrations make them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text

metadata = MetaData()

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("project", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    Column("last_used_ns", BigInteger, nullable=True),
    Column("revoked_at_ns", BigInteger, nullable=True),
    Index("api_key_by_hash", "hash", unique=True),
    Index("api_key_by_project", "project"),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("digest", String(32), primary_key=True),
    Column("project", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("erased_at_ns", BigInteger, nullable=False),
    Column("finished_at_ns", BigInteger, nullable=True),
)

alert = Table(
    "alert",
    metadata,
    Column("project", String(200), primary_key=True),
    Column("alert_id", String(32), primary_key=True),
    Column("signature", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_ns", BigInteger, nullable=False),
    Column("fired_ns", BigInteger, nullable=True),
    Column("resolved_ns", BigInteger, nullable=True),
    Column("document", Text, nullable=False),
    Index("alert_by_opened", "project", "opened_ns", "alert_id"),
    Index("alert_by_signature", "project", "signature"),
    Index("alert_by_state", "state", "resolved_ns"),
)
"""`document` is the whole alert as JSON; the columns beside it are what lists are asked by."""
