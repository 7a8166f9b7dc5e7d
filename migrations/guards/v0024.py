"""The guards that come with snapshot-places. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER snapshot_places_append_only_update BEFORE UPDATE ON snapshot_places BEGIN SELECT RAISE(ABORT, 'snapshot_places is append-only'); END""",
        """DROP TRIGGER IF EXISTS snapshot_places_append_only_update""",
    ),
    (
        """CREATE TRIGGER snapshot_places_append_only_delete BEFORE DELETE ON snapshot_places BEGIN SELECT RAISE(ABORT, 'snapshot_places is append-only'); END""",
        """DROP TRIGGER IF EXISTS snapshot_places_append_only_delete""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION snapshot_places_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'snapshot_places is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER snapshot_places_append_only_update BEFORE UPDATE ON snapshot_places FOR EACH ROW EXECUTE FUNCTION snapshot_places_append_only_update()""",
        """DROP TRIGGER IF EXISTS snapshot_places_append_only_update ON snapshot_places; DROP FUNCTION IF EXISTS snapshot_places_append_only_update()""",
    ),
    (
        """CREATE FUNCTION snapshot_places_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'snapshot_places is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER snapshot_places_append_only_delete BEFORE DELETE ON snapshot_places FOR EACH ROW EXECUTE FUNCTION snapshot_places_append_only_delete()""",
        """DROP TRIGGER IF EXISTS snapshot_places_append_only_delete ON snapshot_places; DROP FUNCTION IF EXISTS snapshot_places_append_only_delete()""",
    ),
)

GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}

GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def put_up(dialect: str) -> None:
    """Create every guard of this dialect."""
    for create, _drop in GUARDS[dialect]:
        op.execute(create.replace(":", "\\:"))


def take_down(dialect: str) -> None:
    """Drop them again, the last one first."""
    for _create, drop in reversed(GUARDS[dialect]):
        op.execute(drop.replace(":", "\\:"))
