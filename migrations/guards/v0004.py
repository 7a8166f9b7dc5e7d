"""The guards that come with offline-sync. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER sync_items_guard_update BEFORE UPDATE ON sync_items WHEN NOT ((OLD.state = 'waiting' OR NEW.state = OLD.state OR (OLD.state = 'review' AND NEW.state IN ('counted', 'refused'))) AND NEW.kind = OLD.kind AND NEW.body = OLD.body AND NEW.hash = OLD.hash AND NEW.happened_at = OLD.happened_at AND NEW.arrived_at = OLD.arrived_at) BEGIN SELECT RAISE(ABORT, 'what came in stays as it came, and is settled once'); END""",
        """DROP TRIGGER IF EXISTS sync_items_guard_update""",
    ),
    (
        """CREATE TRIGGER sync_items_guard_delete BEFORE DELETE ON sync_items WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'nothing that came in is lost'); END""",
        """DROP TRIGGER IF EXISTS sync_items_guard_delete""",
    ),
    (
        """CREATE TRIGGER sync_conflicts_guard_update BEFORE UPDATE ON sync_conflicts WHEN OLD.decided_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a conflict is decided once'); END""",
        """DROP TRIGGER IF EXISTS sync_conflicts_guard_update""",
    ),
    (
        """CREATE TRIGGER sync_conflicts_guard_delete BEFORE DELETE ON sync_conflicts WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'a conflict is never lost'); END""",
        """DROP TRIGGER IF EXISTS sync_conflicts_guard_delete""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION sync_items_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'what came in stays as it came, and is settled once' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER sync_items_guard_update BEFORE UPDATE ON sync_items FOR EACH ROW WHEN (NOT ((OLD.state = 'waiting' OR NEW.state = OLD.state OR (OLD.state = 'review' AND NEW.state IN ('counted', 'refused'))) AND NEW.kind = OLD.kind AND NEW.body = OLD.body AND NEW.hash = OLD.hash AND NEW.happened_at = OLD.happened_at AND NEW.arrived_at = OLD.arrived_at)) EXECUTE FUNCTION sync_items_guard_update()""",
        """DROP TRIGGER IF EXISTS sync_items_guard_update ON sync_items; DROP FUNCTION IF EXISTS sync_items_guard_update()""",
    ),
    (
        """CREATE FUNCTION sync_items_guard_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nothing that came in is lost' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER sync_items_guard_delete BEFORE DELETE ON sync_items FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION sync_items_guard_delete()""",
        """DROP TRIGGER IF EXISTS sync_items_guard_delete ON sync_items; DROP FUNCTION IF EXISTS sync_items_guard_delete()""",
    ),
    (
        """CREATE FUNCTION sync_conflicts_guard_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a conflict is decided once' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER sync_conflicts_guard_update BEFORE UPDATE ON sync_conflicts FOR EACH ROW WHEN (OLD.decided_at IS NOT NULL) EXECUTE FUNCTION sync_conflicts_guard_update()""",
        """DROP TRIGGER IF EXISTS sync_conflicts_guard_update ON sync_conflicts; DROP FUNCTION IF EXISTS sync_conflicts_guard_update()""",
    ),
    (
        """CREATE FUNCTION sync_conflicts_guard_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a conflict is never lost' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER sync_conflicts_guard_delete BEFORE DELETE ON sync_conflicts FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION sync_conflicts_guard_delete()""",
        """DROP TRIGGER IF EXISTS sync_conflicts_guard_delete ON sync_conflicts; DROP FUNCTION IF EXISTS sync_conflicts_guard_delete()""",
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
