"""Alerts: one row each, the whole alert as JSON beside the columns that lists are asked by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "alert",
        sa.Column("project", sa.String(200), primary_key=True),
        sa.Column("alert_id", sa.String(32), primary_key=True),
        sa.Column("signature", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_ns", sa.BigInteger, nullable=False),
        sa.Column("fired_ns", sa.BigInteger, nullable=True),
        sa.Column("resolved_ns", sa.BigInteger, nullable=True),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("alert_by_opened", "alert", ["project", "opened_ns", "alert_id"])
    op.create_index("alert_by_signature", "alert", ["project", "signature"])
    op.create_index("alert_by_state", "alert", ["state", "resolved_ns"])


def downgrade() -> None:
    """Drop the table; what was found is forgotten, and open alerts may be told again."""
    op.drop_table("alert")
