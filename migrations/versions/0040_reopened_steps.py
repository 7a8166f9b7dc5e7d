"""Which administrator gave a colleague the password or the second step back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime
from migrations.gently import drop_tables

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reopened_steps",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("reopened_by", sa.Uuid(), nullable=False),
        sa.Column("reopened_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("step IN ('password', 'second-step')", name=op.f("ck_reopened_steps_step")),
        sa.CheckConstraint("reopened_by <> person_id", name=op.f("ck_reopened_steps_not_oneself")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reopened_steps_person_id")),
        sa.ForeignKeyConstraint(["reopened_by"], ["people.id"], name=op.f("fk_reopened_steps_reopened_by")),
        sa.PrimaryKeyConstraint("person_id", "step", name=op.f("pk_reopened_steps")),
    )
    op.create_index("ix_reopened_steps_reopened_by", "reopened_steps", ["reopened_by"])


def downgrade() -> None:
    drop_tables("reopened_steps")
