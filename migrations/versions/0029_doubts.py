"""Doubts about facts, the points set aside for them, and how far was looked"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kernel.db import UtcDateTime
from migrations.gently import drop_tables

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doubt_marks",
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("until_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_doubt_marks")),
    )
    op.create_table(
        "doubts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("fact_kind", sa.String(length=20), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("against", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("said_at", UtcDateTime(), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('open', 'asked')) = (settled_at IS NULL)", name=op.f("ck_doubts_settled")
        ),
        sa.CheckConstraint("fact_kind IN ('checkin', 'hours', 'report')", name=op.f("ck_doubts_fact_kind")),
        sa.CheckConstraint(
            "ground IN ('two-places', 'away-from-shift', 'one-matter')", name=op.f("ck_doubts_ground")
        ),
        sa.CheckConstraint("state <> 'open' OR said_by IS NULL", name=op.f("ck_doubts_open_is_unsaid")),
        sa.CheckConstraint(
            "state IN ('open', 'asked', 'cleared', 'void', 'lapsed')", name=op.f("ck_doubts_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('asked', 'cleared') OR said_by IS NOT NULL",
            name=op.f("ck_doubts_said_by_somebody"),
        ),
        sa.CheckConstraint("(said_by IS NULL) = (said_at IS NULL)", name=op.f("ck_doubts_said")),
        sa.CheckConstraint("due_at > found_at", name=op.f("ck_doubts_due")),
        sa.CheckConstraint("said_by <> person_id", name=op.f("ck_doubts_not_by_himself")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_doubts_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name=op.f("fk_doubts_region_code")),
        sa.ForeignKeyConstraint(["said_by"], ["people.id"], name=op.f("fk_doubts_said_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubts")),
        sa.UniqueConstraint("fact_kind", "fact_id", name=op.f("uq_doubts_once_per_fact")),
    )
    op.create_index(op.f("ix_doubts_person_id"), "doubts", ["person_id"])
    op.create_index(op.f("ix_doubts_region_code"), "doubts", ["region_code"])
    op.create_index(op.f("ix_doubts_said_by"), "doubts", ["said_by"])
    op.create_index("ix_doubts_state_due", "doubts", ["state", "due_at"])

    op.create_table(
        "doubt_holds",
        sa.Column("doubt_id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.CheckConstraint("(hold_id IS NULL) = (points = 0)", name=op.f("ck_doubt_holds_hold")),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_doubt_holds_award_id")),
        sa.ForeignKeyConstraint(["doubt_id"], ["doubts.id"], name=op.f("fk_doubt_holds_doubt_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_doubt_holds_hold_id")),
        sa.PrimaryKeyConstraint("doubt_id", "award_id", name=op.f("pk_doubt_holds")),
    )
    op.create_index(op.f("ix_doubt_holds_award_id"), "doubt_holds", ["award_id"])
    op.create_index(op.f("ix_doubt_holds_hold_id"), "doubt_holds", ["hold_id"])


def downgrade() -> None:
    drop_tables("doubt_holds", "doubts", "doubt_marks")
