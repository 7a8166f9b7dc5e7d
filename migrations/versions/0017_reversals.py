"""entries that staff take back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_STANDS = sa.text("state <> 'refused'")


def upgrade() -> None:
    op.create_table(
        "reversals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("region_path", sa.String(length=120), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("needs_second", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reversal_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("points > 0", name=op.f("ck_reversals_points")),
        sa.CheckConstraint("state IN ('waiting', 'posted', 'refused')", name=op.f("ck_reversals_state")),
        sa.CheckConstraint(
            "(state = 'posted') = (reversal_id IS NOT NULL)", name=op.f("ck_reversals_posted")
        ),
        sa.CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name=op.f("ck_reversals_decided")),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_reversals_decided_at")
        ),
        sa.CheckConstraint("needs_second OR points <= 100", name=op.f("ck_reversals_limit")),
        sa.CheckConstraint(
            "NOT needs_second OR state <> 'posted' OR decided_by <> asked_by",
            name=op.f("ck_reversals_second_approver"),
        ),
        sa.CheckConstraint(
            "asked_by <> person_id AND (state <> 'posted' OR decided_by <> person_id)",
            name=op.f("ck_reversals_not_own"),
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_reversals_entry_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name=op.f("fk_reversals_transaction_id")
        ),
        sa.ForeignKeyConstraint(
            ["reversal_id"], ["ledger_transactions.id"], name=op.f("fk_reversals_reversal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reversals")),
        sa.UniqueConstraint("reversal_id", name=op.f("uq_reversals_reversal_id")),
    )
    for column in ("entry_id", "transaction_id", "person_id", "state"):
        op.create_index(f"ix_reversals_{column}", "reversals", [column])
    op.create_index(
        "uq_reversals_once",
        "reversals",
        ["transaction_id"],
        unique=True,
        sqlite_where=_STANDS,
        postgresql_where=_STANDS,
    )


def downgrade() -> None:
    op.drop_table("reversals")
