"""accounts that get another number"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('asked', 'confirmed')")


def upgrade() -> None:
    op.create_table(
        "number_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("new_phone", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'confirmed', 'moved', 'refused')", name=op.f("ck_number_moves_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('confirmed', 'moved') OR (confirmed_by IS NOT NULL AND confirmed_by <> asked_by"
            " AND confirmed_by <> person_id)",
            name=op.f("ck_number_moves_two_people"),
        ),
        sa.CheckConstraint(
            "(state IN ('asked', 'confirmed')) = (new_phone IS NOT NULL)",
            name=op.f("ck_number_moves_number_while_open"),
        ),
        sa.CheckConstraint(
            "(state IN ('moved', 'refused')) = (ended_at IS NOT NULL)", name=op.f("ck_number_moves_ended_at")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_number_moves_person_id")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_number_moves_station_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_number_moves_asked_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["people.id"], name=op.f("fk_number_moves_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_moves")),
    )
    for column in ("person_id", "station_id", "asked_by", "confirmed_by"):
        op.create_index(f"ix_number_moves_{column}", "number_moves", [column])
    op.create_index("ix_number_moves_state_asked_at", "number_moves", ["state", "asked_at"])
    for name, column in (("one_open", "person_id"), ("one_target", "new_phone")):
        op.create_index(
            f"uq_number_moves_{name}",
            "number_moves",
            [column],
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        )


def downgrade() -> None:
    op.drop_table("number_moves")
