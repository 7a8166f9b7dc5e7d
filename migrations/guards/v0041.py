"""The guards of activities that were made up. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER activities_void_for_good BEFORE UPDATE OF state ON activities WHEN (NEW.state = 'void' AND EXISTS (SELECT 1 FROM hours WHERE activity_id = NEW.id AND state <> 'rejected')) OR (OLD.state = 'void' AND NEW.state <> 'void') BEGIN SELECT RAISE(ABORT, 'activities_void_for_good'); END""",
        """DROP TRIGGER IF EXISTS activities_void_for_good""",
    ),
    (
        """CREATE TRIGGER hours_of_a_void_activity_insert BEFORE INSERT ON hours WHEN NEW.state <> 'rejected' AND (SELECT state FROM activities WHERE id = NEW.activity_id) = 'void' BEGIN SELECT RAISE(ABORT, 'hours_of_a_void_activity'); END""",
        """DROP TRIGGER IF EXISTS hours_of_a_void_activity_insert""",
    ),
    (
        """CREATE TRIGGER hours_of_a_void_activity_update BEFORE UPDATE OF activity_id, state ON hours WHEN NEW.state <> 'rejected' AND (SELECT state FROM activities WHERE id = NEW.activity_id) = 'void' BEGIN SELECT RAISE(ABORT, 'hours_of_a_void_activity'); END""",
        """DROP TRIGGER IF EXISTS hours_of_a_void_activity_update""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION activities_void_for_good() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (NEW.state = 'void' AND EXISTS (SELECT 1 FROM hours WHERE activity_id = NEW.id AND state <> 'rejected')) OR (OLD.state = 'void' AND NEW.state <> 'void') THEN RAISE EXCEPTION 'activities_void_for_good' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$; CREATE TRIGGER activities_void_for_good BEFORE UPDATE OF state ON activities FOR EACH ROW WHEN ('void' IN (OLD.state, NEW.state)) EXECUTE FUNCTION activities_void_for_good()""",
        """DROP TRIGGER IF EXISTS activities_void_for_good ON activities; DROP FUNCTION IF EXISTS activities_void_for_good()""",
    ),
    (
        """CREATE FUNCTION hours_of_a_void_activity() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE found text; BEGIN SELECT a.state INTO found FROM activities a WHERE a.id = NEW.activity_id FOR SHARE; IF found = 'void' THEN RAISE EXCEPTION 'hours_of_a_void_activity' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$; CREATE TRIGGER hours_of_a_void_activity BEFORE INSERT OR UPDATE OF activity_id, state ON hours FOR EACH ROW WHEN (NEW.state <> 'rejected') EXECUTE FUNCTION hours_of_a_void_activity()""",
        """DROP TRIGGER IF EXISTS hours_of_a_void_activity ON hours; DROP FUNCTION IF EXISTS hours_of_a_void_activity()""",
    ),
)

GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def put_up(dialect: str) -> None:
    """Create every guard of this dialect."""
    for create, _drop in GUARDS[dialect]:
        op.execute(create.replace(":", "\\:"))


def take_down(dialect: str) -> None:
    """Drop them again, the last one first."""
    for _create, drop in reversed(GUARDS[dialect]):
        op.execute(drop.replace(":", "\\:"))
