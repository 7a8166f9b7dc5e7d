"""The guards that come with meetings of reviewers. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER review_meetings_append_only_update BEFORE UPDATE ON review_meetings BEGIN SELECT RAISE(ABORT, 'review_meetings is append-only'); END""",
        """DROP TRIGGER IF EXISTS review_meetings_append_only_update""",
    ),
    (
        """CREATE TRIGGER review_meetings_append_only_delete BEFORE DELETE ON review_meetings BEGIN SELECT RAISE(ABORT, 'review_meetings is append-only'); END""",
        """DROP TRIGGER IF EXISTS review_meetings_append_only_delete""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION review_meetings_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'review_meetings is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER review_meetings_append_only_update BEFORE UPDATE ON review_meetings FOR EACH ROW EXECUTE FUNCTION review_meetings_append_only_update()""",
        """DROP TRIGGER IF EXISTS review_meetings_append_only_update ON review_meetings; DROP FUNCTION IF EXISTS review_meetings_append_only_update()""",
    ),
    (
        """CREATE FUNCTION review_meetings_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'review_meetings is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER review_meetings_append_only_delete BEFORE DELETE ON review_meetings FOR EACH ROW EXECUTE FUNCTION review_meetings_append_only_delete()""",
        """DROP TRIGGER IF EXISTS review_meetings_append_only_delete ON review_meetings; DROP FUNCTION IF EXISTS review_meetings_append_only_delete()""",
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
