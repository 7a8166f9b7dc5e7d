"""The guards that come with merchants. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER merchant_statements_append_only_update BEFORE UPDATE ON merchant_statements BEGIN SELECT RAISE(ABORT, 'merchant_statements is append-only'); END""",
        """DROP TRIGGER IF EXISTS merchant_statements_append_only_update""",
    ),
    (
        """CREATE TRIGGER merchant_statements_append_only_delete BEFORE DELETE ON merchant_statements BEGIN SELECT RAISE(ABORT, 'merchant_statements is append-only'); END""",
        """DROP TRIGGER IF EXISTS merchant_statements_append_only_delete""",
    ),
    (
        """CREATE TRIGGER merchant_lines_append_only_update BEFORE UPDATE ON merchant_lines BEGIN SELECT RAISE(ABORT, 'merchant_lines is append-only'); END""",
        """DROP TRIGGER IF EXISTS merchant_lines_append_only_update""",
    ),
    (
        """CREATE TRIGGER merchant_lines_append_only_delete BEFORE DELETE ON merchant_lines BEGIN SELECT RAISE(ABORT, 'merchant_lines is append-only'); END""",
        """DROP TRIGGER IF EXISTS merchant_lines_append_only_delete""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION merchant_statements_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'merchant_statements is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER merchant_statements_append_only_update BEFORE UPDATE ON merchant_statements FOR EACH ROW EXECUTE FUNCTION merchant_statements_append_only_update()""",
        """DROP TRIGGER IF EXISTS merchant_statements_append_only_update ON merchant_statements; DROP FUNCTION IF EXISTS merchant_statements_append_only_update()""",
    ),
    (
        """CREATE FUNCTION merchant_statements_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'merchant_statements is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER merchant_statements_append_only_delete BEFORE DELETE ON merchant_statements FOR EACH ROW EXECUTE FUNCTION merchant_statements_append_only_delete()""",
        """DROP TRIGGER IF EXISTS merchant_statements_append_only_delete ON merchant_statements; DROP FUNCTION IF EXISTS merchant_statements_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION merchant_lines_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'merchant_lines is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER merchant_lines_append_only_update BEFORE UPDATE ON merchant_lines FOR EACH ROW EXECUTE FUNCTION merchant_lines_append_only_update()""",
        """DROP TRIGGER IF EXISTS merchant_lines_append_only_update ON merchant_lines; DROP FUNCTION IF EXISTS merchant_lines_append_only_update()""",
    ),
    (
        """CREATE FUNCTION merchant_lines_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'merchant_lines is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER merchant_lines_append_only_delete BEFORE DELETE ON merchant_lines FOR EACH ROW EXECUTE FUNCTION merchant_lines_append_only_delete()""",
        """DROP TRIGGER IF EXISTS merchant_lines_append_only_delete ON merchant_lines; DROP FUNCTION IF EXISTS merchant_lines_append_only_delete()""",
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
