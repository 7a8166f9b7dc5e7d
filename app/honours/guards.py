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


def keep_refusals(table: Table) -> None:
    """A no stays a no, a row stays what it is about, and nothing is taken out of sight by deleting."""
    moved = ("id", "voice_id", "media_id", "shows")
    changed = " OR ".join(f"NEW.{each} <> OLD.{each}" for each in moved)
    _refuse(table, f"{table.name}_refused", "UPDATE", f"OLD.answer = 'refused' OR {changed}")
    _refuse(table, f"{table.name}_kept", "DELETE", "1 = 1")


def announce_only_what_was_agreed(table: Table) -> None:
    """A selection begins as a draft. It goes on notice only with where to object, and on notice or final only while
    the last record of a meeting agreed and nobody was taken in or out since."""
    name = f"{table.name}_announced"
    said = ("contact_phone", "contact_place", "contact_hours")
    contact = " OR ".join(f"trim(coalesce(NEW.{each}, '')) = ''" for each in said)
    rules = (
        (f"{name}_contact", f"NEW.state = 'notice' AND ({contact})"),
        (f"{name}_meeting", f"NOT {_AGREED}"),
    )
    moved = "NEW.state IN ('notice', 'final') AND NEW.state <> OLD.state"
    before = f"CREATE TRIGGER {name} BEFORE UPDATE ON {table.name}"
    aborts = " ".join(f"SELECT RAISE(ABORT, '{word}') WHERE {broken};" for word, broken in rules)
    raises = " ".join(
        f"IF {broken} THEN RAISE EXCEPTION '{word}' USING ERRCODE = 'check_violation'; END IF;"
        for word, broken in rules
    )
    function = (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {raises} RETURN NEW; END $$"
    )
    when = f"FOR EACH ROW WHEN ({moved}) EXECUTE FUNCTION {name}()"
    ddl_for(
        table,
        sqlite=(f"{before} WHEN {moved} BEGIN {aborts} END", f"DROP TRIGGER IF EXISTS {name}"),
        postgresql=(
            f"{function}; {before} {when}",
            f"DROP TRIGGER IF EXISTS {name} ON {table.name}; DROP FUNCTION IF EXISTS {name}()",
        ),
    )
    _refuse(table, f"{table.name}_begun", "INSERT", "NEW.state <> 'draft'")


# Ids sort by time, so "later" is a larger id.
_AGREED = (
    "EXISTS (SELECT 1 FROM review_meetings held WHERE held.selection_id = NEW.id "
    "AND held.votes_for > held.votes_against "
    "AND NOT EXISTS (SELECT 1 FROM review_meetings later WHERE later.selection_id = NEW.id AND later.id > held.id) "
    "AND NOT EXISTS (SELECT 1 FROM candidate_decisions decided JOIN candidates ON candidates.id = decided.candidate_id "
    "WHERE candidates.selection_id = NEW.id AND decided.id > held.id))"
)
