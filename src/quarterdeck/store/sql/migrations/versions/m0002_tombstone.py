"""Tombstones: what was erased on demand, by keyed hash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "tombstone",
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("erased_at_ns", sa.BigInteger, nullable=False),
        sa.Column("finished_at_ns", sa.BigInteger, nullable=True),
    )


def downgrade() -> None:
    """Drop the table; late spans of what was erased are taken again."""
    op.drop_table("tombstone")
