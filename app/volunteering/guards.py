"""What the database itself refuses about hours: two at once of one person, and any of an activity that was made up."""

from __future__ import annotations

from sqlalchemy import Table

from app.kernel.db import ddl_for

OVERLAP = "ex_hours_no_overlap"
MADE_UP = "hours_of_a_void_activity"
FOR_GOOD = "activities_void_for_good"
_ANY_LEFT = "EXISTS (SELECT 1 FROM hours WHERE activity_id = NEW.id AND state <> 'rejected')"
_LEFT_OR_BACK = f"(NEW.state = 'void' AND {_ANY_LEFT}) OR (OLD.state = 'void' AND NEW.state <> 'void')"


# Two intervals of one person written at the same moment: on PostgreSQL the exclusion constraint lets one pass, at any
# isolation level. Equality of uuids in a GiST index would need the btree_gist extension, which not every server
# grants; ranges are built in, so the two halves of the id stand in it as ranges of one number each.
# On SQLite writers queue (BEGIN IMMEDIATE), so a trigger that looks for the other interval is enough.
def _half(first: int) -> str:
    number = f"(('x' || substr(replace(person_id::text, '-', ''), {first}, 16))::bit(64)::bigint)"
    return f"int8range({number}, {number}, '[]') WITH &&"


def no_overlap(table: Table) -> None:
    """Hours of one person that were not rejected are disjoint."""
    clash = (
        "EXISTS (SELECT 1 FROM hours WHERE person_id = NEW.person_id AND id <> NEW.id AND state <> 'rejected' "
        "AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at)"
    )
    for action, when in (("insert", "INSERT"), ("update", "UPDATE OF person_id, starts_at, ends_at, state")):
        trigger = (
            f"CREATE TRIGGER {OVERLAP}_{action} BEFORE {when} ON hours "
            f"WHEN NEW.state <> 'rejected' AND {clash} BEGIN SELECT RAISE(ABORT, '{OVERLAP}'); END"
        )
        ddl_for(table, sqlite=(trigger, f"DROP TRIGGER IF EXISTS {OVERLAP}_{action}"))
    constraint = (
        f"ALTER TABLE hours ADD CONSTRAINT {OVERLAP} EXCLUDE USING gist ({_half(1)}, {_half(17)}, "
        "tstzrange(starts_at, ends_at) WITH &&) WHERE (state <> 'rejected')"
    )
    ddl_for(table, postgresql=(constraint, f"ALTER TABLE hours DROP CONSTRAINT IF EXISTS {OVERLAP}"))


def none_of_a_void_activity(table: Table) -> None:
    """Hours of an activity that was made up neither wait nor count.

    On PostgreSQL the activity is held for the look: whoever finds it void at this moment is waited for and seen.
    """
    void = "(SELECT state FROM activities WHERE id = NEW.activity_id) = 'void'"
    for action, when in (("insert", "INSERT"), ("update", "UPDATE OF activity_id, state")):
        trigger = (
            f"CREATE TRIGGER {MADE_UP}_{action} BEFORE {when} ON hours "
            f"WHEN NEW.state <> 'rejected' AND {void} BEGIN SELECT RAISE(ABORT, '{MADE_UP}'); END"
        )
        ddl_for(table, sqlite=(trigger, f"DROP TRIGGER IF EXISTS {MADE_UP}_{action}"))
    looks = "SELECT a.state INTO found FROM activities a WHERE a.id = NEW.activity_id FOR SHARE"
    refuses = f"IF found = 'void' THEN {_complaint(MADE_UP)} END IF"
    function = f"DECLARE found text; BEGIN {looks}; {refuses}; RETURN NEW; END"
    when = (
        "BEFORE INSERT OR UPDATE OF activity_id, state ON hours FOR EACH ROW WHEN (NEW.state <> 'rejected')"
    )
    ddl_for(table, postgresql=_by_function(table, MADE_UP, function, when))


def void_for_good(table: Table) -> None:
    """An activity is found void when none of its hours wait or count, and stays it."""
    ddl_for(
        table,
        sqlite=(
            (
                f"CREATE TRIGGER {FOR_GOOD} BEFORE UPDATE OF state ON activities "
                f"WHEN {_LEFT_OR_BACK} BEGIN SELECT RAISE(ABORT, '{FOR_GOOD}'); END"
            ),
            f"DROP TRIGGER IF EXISTS {FOR_GOOD}",
        ),
        postgresql=_by_function(
            table,
            FOR_GOOD,
            f"BEGIN IF {_LEFT_OR_BACK} THEN {_complaint(FOR_GOOD)} END IF; RETURN NEW; END",
            "BEFORE UPDATE OF state ON activities FOR EACH ROW WHEN ('void' IN (OLD.state, NEW.state))",
        ),
    )


def _complaint(message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation';"


def _by_function(table: Table, name: str, body: str, when: str) -> tuple[str, str]:
    return (
        (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$; "
            f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()"
        ),
        f"DROP TRIGGER IF EXISTS {name} ON {table.name}; DROP FUNCTION IF EXISTS {name}()",
    )
