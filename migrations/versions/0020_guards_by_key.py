"""guards that ask by key: a plan made while the tables were young stays good"""

from __future__ import annotations

from alembic import op

from migrations.guards import v0020 as guards

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
