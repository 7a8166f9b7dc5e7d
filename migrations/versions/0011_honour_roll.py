"""honour roll"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json, UtcDateTime
from migrations.guards import v0011 as guards

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "honour_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("selection_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_honour_exports_reason")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_honour_exports_by_id")),
        sa.ForeignKeyConstraint(
            ["selection_id"], ["selections.id"], name=op.f("fk_honour_exports_selection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour_exports")),
    )
    with op.batch_alter_table("honour_exports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_honour_exports_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_honour_exports_selection_id"), ["selection_id"], unique=False)

    op.create_table(
        "nominations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("selection_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_nominations_person_id")),
        sa.ForeignKeyConstraint(
            ["selection_id"], ["selections.id"], name=op.f("fk_nominations_selection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nominations")),
        sa.UniqueConstraint("selection_id", "person_id", name=op.f("uq_nominations_person")),
    )
    with op.batch_alter_table("nominations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nominations_person_id"), ["person_id"], unique=False)

    op.create_table(
        "candidate_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(length=4), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("decision IN ('in', 'out')", name=op.f("ck_candidate_decisions_decision")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_candidate_decisions_reason")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_candidate_decisions_by_id")),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidates.id"], name=op.f("fk_candidate_decisions_candidate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_decisions")),
    )
    with op.batch_alter_table("candidate_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidate_decisions_by_id"), ["by_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_candidate_decisions_candidate_id"), ["candidate_id"], unique=False
        )

    op.create_table(
        "nomination_voices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("nomination_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("photo_ids", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "role IN ('station', 'peer', 'organiser')", name=op.f("ck_nomination_voices_role")
        ),
        sa.CheckConstraint("length(story) > 0", name=op.f("ck_nomination_voices_story")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_nomination_voices_by_id")),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nominations.id"], name=op.f("fk_nomination_voices_nomination_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nomination_voices")),
        sa.UniqueConstraint("nomination_id", "by_id", name=op.f("uq_nomination_voices_once")),
    )
    with op.batch_alter_table("nomination_voices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nomination_voices_by_id"), ["by_id"], unique=False)

    op.create_table(
        "recusals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_recusals_reason")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name=op.f("fk_recusals_candidate_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["people.id"], name=op.f("fk_recusals_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusals")),
        sa.UniqueConstraint("candidate_id", "reviewer_id", name=op.f("uq_recusals_once")),
    )
    with op.batch_alter_table("recusals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recusals_reviewer_id"), ["reviewer_id"], unique=False)

    op.create_table(
        "review_marks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_review_marks_score")),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidates.id"], name=op.f("fk_review_marks_candidate_id")
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["people.id"], name=op.f("fk_review_marks_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_marks")),
        sa.UniqueConstraint("candidate_id", "reviewer_id", name=op.f("uq_review_marks_once")),
    )
    with op.batch_alter_table("review_marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_marks_reviewer_id"), ["reviewer_id"], unique=False)

    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shows_story", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("shows_photo", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("honours", schema=None) as batch_op:
        batch_op.add_column(sa.Column("token", sa.String(length=16), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_honours_token"), ["token"])

    # Plain ALTERs, no batch: a rebuilt table would lose the triggers that keep snapshots as they are.
    op.add_column("selections", sa.Column("notice_ended_at", UtcDateTime(), nullable=True))
    op.add_column("selections", sa.Column("named_at", UtcDateTime(), nullable=True))
    op.add_column("selections", sa.Column("meeting", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE selections SET notice_ended_at = finalised_at")

    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    for column in ("meeting", "named_at", "notice_ended_at"):
        op.drop_column("selections", column)

    with op.batch_alter_table("honours", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_honours_token"), type_="unique")
        batch_op.drop_column("token")

    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.drop_column("shows_photo")
        batch_op.drop_column("shows_story")

    with op.batch_alter_table("review_marks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_marks_reviewer_id"))

    op.drop_table("review_marks")
    with op.batch_alter_table("recusals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recusals_reviewer_id"))

    op.drop_table("recusals")
    with op.batch_alter_table("nomination_voices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_nomination_voices_by_id"))

    op.drop_table("nomination_voices")
    with op.batch_alter_table("candidate_decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_candidate_decisions_candidate_id"))
        batch_op.drop_index(batch_op.f("ix_candidate_decisions_by_id"))

    op.drop_table("candidate_decisions")
    with op.batch_alter_table("nominations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_nominations_person_id"))

    op.drop_table("nominations")
    with op.batch_alter_table("honour_exports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_honour_exports_selection_id"))
        batch_op.drop_index(batch_op.f("ix_honour_exports_by_id"))

    op.drop_table("honour_exports")
