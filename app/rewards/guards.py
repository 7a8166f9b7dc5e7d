"""What the database itself refuses, as triggers for both databases.

stock_movements   a new one moves what is on hand, a hand-over also what is promised; none ever changes
vouchers, refunds, day closes and their lines, statements   only move forward: what they say first, they say for ever
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table

from app.kernel.db import append_only, ddl_for

# An item that was promised leaves with its promise: one update of the stock row for both.
_MOVE = (
    "UPDATE stock SET on_hand = on_hand + NEW.quantity,"
    " held = held - CASE WHEN NEW.kind = 'hand_over' THEN 1 ELSE 0 END WHERE id = NEW.stock_id"
)


def _as_it_was(column: str) -> str:
    """What may be unknown stays what it was: of two that are unknown, a comparison alone says neither yes nor no."""
    return f"COALESCE(NEW.{column} = OLD.{column}, NEW.{column} IS NULL AND OLD.{column} IS NULL)"


_VOUCHER_STEPS = (
    "(OLD.state = 'reserved' AND NEW.state IN ('handed_over', 'cancelled', 'expired'))"
    " OR (OLD.state = 'handed_over' AND NEW.state IN ('undone', 'refunded')"
    f" AND NEW.handed_over_at = OLD.handed_over_at AND {_as_it_was('handed_over_by')})"
)
_VOUCHER_KEEPS = (
    "id",
    "serial",
    "person_id",
    "reward_id",
    "station_id",
    "stock_id",
    "hold_id",
    "points",
    "reserved_by",
    "period_on",
    "reserved_at",
    "expires_at",
)


def attach(*, movements: Table, vouchers: Table) -> None:
    """Put the triggers of stock and vouchers beside their tables."""
    append_only(movements)
    ddl_for(
        movements,
        sqlite=(
            f"CREATE TRIGGER stock_movements_move_on_hand AFTER INSERT ON stock_movements BEGIN {_MOVE}; END",
            "DROP TRIGGER IF EXISTS stock_movements_move_on_hand",
        ),
        postgresql=(
            (
                "CREATE FUNCTION stock_movements_move_on_hand() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN {_MOVE}; RETURN NULL; END $$;"
                " CREATE TRIGGER stock_movements_move_on_hand AFTER INSERT ON stock_movements"
                " FOR EACH ROW EXECUTE FUNCTION stock_movements_move_on_hand()"
            ),
            (
                "DROP TRIGGER IF EXISTS stock_movements_move_on_hand ON stock_movements;"
                " DROP FUNCTION IF EXISTS stock_movements_move_on_hand()"
            ),
        ),
    )
    forward_only(vouchers, steps=_VOUCHER_STEPS, keeps=_VOUCHER_KEEPS)


def forward_only(table: Table, *, steps: str, keeps: Sequence[str]) -> None:
    """Rows of this table change only by these steps, keep these columns, and are never deleted."""
    same = [
        _as_it_was(name) if table.columns[name].nullable else f"NEW.{name} = OLD.{name}" for name in keeps
    ]
    kept = "".join(f" AND {each}" for each in same)
    _refuse(table, f"{table.name}_forward_update", "UPDATE", f"NOT (({steps}){kept})")
    _refuse(table, f"{table.name}_forward_delete", "DELETE", "1 = 1")


def _refuse(table: Table, name: str, action: str, condition: str) -> None:
    refusal = f"{table.name} only move forward"
    ddl_for(
        table,
        sqlite=(
            (
                f"CREATE TRIGGER {name} BEFORE {action} ON {table.name} WHEN {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            ),
            f"DROP TRIGGER IF EXISTS {name}",
        ),
        postgresql=(
            (
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'check_violation'; END $$;"
                f" CREATE TRIGGER {name} BEFORE {action} ON {table.name} FOR EACH ROW WHEN ({condition})"
                f" EXECUTE FUNCTION {name}()"
            ),
            f"DROP TRIGGER IF EXISTS {name} ON {table.name}; DROP FUNCTION IF EXISTS {name}()",
        ),
    )
