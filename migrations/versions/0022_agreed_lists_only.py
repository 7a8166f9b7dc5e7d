"""Only a list that a meeting agreed to goes public, and only with where to object"""

from __future__ import annotations

from alembic import op

from migrations.guards import v0022 as guards

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
