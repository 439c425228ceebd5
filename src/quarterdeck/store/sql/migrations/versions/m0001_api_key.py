"""Access keys: the first table of the operational state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its two indexes."""
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.String(32), primary_key=True),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_at_ns", sa.BigInteger, nullable=False),
        sa.Column("last_used_ns", sa.BigInteger, nullable=True),
        sa.Column("revoked_at_ns", sa.BigInteger, nullable=True),
    )
    op.create_index("api_key_by_hash", "api_key", ["hash"], unique=True)
    op.create_index("api_key_by_project", "api_key", ["project"])


def downgrade() -> None:
    """Drop the table; keys are lost."""
    op.drop_table("api_key")
