"""the second step of staff signing in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.String(length=200), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "last_step IS NULL OR confirmed_at IS NOT NULL",
            name=op.f("ck_second_factors_used_when_confirmed"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_second_factors_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "paper_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_paper_codes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_codes")),
        sa.UniqueConstraint("person_id", "code_digest", name=op.f("uq_paper_codes_code")),
    )
    op.add_column(
        "session_families",
        sa.Column("second_step", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("session_families", "second_step")
    op.drop_table("paper_codes")
    op.drop_table("second_factors")
