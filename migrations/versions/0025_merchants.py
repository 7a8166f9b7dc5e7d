"""merchants that are settled with for several stations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json, UtcDateTime
from migrations.guards import v0025 as guards

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SUMS = ("opening", "captured", "undone", "refunded", "paid", "other", "closing")


def upgrade() -> None:
    _create_merchants()
    _create_statements()
    guards.put_up(op.get_bind().dialect.name)


def _create_merchants() -> None:
    op.create_table(
        "merchants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("short_code", sa.String(length=6), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("named_by", sa.Uuid(), nullable=False),
        sa.Column("named_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["named_by"], ["people.id"], name=op.f("fk_merchants_named_by")),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name=op.f("fk_merchants_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchants")),
        sa.UniqueConstraint("region_code", "name", name=op.f("uq_merchants_name")),
        sa.UniqueConstraint("short_code", name=op.f("uq_merchants_short_code")),
    )
    op.create_index(op.f("ix_merchants_named_by"), "merchants", ["named_by"])
    op.create_table(
        "merchant_stations",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("from_month", sa.Date(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_merchant_stations_merchant_id")
        ),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name=op.f("fk_merchant_stations_set_by")),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_merchant_stations_station_id")
        ),
        sa.PrimaryKeyConstraint("station_id", "from_month", name=op.f("pk_merchant_stations")),
    )
    for column in ("merchant_id", "set_by"):
        op.create_index(op.f(f"ix_merchant_stations_{column}"), "merchant_stations", [column])


def _create_statements() -> None:
    op.create_table(
        "merchant_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.Column("facts", Json, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "closing = opening + captured - undone - refunded - paid + other",
            name=op.f("ck_merchant_statements_adds_up"),
        ),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_merchant_statements_made_by")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["merchants.id"], name=op.f("fk_merchant_statements_merchant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_statements")),
        sa.UniqueConstraint("merchant_id", "month", name=op.f("uq_merchant_statements_merchant_month")),
        sa.UniqueConstraint("number", name=op.f("uq_merchant_statements_number")),
    )
    op.create_index(op.f("ix_merchant_statements_made_by"), "merchant_statements", ["made_by"])
    op.create_table(
        "merchant_lines",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlements.id"], name=op.f("fk_merchant_lines_settlement_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["merchant_statements.id"], name=op.f("fk_merchant_lines_statement_id")
        ),
        sa.PrimaryKeyConstraint("statement_id", "settlement_id", name=op.f("pk_merchant_lines")),
        sa.UniqueConstraint("settlement_id", name=op.f("uq_merchant_lines_settlement")),
    )


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    for table in ("merchant_lines", "merchant_statements", "merchant_stations", "merchants"):
        op.drop_table(table)
