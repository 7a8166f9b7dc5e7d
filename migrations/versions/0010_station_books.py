"""The books of a station: refunds, closed days, statements; limits by any period, kinds of rewards without a list.

On SQLite nothing is rebuilt: a rebuilt table would lose its triggers, and its rows are referred to from elsewhere.
Taken back, it refuses where a refund was made or a voucher reserved on behalf: the older tables cannot say so.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json, UtcDateTime
from migrations.guards import v0001
from migrations.guards import v0010 as guards

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_closes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("handed_over", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("refunded", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("reopened_by", sa.Uuid(), nullable=True),
        sa.Column("reopened_at", UtcDateTime(), nullable=True),
        sa.Column("reopen_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "(reopen_reason IS NULL) = (reopened_at IS NULL)", name=op.f("ck_day_closes_reopen_reason")
        ),
        sa.CheckConstraint(
            "(reopened_by IS NULL) = (reopened_at IS NULL)", name=op.f("ck_day_closes_reopened")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_day_closes_number")),
        sa.CheckConstraint("reopened_by <> closed_by", name=op.f("ck_day_closes_second_person")),
        sa.ForeignKeyConstraint(["closed_by"], ["people.id"], name=op.f("fk_day_closes_closed_by")),
        sa.ForeignKeyConstraint(["reopened_by"], ["people.id"], name=op.f("fk_day_closes_reopened_by")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_day_closes_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_closes")),
        sa.UniqueConstraint("station_id", "day", "number", name=op.f("uq_day_closes_number")),
    )
    with op.batch_alter_table("day_closes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_day_closes_closed_by"), ["closed_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_day_closes_reopened_by"), ["reopened_by"], unique=False)
        batch_op.create_index(
            "uq_day_closes_in_force",
            ["station_id", "day"],
            unique=True,
            postgresql_where=sa.text("reopened_at IS NULL"),
            sqlite_where=sa.text("reopened_at IS NULL"),
        )

    op.create_table(
        "settlements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("undone", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("other", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.BigInteger(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("paid_by", sa.Uuid(), nullable=True),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(paid_by IS NULL) = (paid_at IS NULL)", name=op.f("ck_settlements_paid")),
        sa.CheckConstraint("(signed_by IS NULL) = (signed_at IS NULL)", name=op.f("ck_settlements_signed")),
        sa.CheckConstraint(
            "closing = opening + captured - undone - refunded - paid + other",
            name=op.f("ck_settlements_adds_up"),
        ),
        sa.CheckConstraint("paid_by <> signed_by", name=op.f("ck_settlements_second_person")),
        sa.CheckConstraint(
            "paid_by IS NULL OR signed_by IS NOT NULL", name=op.f("ck_settlements_signed_before_paid")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_settlements_made_by")),
        sa.ForeignKeyConstraint(["paid_by"], ["people.id"], name=op.f("fk_settlements_paid_by")),
        sa.ForeignKeyConstraint(["signed_by"], ["people.id"], name=op.f("fk_settlements_signed_by")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_settlements_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlements")),
        sa.UniqueConstraint("number", name=op.f("uq_settlements_number")),
        sa.UniqueConstraint("station_id", "month", name=op.f("uq_settlements_station_month")),
    )
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_settlements_made_by"), ["made_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_settlements_paid_by"), ["paid_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_settlements_signed_by"), ["signed_by"], unique=False)

    op.create_table(
        "settlement_lines",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_settlement_lines_entry_id")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlements.id"], name=op.f("fk_settlement_lines_settlement_id")
        ),
        sa.PrimaryKeyConstraint("settlement_id", "entry_id", name=op.f("pk_settlement_lines")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_settlement_lines_entry")),
    )
    op.create_table(
        "day_counts",
        sa.Column("close_id", sa.Uuid(), nullable=False),
        sa.Column("stock_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "counted = system OR reason IS NOT NULL", name=op.f("ck_day_counts_difference_reason")
        ),
        sa.CheckConstraint("system >= 0 AND counted >= 0", name=op.f("ck_day_counts_not_negative")),
        sa.ForeignKeyConstraint(["close_id"], ["day_closes.id"], name=op.f("fk_day_counts_close_id")),
        sa.ForeignKeyConstraint(["stock_id"], ["stock.id"], name=op.f("fk_day_counts_stock_id")),
        sa.PrimaryKeyConstraint("close_id", "stock_id", name=op.f("pk_day_counts")),
    )
    with op.batch_alter_table("day_counts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_day_counts_stock_id"), ["stock_id"], unique=False)

    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("came_back", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_refunds_decided_at")),
        sa.CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name=op.f("ck_refunds_decided")),
        sa.CheckConstraint("state IN ('waiting', 'approved', 'refused')", name=op.f("ck_refunds_state")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_refunds_second_person")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_refunds_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_refunds_decided_by")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_refunds_station_id")),
        sa.ForeignKeyConstraint(["voucher_id"], ["vouchers.id"], name=op.f("fk_refunds_voucher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refunds_asked_by"), ["asked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_refunds_decided_by"), ["decided_by"], unique=False)
        batch_op.create_index("ix_refunds_state_asked_at", ["state", "asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_refunds_station_id"), ["station_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refunds_voucher_id"), ["voucher_id"], unique=False)
        batch_op.create_index(
            "uq_refunds_voucher_id",
            ["voucher_id"],
            unique=True,
            postgresql_where=sa.text("state <> 'refused'"),
            sqlite_where=sa.text("state <> 'refused'"),
        )

    op.create_table(
        "day_lines",
        sa.Column("close_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["close_id"], ["day_closes.id"], name=op.f("fk_day_lines_close_id")),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["stock_movements.id"], name=op.f("fk_day_lines_movement_id")
        ),
        sa.PrimaryKeyConstraint("close_id", "movement_id", name=op.f("pk_day_lines")),
    )
    with op.batch_alter_table("day_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_day_lines_movement_id"), ["movement_id"], unique=False)
        batch_op.create_index(
            "uq_day_lines_movement_id",
            ["movement_id"],
            unique=True,
            postgresql_where=sa.text("live"),
            sqlite_where=sa.text("live"),
        )

    _drop_old_guards()
    op.add_column("rewards", sa.Column("pick_up_hours", Json, nullable=True))
    op.add_column("rewards", sa.Column("limit_period", sa.String(length=8), nullable=True))
    op.execute("ALTER TABLE rewards RENAME COLUMN limit_per_month TO limit_count")
    op.execute("UPDATE rewards SET limit_period = 'month' WHERE limit_count IS NOT NULL")
    op.execute("ALTER TABLE vouchers RENAME COLUMN month TO period_on")
    op.execute("ALTER TABLE vouchers RENAME COLUMN month_no TO share_no")
    _add_reserved_by()
    op.create_index(op.f("ix_vouchers_reserved_by"), "vouchers", ["reserved_by"], unique=False)
    for change in CHANGES:
        change.make()
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    _must_be_sayable()
    guards.take_down(op.get_bind().dialect.name)
    for change in reversed(CHANGES):
        change.take_back()
    op.drop_index(op.f("ix_vouchers_reserved_by"), "vouchers")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("fk_vouchers_reserved_by"), "vouchers", type_="foreignkey")
    op.drop_column("vouchers", "reserved_by")
    op.execute("ALTER TABLE vouchers RENAME COLUMN period_on TO month")
    op.execute("ALTER TABLE vouchers RENAME COLUMN share_no TO month_no")
    op.execute("ALTER TABLE rewards RENAME COLUMN limit_count TO limit_per_month")
    op.drop_column("rewards", "limit_period")
    op.drop_column("rewards", "pick_up_hours")
    _put_back_old_guards()
    with op.batch_alter_table("day_lines", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_day_lines_movement_id", postgresql_where=sa.text("live"), sqlite_where=sa.text("live")
        )
        batch_op.drop_index(batch_op.f("ix_day_lines_movement_id"))

    op.drop_table("day_lines")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_refunds_voucher_id",
            postgresql_where=sa.text("state <> 'refused'"),
            sqlite_where=sa.text("state <> 'refused'"),
        )
        batch_op.drop_index(batch_op.f("ix_refunds_voucher_id"))
        batch_op.drop_index(batch_op.f("ix_refunds_station_id"))
        batch_op.drop_index("ix_refunds_state_asked_at")
        batch_op.drop_index(batch_op.f("ix_refunds_decided_by"))
        batch_op.drop_index(batch_op.f("ix_refunds_asked_by"))

    op.drop_table("refunds")
    with op.batch_alter_table("day_counts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_day_counts_stock_id"))

    op.drop_table("day_counts")
    op.drop_table("settlement_lines")
    with op.batch_alter_table("settlements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_settlements_signed_by"))
        batch_op.drop_index(batch_op.f("ix_settlements_paid_by"))
        batch_op.drop_index(batch_op.f("ix_settlements_made_by"))

    op.drop_table("settlements")
    with op.batch_alter_table("day_closes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_day_closes_in_force",
            postgresql_where=sa.text("reopened_at IS NULL"),
            sqlite_where=sa.text("reopened_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_day_closes_reopened_by"))
        batch_op.drop_index(batch_op.f("ix_day_closes_closed_by"))

    op.drop_table("day_closes")


# --- constraints of tables that were there before --------------------------------------------------------------------


class Change(NamedTuple):
    """Check constraints of a table, by name, before and after; a unique one may be renamed with them."""

    table: str
    before: dict[str, str]
    after: dict[str, str]
    renamed: tuple[str, str] | None = None

    def make(self) -> None:
        _swap(self.table, self.before, self.after, self.renamed)

    def take_back(self) -> None:
        back = self.renamed and (self.renamed[1], self.renamed[0])
        _swap(self.table, self.after, self.before, back)


_COUNTER = "('hand_over', 'undo', 'refund')"
_SIGN = (
    "(kind IN ('delivery', 'undo') AND quantity > 0) OR (kind IN ('write_off', 'hand_over') AND quantity < 0)"
)
CHANGES = (
    Change(
        "rewards",
        {"ck_rewards_kind": "kind IN ('goods', 'service')"},
        {
            "ck_rewards_limit_period": "limit_period IN ('day', 'week', 'month', 'year', 'ever')",
            "ck_rewards_limit_whole": "(limit_count IS NULL) = (limit_period IS NULL)",
        },
    ),
    Change(
        "vouchers",
        {
            "ck_vouchers_ended_at": "(state IN ('cancelled', 'expired', 'undone')) = (ended_at IS NOT NULL)",
            "ck_vouchers_handed_over_at": "(state IN ('handed_over', 'undone')) = (handed_over_at IS NOT NULL)",
            "ck_vouchers_state": "state IN ('reserved', 'handed_over', 'cancelled', 'expired', 'undone')",
        },
        {
            "ck_vouchers_ended_at": "(state IN ('cancelled', 'expired', 'undone', 'refunded'))"
            " = (ended_at IS NOT NULL)",
            "ck_vouchers_handed_over_at": "(state IN ('handed_over', 'undone', 'refunded'))"
            " = (handed_over_at IS NOT NULL)",
            "ck_vouchers_state": "state IN ('reserved', 'handed_over', 'cancelled', 'expired', 'undone', 'refunded')",
        },
        renamed=("uq_vouchers_month_no", "uq_vouchers_share_no"),
    ),
    Change(
        "stock_movements",
        {
            "ck_stock_movements_sign": f"{_SIGN} OR kind = 'count'",
            "ck_stock_movements_voucher": "(kind IN ('hand_over', 'undo')) = (voucher_id IS NOT NULL)",
        },
        {
            "ck_stock_movements_sign": f"{_SIGN} OR (kind = 'refund' AND quantity IN (0, 1)) OR kind = 'count'",
            "ck_stock_movements_voucher": f"(kind IN {_COUNTER}) = (voucher_id IS NOT NULL)",
        },
    ),
    Change(
        "stock_movements",
        {"ck_stock_movements_kind": "kind IN ('delivery', 'count', 'write_off', 'hand_over', 'undo')"},
        {
            "ck_stock_movements_kind": "kind IN ('delivery', 'count', 'write_off', 'hand_over', 'undo', 'refund')"
        },
    ),
    Change(
        "media",
        {"ck_media_purpose": "purpose IN ('report', 'work', 'appeal')"},
        {"ck_media_purpose": "purpose IN ('report', 'work', 'appeal', 'reward')"},
    ),
)


def _swap(table: str, old: dict[str, str], new: dict[str, str], renamed: tuple[str, str] | None) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(table, _written(old), _written(new))
        if renamed:
            _rewrite(table, f"CONSTRAINT {renamed[0]} UNIQUE", f"CONSTRAINT {renamed[1]} UNIQUE")
        return
    for name in old:
        op.drop_constraint(op.f(name), table, type_="check")
    for name, condition in new.items():
        op.create_check_constraint(op.f(name), table, condition)
    if renamed:
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {renamed[0]} TO {renamed[1]}")


def _written(checks: dict[str, str]) -> str:
    return ", \n\t".join(f"CONSTRAINT {name} CHECK ({condition})" for name, condition in checks.items())


def _rewrite(table: str, was: str, becomes: str) -> None:
    """Change a table's definition where no row is touched, as SQLite's manual says."""
    bind = op.get_bind()
    version = bind.scalar(sa.text("PRAGMA schema_version"))
    definition = bind.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = :table"), {"table": table})
    if was not in definition:
        raise RuntimeError(f"the table {table} is not as the migrations before this one made it")
    op.execute("PRAGMA writable_schema = ON")
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": definition.replace(was, becomes), "table": table},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")


def _add_reserved_by() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE vouchers ADD COLUMN reserved_by CHAR(32) "
            "CONSTRAINT fk_vouchers_reserved_by REFERENCES people (id)"
        )
        return
    op.add_column("vouchers", sa.Column("reserved_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_vouchers_reserved_by"), "vouchers", "people", ["reserved_by"], ["id"])


def _must_be_sayable() -> None:
    said_since = (
        "SELECT count(*) FROM vouchers WHERE state = 'refunded' OR reserved_by IS NOT NULL",
        "SELECT count(*) FROM rewards WHERE kind NOT IN ('goods', 'service')",
    )
    if any(op.get_bind().scalar(sa.text(each)) for each in said_since):
        raise RuntimeError("the tables before this migration cannot say what was written since")


# --- guards that changed ---------------------------------------------------------------------------------------------

REPLACED = ("stock_movements_move_on_hand", "vouchers_forward_update")


def _old_guards() -> list[tuple[str, str]]:
    first = v0001.GUARDS[op.get_bind().dialect.name]
    return [pair for name in REPLACED for pair in first if f" {name} " in pair[0] or f" {name}(" in pair[0]]


def _drop_old_guards() -> None:
    for _create, drop in _old_guards():
        op.execute(drop)


def _put_back_old_guards() -> None:
    for create, _drop in _old_guards():
        op.execute(create.replace(":", "\\:"))
