"""Meetings of reviewers, recusals set by the organiser, and where to object to a public notice"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json, UtcDateTime
from migrations.guards import v0019 as guards

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CONTACT = (("contact_phone", 40), ("contact_place", 120), ("contact_hours", 120))


def upgrade() -> None:
    op.create_table(
        "review_meetings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("selection_id", sa.Uuid(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("present", Json, nullable=False),
        sa.Column("votes_for", sa.Integer(), nullable=False),
        sa.Column("votes_against", sa.Integer(), nullable=False),
        sa.Column("votes_abstained", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(decision) > 0", name=op.f("ck_review_meetings_decision")),
        sa.CheckConstraint(
            "votes_for >= 0 AND votes_against >= 0 AND votes_abstained >= 0",
            name=op.f("ck_review_meetings_votes"),
        ),
        sa.CheckConstraint(
            "votes_for + votes_against + votes_abstained > 0", name=op.f("ck_review_meetings_voted")
        ),
        sa.ForeignKeyConstraint(
            ["selection_id"], ["selections.id"], name=op.f("fk_review_meetings_selection_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["people.id"], name=op.f("fk_review_meetings_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_meetings")),
    )
    for column in ("selection_id", "recorded_by"):
        op.create_index(f"ix_review_meetings_{column}", "review_meetings", [column])
    # Plain ALTERs, no batch: a rebuilt table would lose the triggers that keep its rows as they are.
    _add_set_by()
    op.create_index("ix_recusals_set_by_id", "recusals", ["set_by_id"])
    for name, length in CONTACT:
        op.add_column("selections", sa.Column(name, sa.String(length=length), nullable=True))
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    for name, _ in CONTACT:
        op.drop_column("selections", name)
    op.drop_index("ix_recusals_set_by_id", "recusals")
    _drop_set_by()
    op.drop_table("review_meetings")


def _add_set_by() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE recusals ADD COLUMN set_by_id CHAR(32) "
            "CONSTRAINT fk_recusals_set_by_id REFERENCES people (id)"
        )
        return
    op.add_column("recusals", sa.Column("set_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_recusals_set_by_id"), "recusals", "people", ["set_by_id"], ["id"])


def _drop_set_by() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("fk_recusals_set_by_id"), "recusals", type_="foreignkey")
    op.drop_column("recusals", "set_by_id")
