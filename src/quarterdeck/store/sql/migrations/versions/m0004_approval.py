"""Approvals: questions of agents about withheld tools, and at most one answer to each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "approval",
        sa.Column("project", sa.String(200), primary_key=True),
        sa.Column("approval_id", sa.String(32), primary_key=True),
        sa.Column("tool", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("asked_ns", sa.BigInteger, nullable=False),
        sa.Column("expires_ns", sa.BigInteger, nullable=False),
        sa.Column("arguments", sa.Text, nullable=True),
        sa.Column("task_id", sa.String(512), nullable=True),
        sa.Column("run_id", sa.String(512), nullable=True),
        sa.Column("agent", sa.String(200), nullable=True),
        sa.Column("quantity", sa.String(16), nullable=True),
        sa.Column("q90", sa.Float, nullable=True),
        sa.Column("ceiling", sa.Float, nullable=True),
        sa.Column("spent", sa.Float, nullable=True),
        sa.Column("decision", sa.String(16), nullable=True),
        sa.Column("decided_ns", sa.BigInteger, nullable=True),
        sa.Column("by", sa.String(200), nullable=True),
        sa.Column("reason", sa.Text, nullable=True),
    )
    op.create_index("approval_by_asked", "approval", ["project", "asked_ns", "approval_id"])
    op.create_index("approval_by_expiry", "approval", ["expires_ns"])


def downgrade() -> None:
    """Drop the table; agents that wait for an answer get none and go without the tool."""
    op.drop_table("approval")
