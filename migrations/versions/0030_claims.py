"""A phone whose answer got lost asks for the same key again"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("personal_handles", sa.Column("claim", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("personal_handles", "claim")
