"""Tables of the operational state, as SQLAlchemy Core sees them. The migrations make them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table

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
