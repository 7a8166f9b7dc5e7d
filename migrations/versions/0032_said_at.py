"""Which message of a device is the newest"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leases", sa.Column("said_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("leases", "said_at")
