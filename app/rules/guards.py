"""What the database itself refuses about rules, as triggers for both databases (and one constraint on PostgreSQL)."""

from __future__ import annotations

from sqlalchemy import Table

from app.kernel.db import ddl_for

PERIODS_OVERLAP = "ex_rule_sets_no_overlap"
NEVER_EDITED = "a published rule set version is never edited"
NEVER_REWRITTEN = "an award is never rewritten"

# A published version may do one thing only: end. Everything it says stays.
_WORDING = ("id", "rule_set_id", "number", "rules", "written_by", "written_at", "reviewed_by", "reviewed_at")
_DATES = ("published_by", "published_at", "starts_at")
_ENDS = "(OLD.state = 'published' AND NEW.state = 'retired')"

# An award's points, rule and reason never change; only where the points lie does, and only forward.
_REASON = (
    *(
        "id",
        "recorded_fact_id",
        "fact_kind",
        "fact_id",
        "person_id",
        "rule_key",
        "version_id",
        "points",
        "usable",
    ),
    *("explanation", "awarded_at"),
)
_STEPS = (
    ("queued", "pending"),
    ("queued", "active"),
    ("queued", "void"),
    ("pending", "active"),
    ("pending", "void"),
    ("active", "void"),  # only by unwinding: the fact was found void
)


def _changed(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"(NEW.{column} <> OLD.{column})" for column in columns)


def _refuse(table: Table, name: str, action: str, condition: str, message: str) -> None:
    """A trigger that refuses an action on rows for which the condition holds."""
    abort = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    complaint = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'"
    function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {complaint}; END $$"
    when = f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
    ddl_for(
        table,
        sqlite=(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table.name} WHEN {condition} {abort}",
            f"DROP TRIGGER IF EXISTS {name}",
        ),
        postgresql=(
            f"{function}; CREATE TRIGGER {name} BEFORE {action} ON {table.name} {when}",
            f"DROP TRIGGER IF EXISTS {name} ON {table.name}; DROP FUNCTION IF EXISTS {name}()",
        ),
    )


def fix_published_versions(table: Table) -> None:
    """A published version can only be retired, and never goes away."""
    fixed = "OLD.state IN ('published', 'retired')"
    edited = f"{fixed} AND (NOT {_ENDS} OR {_changed(_WORDING + _DATES)})"
    _refuse(table, "rule_set_versions_never_edited", "UPDATE", edited, NEVER_EDITED)
    _refuse(table, "rule_set_versions_never_deleted", "DELETE", fixed, NEVER_EDITED)


def never_rewrite_awards(table: Table) -> None:
    """An award only moves forward, or begins a new round."""
    forward = " OR ".join(f"(OLD.state = '{before}' AND NEW.state = '{after}')" for before, after in _STEPS)
    again = "(OLD.state = 'void' AND NEW.state = 'queued' AND NEW.round = OLD.round + 1)"
    rewritten = f"NOT (OLD.state = NEW.state OR {forward} OR {again}) OR {_changed(_REASON)}"
    _refuse(table, "awards_never_rewritten", "UPDATE", rewritten, NEVER_REWRITTEN)
    _refuse(table, "awards_never_deleted", "DELETE", "1 = 1", NEVER_REWRITTEN)


def keep_periods_apart(table: Table) -> None:
    """Two rule sets of one region never cover the same day, also when they are opened at the same moment.

    On PostgreSQL the exclusion constraint lets one pass; a range of one number stands in for the region's code, as
    equality of texts would need an extension. SQLite writers queue, so a trigger that looks for the other is enough.
    """
    clash = (
        "EXISTS (SELECT 1 FROM rule_sets WHERE region_code = NEW.region_code AND id <> NEW.id"
        " AND (ends_on IS NULL OR ends_on >= NEW.starts_on)"
        " AND (NEW.ends_on IS NULL OR starts_on <= NEW.ends_on))"
    )
    for action, when in (("insert", "INSERT"), ("update", "UPDATE OF region_code, starts_on, ends_on")):
        trigger = (
            f"CREATE TRIGGER {PERIODS_OVERLAP}_{action} BEFORE {when} ON rule_sets "
            f"WHEN {clash} BEGIN SELECT RAISE(ABORT, '{PERIODS_OVERLAP}'); END"
        )
        ddl_for(table, sqlite=(trigger, f"DROP TRIGGER IF EXISTS {PERIODS_OVERLAP}_{action}"))
    region = "numrange(region_code::numeric, region_code::numeric, '[]') WITH &&"
    constraint = (
        f"ALTER TABLE rule_sets ADD CONSTRAINT {PERIODS_OVERLAP} EXCLUDE USING gist "
        f"({region}, daterange(starts_on, ends_on, '[]') WITH &&)"
    )
    ddl_for(
        table, postgresql=(constraint, f"ALTER TABLE rule_sets DROP CONSTRAINT IF EXISTS {PERIODS_OVERLAP}")
    )
