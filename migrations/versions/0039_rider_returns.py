"""Riders without a number who are let in anew"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime
from migrations.gently import drop_tables

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('asked', 'confirmed')")
_PEOPLE = ("person_id", "asked_by", "confirmed_by")


def upgrade() -> None:
    op.create_table(
        "rider_returns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'confirmed', 'used', 'refused')", name=op.f("ck_rider_returns_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('confirmed', 'used') OR (confirmed_by IS NOT NULL AND confirmed_by <> asked_by"
            " AND confirmed_by <> person_id)",
            name=op.f("ck_rider_returns_two_people"),
        ),
        sa.CheckConstraint("asked_by <> person_id", name=op.f("ck_rider_returns_not_oneself")),
        sa.CheckConstraint(
            "(state IN ('used', 'refused')) = (ended_at IS NOT NULL)", name=op.f("ck_rider_returns_ended_at")
        ),
        *(
            sa.ForeignKeyConstraint([each], ["people.id"], name=op.f(f"fk_rider_returns_{each}"))
            for each in _PEOPLE
        ),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_rider_returns_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rider_returns")),
    )
    for column in (*_PEOPLE, "station_id"):
        op.create_index(f"ix_rider_returns_{column}", "rider_returns", [column])
    op.create_index("ix_rider_returns_state_asked_at", "rider_returns", ["state", "asked_at"])
    op.create_index(
        "uq_rider_returns_one_open",
        "rider_returns",
        ["person_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    with op.batch_alter_table("invites") as table:
        table.add_column(sa.Column("return_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_invites_return_id"), "rider_returns", ["return_id"], ["id"])
        table.create_check_constraint(
            op.f("ck_invites_whom_it_brings_back"), "return_id IS NULL OR person_id IS NOT NULL"
        )
        table.create_index("ix_invites_return_id", ["return_id"])


def downgrade() -> None:
    # An invitation that brings somebody back must not become one that enrols somebody new.
    op.execute("UPDATE invites SET used_at = expires_at WHERE return_id IS NOT NULL AND used_at IS NULL")
    with op.batch_alter_table("invites") as table:
        table.drop_index("ix_invites_return_id")
        table.drop_constraint(op.f("ck_invites_whom_it_brings_back"), type_="check")
        table.drop_constraint(op.f("fk_invites_return_id"), type_="foreignkey")
        table.drop_column("return_id")
    drop_tables("rider_returns")
