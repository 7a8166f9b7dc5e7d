"""Posters with versions; check-ins taken back; refused scans with their device and the time they happened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime
from migrations.guards import v0009 as guards

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "posters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_posters_version_counts")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_posters_made_by")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_posters_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posters")),
        sa.UniqueConstraint("station_id", "version", name=op.f("uq_posters_version")),
    )
    with op.batch_alter_table("posters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posters_made_by"), ["made_by"], unique=False)

    op.create_table(
        "annulled_checkins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("checkin_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_annulled_checkins_by_id")),
        sa.ForeignKeyConstraint(
            ["checkin_id"], ["checkins.id"], name=op.f("fk_annulled_checkins_checkin_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annulled_checkins")),
        sa.UniqueConstraint("checkin_id", name=op.f("uq_annulled_checkins_once")),
    )
    with op.batch_alter_table("annulled_checkins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annulled_checkins_by_id"), ["by_id"], unique=False)

    op.add_column("refused_scans", sa.Column("device", sa.String(length=80), nullable=True))
    op.add_column("refused_scans", sa.Column("happened_at", UtcDateTime(), nullable=True))
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    for column in ("happened_at", "device"):  # in place: a copied table would lose its triggers on SQLite
        op.execute(f"ALTER TABLE refused_scans DROP COLUMN {column}")

    with op.batch_alter_table("annulled_checkins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annulled_checkins_by_id"))

    op.drop_table("annulled_checkins")
    with op.batch_alter_table("posters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posters_made_by"))

    op.drop_table("posters")
