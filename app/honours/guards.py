"""What the database itself refuses about honours, as triggers for both databases."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table

from app.kernel.db import ddl_for


def fix_once_set(table: Table, columns: Sequence[str], *, always: Sequence[str] = ()) -> None:
    """Columns of `always` never change; the others are written once, from nothing. Rows are never deleted."""
    moved = [f"(NEW.{each} <> OLD.{each})" for each in always]
    moved += [
        f"(OLD.{each} IS NOT NULL AND (NEW.{each} IS NULL OR NEW.{each} <> OLD.{each}))" for each in columns
    ]
    _refuse(table, f"{table.name}_fixed", "UPDATE", " OR ".join(moved))
    _refuse(table, f"{table.name}_kept", "DELETE", "1 = 1")


def _refuse(table: Table, name: str, action: str, condition: str) -> None:
    """A trigger that refuses an action on rows for which the condition holds."""
    complaint = f"RAISE EXCEPTION '{name}' USING ERRCODE = 'check_violation'"
    function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {complaint}; END $$"
    trigger = f"CREATE TRIGGER {name} BEFORE {action} ON {table.name}"
    when = f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
    ddl_for(
        table,
        sqlite=(
            f"{trigger} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}'); END",
            f"DROP TRIGGER IF EXISTS {name}",
        ),
        postgresql=(
            f"{function}; {trigger} {when}",
            f"DROP TRIGGER IF EXISTS {name} ON {table.name}; DROP FUNCTION IF EXISTS {name}()",
        ),
    )
