"""candidates called up from further down the order, and where everybody stands in a snapshot"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime
from migrations.guards import v0024 as guards

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshot_places",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "after", name=op.f("pk_snapshot_places")),
    )
    op.add_column("candidates", sa.Column("called_up_at", UtcDateTime(), nullable=True))
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    op.drop_column("candidates", "called_up_at")
    op.drop_table("snapshot_places")
