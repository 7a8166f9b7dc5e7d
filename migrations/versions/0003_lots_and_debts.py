"""Lots, and what a rider owes.

Points that were there before become one open lot per wallet that never expires: nobody loses points by a migration.
On SQLite nothing is rebuilt: a rebuilt table would lose its triggers, and its rows are referred to from elsewhere.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime
from migrations.guards import v0003 as guards

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "debt_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("share_percent", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("share_percent BETWEEN 0 AND 100", name=op.f("ck_debt_policies_share_percent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt_policies")),
    )
    with op.batch_alter_table("debt_policies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_debt_policies_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "lots",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("told_days", sa.Integer(), nullable=True),
        sa.CheckConstraint("due_on >= expires_on", name=op.f("ck_lots_due_on")),
        sa.CheckConstraint("held BETWEEN 0 AND points", name=op.f("ck_lots_no_overdraft")),
        sa.CheckConstraint("points >= 0", name=op.f("ck_lots_points")),
        sa.CheckConstraint("told_days IN (30, 7)", name=op.f("ck_lots_told_days")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_lots_account_id")),
        sa.PrimaryKeyConstraint("account_id", "expires_on", name=op.f("pk_lots")),
    )
    with op.batch_alter_table("lots", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lots_due",
            ["due_on"],
            unique=False,
            postgresql_where=sa.text("points > 0"),
            sqlite_where=sa.text("points > 0"),
        )
        batch_op.create_index(
            "ix_lots_open",
            ["account_id", "due_on"],
            unique=False,
            postgresql_where=sa.text("points > 0"),
            sqlite_where=sa.text("points > 0"),
        )
        batch_op.create_index(
            "ix_lots_told",
            ["told_days", "due_on"],
            unique=False,
            postgresql_where=sa.text("points > 0"),
            sqlite_where=sa.text("points > 0"),
        )

    op.create_table(
        "lot_holds",
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_lot_holds_points")),
        sa.ForeignKeyConstraint(
            ["account_id", "expires_on"],
            ["lots.account_id", "lots.expires_on"],
            name=op.f("fk_lot_holds_account_id"),
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_lot_holds_hold_id")),
        sa.PrimaryKeyConstraint("hold_id", "expires_on", name=op.f("pk_lot_holds")),
    )
    with op.batch_alter_table("lot_holds", schema=None) as batch_op:
        batch_op.create_index("ix_lot_holds_account_id", ["account_id", "expires_on"], unique=False)

    op.create_table(
        "lot_moves",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_lot_moves_amount")),
        sa.ForeignKeyConstraint(
            ["account_id", "expires_on"],
            ["lots.account_id", "lots.expires_on"],
            name=op.f("fk_lot_moves_account_id"),
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_lot_moves_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "expires_on", name=op.f("pk_lot_moves")),
    )
    with op.batch_alter_table("lot_moves", schema=None) as batch_op:
        batch_op.create_index("ix_lot_moves_account_id", ["account_id", "expires_on"], unique=False)

    _change_accounts(OLD_ACCOUNTS, NEW_ACCOUNTS)
    op.add_column("entries", sa.Column("expires_on", sa.Date(), nullable=True))
    _add_returns_id()
    op.create_index(
        "ix_entries_returns_id",
        "entries",
        ["returns_id"],
        unique=False,
        postgresql_where=sa.text("returns_id IS NOT NULL"),
        sqlite_where=sa.text("returns_id IS NOT NULL"),
    )
    _fill_lots()
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    op.drop_index("ix_entries_returns_id", "entries")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("fk_entries_returns_id"), "entries", type_="foreignkey")
    op.drop_column("entries", "returns_id")
    op.drop_column("entries", "expires_on")
    _change_accounts(NEW_ACCOUNTS, OLD_ACCOUNTS)
    with op.batch_alter_table("lot_moves", schema=None) as batch_op:
        batch_op.drop_index("ix_lot_moves_account_id")

    op.drop_table("lot_moves")
    with op.batch_alter_table("lot_holds", schema=None) as batch_op:
        batch_op.drop_index("ix_lot_holds_account_id")

    op.drop_table("lot_holds")
    with op.batch_alter_table("lots", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_lots_told", postgresql_where=sa.text("points > 0"), sqlite_where=sa.text("points > 0")
        )
        batch_op.drop_index(
            "ix_lots_open", postgresql_where=sa.text("points > 0"), sqlite_where=sa.text("points > 0")
        )
        batch_op.drop_index(
            "ix_lots_due", postgresql_where=sa.text("points > 0"), sqlite_where=sa.text("points > 0")
        )

    op.drop_table("lots")
    with op.batch_alter_table("debt_policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_debt_policies_starts_at"))

    op.drop_table("debt_policies")


# --- accounts: two more kinds, and a debt is never overpaid -----------------------------------------------------------

_KINDS = (
    "('wallet', 'pending', 'budget', 'issuance', 'settlement', 'redemption', 'expiry', 'correction', "
    "'offline-unmatched'"
)
_DEBT = "kind <> 'debt' OR balance <= 0"
OLD_ACCOUNTS = {"ck_accounts_kind": f"kind IN {_KINDS})"}
NEW_ACCOUNTS = {"ck_accounts_kind": f"kind IN {_KINDS}, 'debt', 'write-off')", "ck_accounts_debt": _DEBT}


def _change_accounts(old: dict[str, str], new: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite_accounts(old, new)
        return
    for name in old:
        op.drop_constraint(op.f(name), "accounts", type_="check")
    for name, condition in new.items():
        op.create_check_constraint(op.f(name), "accounts", condition)


def _rewrite_accounts(old: dict[str, str], new: dict[str, str]) -> None:
    """Change the constraints in the table's definition, as SQLite's manual says for changes that touch no row."""
    version = op.get_bind().scalar(sa.text("PRAGMA schema_version"))
    definition = op.get_bind().scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = 'accounts'"))
    was, becomes = (
        ", \n\t".join(f"CONSTRAINT {name} CHECK ({condition})" for name, condition in checks.items())
        for checks in (old, new)
    )
    if was not in definition:
        raise RuntimeError("the table of accounts is not as the first migration made it")
    op.execute("PRAGMA writable_schema = ON")
    op.get_bind().execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'accounts'"),
        {"sql": definition.replace(was, becomes)},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")


def _add_returns_id() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE entries ADD COLUMN returns_id CHAR(32) "
            "CONSTRAINT fk_entries_returns_id REFERENCES entries (id)"
        )
        return
    op.add_column("entries", sa.Column("returns_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_entries_returns_id"), "entries", "entries", ["returns_id"], ["id"])


def _fill_lots() -> None:
    """One open lot per wallet, with every move and every hold there ever was."""
    op.execute(
        "INSERT INTO lots (account_id, expires_on, due_on, points, held) "
        "SELECT id, '9999-12-31', '9999-12-31', balance, held FROM accounts WHERE kind = 'wallet' "
        "AND EXISTS (SELECT 1 FROM entries WHERE entries.account_id = accounts.id)"
    )
    op.execute(
        "INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) "
        "SELECT entries.id, account_id, '9999-12-31', amount FROM entries "
        "JOIN accounts ON accounts.id = entries.account_id WHERE accounts.kind = 'wallet'"
    )
    op.execute(
        "INSERT INTO lot_holds (hold_id, account_id, expires_on, points) "
        "SELECT id, account_id, '9999-12-31', points FROM holds"
    )
