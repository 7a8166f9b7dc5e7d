"""Appointments that wait for a second administrator."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=True),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("needs_second", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(state = 'given') = (grant_id IS NOT NULL)", name=op.f("ck_appointments_given_whole")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_appointments_decided_whole")
        ),
        sa.CheckConstraint(
            "role IN ('station-manager', 'dispatcher', 'organiser', 'department', 'rule-editor',"
            " 'reviewer', 'mediator', 'auditor', 'admin', 'grid-member')",
            name=op.f("ck_appointments_role"),
        ),
        sa.CheckConstraint(
            "state <> 'given' OR NOT needs_second"
            " OR (decided_by IS NOT NULL AND decided_by <> asked_by AND decided_by <> person_id)",
            name=op.f("ck_appointments_second_admin"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'given', 'declined')", name=op.f("ck_appointments_state")),
        sa.CheckConstraint(
            "(region_code IS NULL) <> (station_id IS NULL)", name=op.f("ck_appointments_one_scope")
        ),
        sa.CheckConstraint("asked_by <> person_id", name=op.f("ck_appointments_not_oneself")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_appointments_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_appointments_decided_by")),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_appointments_grant_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_appointments_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name=op.f("fk_appointments_region_code")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_appointments_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    with op.batch_alter_table("appointments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointments_asked_by"), ["asked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointments_decided_by"), ["decided_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointments_grant_id"), ["grant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointments_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointments_region_code"), ["region_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointments_station_id"), ["station_id"], unique=False)
        batch_op.create_index(
            "uq_appointments_waiting_region",
            ["person_id", "role", "region_code"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting' AND region_code IS NOT NULL"),
            postgresql_where=sa.text("state = 'waiting' AND region_code IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_appointments_waiting_station",
            ["person_id", "role", "station_id"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting' AND station_id IS NOT NULL"),
            postgresql_where=sa.text("state = 'waiting' AND station_id IS NOT NULL"),
        )


def downgrade() -> None:
    op.drop_table("appointments")
