"""debt policies of regions, proposed by one and agreed to by another"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'waiting'")
TABLE = "debt_policy_proposals"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("share_percent", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("policy_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name=op.f(f"ck_{TABLE}_share_percent")),
        sa.CheckConstraint("state IN ('waiting', 'agreed', 'refused')", name=op.f(f"ck_{TABLE}_state")),
        sa.CheckConstraint("(state = 'agreed') = (policy_id IS NOT NULL)", name=op.f(f"ck_{TABLE}_agreed")),
        sa.CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name=op.f(f"ck_{TABLE}_decided")),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name=op.f(f"ck_{TABLE}_decided_at")
        ),
        sa.CheckConstraint(
            "state <> 'agreed' OR decided_by <> proposed_by", name=op.f(f"ck_{TABLE}_two_people")
        ),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name=op.f(f"fk_{TABLE}_region_code")),
        sa.ForeignKeyConstraint(["policy_id"], ["debt_policies.id"], name=op.f(f"fk_{TABLE}_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("policy_id", name=op.f(f"uq_{TABLE}_policy_id")),
    )
    for column in ("region_code", "state"):
        op.create_index(f"ix_{TABLE}_{column}", TABLE, [column])
    op.create_index(
        f"uq_{TABLE}_open",
        TABLE,
        ["region_code"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_table(TABLE)
