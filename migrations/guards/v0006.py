"""The guards that come with seals. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER seals_append_only_update BEFORE UPDATE ON seals BEGIN SELECT RAISE(ABORT, 'seals is append-only'); END""",
        """DROP TRIGGER IF EXISTS seals_append_only_update""",
    ),
    (
        """CREATE TRIGGER seals_append_only_delete BEFORE DELETE ON seals BEGIN SELECT RAISE(ABORT, 'seals is append-only'); END""",
        """DROP TRIGGER IF EXISTS seals_append_only_delete""",
    ),
    (
        """CREATE TRIGGER sealed_rows_append_only_update BEFORE UPDATE ON sealed_rows BEGIN SELECT RAISE(ABORT, 'sealed_rows is append-only'); END""",
        """DROP TRIGGER IF EXISTS sealed_rows_append_only_update""",
    ),
    (
        """CREATE TRIGGER sealed_rows_append_only_delete BEFORE DELETE ON sealed_rows BEGIN SELECT RAISE(ABORT, 'sealed_rows is append-only'); END""",
        """DROP TRIGGER IF EXISTS sealed_rows_append_only_delete""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION seals_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'seals is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER seals_append_only_update BEFORE UPDATE ON seals FOR EACH ROW EXECUTE FUNCTION seals_append_only_update()""",
        """DROP TRIGGER IF EXISTS seals_append_only_update ON seals; DROP FUNCTION IF EXISTS seals_append_only_update()""",
    ),
    (
        """CREATE FUNCTION seals_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'seals is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER seals_append_only_delete BEFORE DELETE ON seals FOR EACH ROW EXECUTE FUNCTION seals_append_only_delete()""",
        """DROP TRIGGER IF EXISTS seals_append_only_delete ON seals; DROP FUNCTION IF EXISTS seals_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION sealed_rows_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sealed_rows is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER sealed_rows_append_only_update BEFORE UPDATE ON sealed_rows FOR EACH ROW EXECUTE FUNCTION sealed_rows_append_only_update()""",
        """DROP TRIGGER IF EXISTS sealed_rows_append_only_update ON sealed_rows; DROP FUNCTION IF EXISTS sealed_rows_append_only_update()""",
    ),
    (
        """CREATE FUNCTION sealed_rows_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sealed_rows is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER sealed_rows_append_only_delete BEFORE DELETE ON sealed_rows FOR EACH ROW EXECUTE FUNCTION sealed_rows_append_only_delete()""",
        """DROP TRIGGER IF EXISTS sealed_rows_append_only_delete ON sealed_rows; DROP FUNCTION IF EXISTS sealed_rows_append_only_delete()""",
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
