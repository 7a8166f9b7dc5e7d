"""budget warnings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime
from migrations.guards import v0007 as guards

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_warnings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("funded", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("percent IN (80, 95, 100)", name=op.f("ck_budget_warnings_percent")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_budget_warnings_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_warnings")),
        sa.UniqueConstraint("account_id", "percent", "funded", name=op.f("uq_budget_warnings_once")),
    )
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    op.drop_table("budget_warnings")
