"""The guards of head counts. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER head_counts_append_only_update BEFORE UPDATE ON head_counts BEGIN SELECT RAISE(ABORT, 'head_counts is append-only'); END""",
        """DROP TRIGGER IF EXISTS head_counts_append_only_update""",
    ),
    (
        """CREATE TRIGGER head_counts_append_only_delete BEFORE DELETE ON head_counts BEGIN SELECT RAISE(ABORT, 'head_counts is append-only'); END""",
        """DROP TRIGGER IF EXISTS head_counts_append_only_delete""",
    ),
    (
        """CREATE TRIGGER heads_append_only_update BEFORE UPDATE ON heads BEGIN SELECT RAISE(ABORT, 'heads is append-only'); END""",
        """DROP TRIGGER IF EXISTS heads_append_only_update""",
    ),
    (
        """CREATE TRIGGER heads_append_only_delete BEFORE DELETE ON heads BEGIN SELECT RAISE(ABORT, 'heads is append-only'); END""",
        """DROP TRIGGER IF EXISTS heads_append_only_delete""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION head_counts_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'head_counts is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER head_counts_append_only_update BEFORE UPDATE ON head_counts FOR EACH ROW EXECUTE FUNCTION head_counts_append_only_update()""",
        """DROP TRIGGER IF EXISTS head_counts_append_only_update ON head_counts; DROP FUNCTION IF EXISTS head_counts_append_only_update()""",
    ),
    (
        """CREATE FUNCTION head_counts_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'head_counts is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER head_counts_append_only_delete BEFORE DELETE ON head_counts FOR EACH ROW EXECUTE FUNCTION head_counts_append_only_delete()""",
        """DROP TRIGGER IF EXISTS head_counts_append_only_delete ON head_counts; DROP FUNCTION IF EXISTS head_counts_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION heads_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'heads is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER heads_append_only_update BEFORE UPDATE ON heads FOR EACH ROW EXECUTE FUNCTION heads_append_only_update()""",
        """DROP TRIGGER IF EXISTS heads_append_only_update ON heads; DROP FUNCTION IF EXISTS heads_append_only_update()""",
    ),
    (
        """CREATE FUNCTION heads_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'heads is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER heads_append_only_delete BEFORE DELETE ON heads FOR EACH ROW EXECUTE FUNCTION heads_append_only_delete()""",
        """DROP TRIGGER IF EXISTS heads_append_only_delete ON heads; DROP FUNCTION IF EXISTS heads_append_only_delete()""",
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
