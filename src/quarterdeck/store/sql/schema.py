"""Tables of the operational state, as SQLAlchemy Core sees them. The migrations make them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, MetaData, String, Table, Text

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

approval = Table(
    "approval",
    metadata,
    Column("project", String(200), primary_key=True),
    Column("approval_id", String(32), primary_key=True),
    Column("tool", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("asked_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False),
    Column("arguments", Text, nullable=True),
    Column("task_id", String(512), nullable=True),
    Column("run_id", String(512), nullable=True),
    Column("agent", String(200), nullable=True),
    Column("quantity", String(16), nullable=True),
    Column("q90", Float, nullable=True),
    Column("ceiling", Float, nullable=True),
    Column("spent", Float, nullable=True),
    Column("decision", String(16), nullable=True),
    Column("decided_ns", BigInteger, nullable=True),
    Column("by", String(200), nullable=True),
    Column("reason", Text, nullable=True),
    Index("approval_by_asked", "project", "asked_ns", "approval_id"),
    Index("approval_by_expiry", "expires_ns"),
)
"""`decision` is null until somebody answered; a question that nobody answered by `expires_ns` has expired."""

document = Table(
    "document",
    metadata,
    Column("project", String(200), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("state", String(32), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("document_by_time", "project", "kind", "at_ns", "id"),
    Index("document_by_topic", "project", "kind", "topic"),
)
"""`body` is JSON. One table for every noun that has no columns of its own to be asked by."""

record = Table(
    "record",
    metadata,
    Column("project", String(200), primary_key=True),
    Column("chain", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("about", String(200), nullable=False),
    Column("by", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("record_by_about", "project", "chain", "about", "seq"),
)
"""Append-only: each hash covers the one before it."""

record_head = Table(
    "record_head",
    metadata,
    Column("project", String(200), primary_key=True),
    Column("chain", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Where each chain ends: a chain that is shorter than its head was cut."""
