"""guards of ledger transactions that look at all rows of a statement at once"""

from __future__ import annotations

from alembic import op

from migrations.guards import v0036 as guards

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
