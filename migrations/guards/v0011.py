"""The guards that come with honour-roll. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER nomination_voices_append_only_update BEFORE UPDATE ON nomination_voices BEGIN SELECT RAISE(ABORT, 'nomination_voices is append-only'); END""",
        """DROP TRIGGER IF EXISTS nomination_voices_append_only_update""",
    ),
    (
        """CREATE TRIGGER nomination_voices_append_only_delete BEFORE DELETE ON nomination_voices BEGIN SELECT RAISE(ABORT, 'nomination_voices is append-only'); END""",
        """DROP TRIGGER IF EXISTS nomination_voices_append_only_delete""",
    ),
    (
        """CREATE TRIGGER recusals_append_only_update BEFORE UPDATE ON recusals BEGIN SELECT RAISE(ABORT, 'recusals is append-only'); END""",
        """DROP TRIGGER IF EXISTS recusals_append_only_update""",
    ),
    (
        """CREATE TRIGGER recusals_append_only_delete BEFORE DELETE ON recusals BEGIN SELECT RAISE(ABORT, 'recusals is append-only'); END""",
        """DROP TRIGGER IF EXISTS recusals_append_only_delete""",
    ),
    (
        """CREATE TRIGGER candidate_decisions_append_only_update BEFORE UPDATE ON candidate_decisions BEGIN SELECT RAISE(ABORT, 'candidate_decisions is append-only'); END""",
        """DROP TRIGGER IF EXISTS candidate_decisions_append_only_update""",
    ),
    (
        """CREATE TRIGGER candidate_decisions_append_only_delete BEFORE DELETE ON candidate_decisions BEGIN SELECT RAISE(ABORT, 'candidate_decisions is append-only'); END""",
        """DROP TRIGGER IF EXISTS candidate_decisions_append_only_delete""",
    ),
    (
        """CREATE TRIGGER honour_exports_append_only_update BEFORE UPDATE ON honour_exports BEGIN SELECT RAISE(ABORT, 'honour_exports is append-only'); END""",
        """DROP TRIGGER IF EXISTS honour_exports_append_only_update""",
    ),
    (
        """CREATE TRIGGER honour_exports_append_only_delete BEFORE DELETE ON honour_exports BEGIN SELECT RAISE(ABORT, 'honour_exports is append-only'); END""",
        """DROP TRIGGER IF EXISTS honour_exports_append_only_delete""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION nomination_voices_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nomination_voices is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER nomination_voices_append_only_update BEFORE UPDATE ON nomination_voices FOR EACH ROW EXECUTE FUNCTION nomination_voices_append_only_update()""",
        """DROP TRIGGER IF EXISTS nomination_voices_append_only_update ON nomination_voices; DROP FUNCTION IF EXISTS nomination_voices_append_only_update()""",
    ),
    (
        """CREATE FUNCTION nomination_voices_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nomination_voices is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER nomination_voices_append_only_delete BEFORE DELETE ON nomination_voices FOR EACH ROW EXECUTE FUNCTION nomination_voices_append_only_delete()""",
        """DROP TRIGGER IF EXISTS nomination_voices_append_only_delete ON nomination_voices; DROP FUNCTION IF EXISTS nomination_voices_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION recusals_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'recusals is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER recusals_append_only_update BEFORE UPDATE ON recusals FOR EACH ROW EXECUTE FUNCTION recusals_append_only_update()""",
        """DROP TRIGGER IF EXISTS recusals_append_only_update ON recusals; DROP FUNCTION IF EXISTS recusals_append_only_update()""",
    ),
    (
        """CREATE FUNCTION recusals_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'recusals is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER recusals_append_only_delete BEFORE DELETE ON recusals FOR EACH ROW EXECUTE FUNCTION recusals_append_only_delete()""",
        """DROP TRIGGER IF EXISTS recusals_append_only_delete ON recusals; DROP FUNCTION IF EXISTS recusals_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION candidate_decisions_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'candidate_decisions is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER candidate_decisions_append_only_update BEFORE UPDATE ON candidate_decisions FOR EACH ROW EXECUTE FUNCTION candidate_decisions_append_only_update()""",
        """DROP TRIGGER IF EXISTS candidate_decisions_append_only_update ON candidate_decisions; DROP FUNCTION IF EXISTS candidate_decisions_append_only_update()""",
    ),
    (
        """CREATE FUNCTION candidate_decisions_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'candidate_decisions is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER candidate_decisions_append_only_delete BEFORE DELETE ON candidate_decisions FOR EACH ROW EXECUTE FUNCTION candidate_decisions_append_only_delete()""",
        """DROP TRIGGER IF EXISTS candidate_decisions_append_only_delete ON candidate_decisions; DROP FUNCTION IF EXISTS candidate_decisions_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION honour_exports_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'honour_exports is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER honour_exports_append_only_update BEFORE UPDATE ON honour_exports FOR EACH ROW EXECUTE FUNCTION honour_exports_append_only_update()""",
        """DROP TRIGGER IF EXISTS honour_exports_append_only_update ON honour_exports; DROP FUNCTION IF EXISTS honour_exports_append_only_update()""",
    ),
    (
        """CREATE FUNCTION honour_exports_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'honour_exports is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER honour_exports_append_only_delete BEFORE DELETE ON honour_exports FOR EACH ROW EXECUTE FUNCTION honour_exports_append_only_delete()""",
        """DROP TRIGGER IF EXISTS honour_exports_append_only_delete ON honour_exports; DROP FUNCTION IF EXISTS honour_exports_append_only_delete()""",
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
