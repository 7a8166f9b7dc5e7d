"""The guards that come with honours-criteria. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER criteria_versions_fixed BEFORE UPDATE ON criteria_versions WHEN (NEW.id <> OLD.id) OR (NEW.region_code <> OLD.region_code) OR (NEW.name <> OLD.name) OR (NEW.number <> OLD.number) OR (NEW.wording <> OLD.wording) OR (NEW.sha256 <> OLD.sha256) OR (NEW.written_by <> OLD.written_by) OR (NEW.written_at <> OLD.written_at) OR (OLD.approved_by IS NOT NULL AND (NEW.approved_by IS NULL OR NEW.approved_by <> OLD.approved_by)) OR (OLD.approved_at IS NOT NULL AND (NEW.approved_at IS NULL OR NEW.approved_at <> OLD.approved_at)) BEGIN SELECT RAISE(ABORT, 'criteria_versions_fixed'); END""",
        """DROP TRIGGER IF EXISTS criteria_versions_fixed""",
    ),
    (
        """CREATE TRIGGER criteria_versions_kept BEFORE DELETE ON criteria_versions WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'criteria_versions_kept'); END""",
        """DROP TRIGGER IF EXISTS criteria_versions_kept""",
    ),
    (
        """CREATE TRIGGER selections_fixed BEFORE UPDATE ON selections WHEN (NEW.id <> OLD.id) OR (NEW.created_by <> OLD.created_by) OR (NEW.created_at <> OLD.created_at) OR (OLD.snapshot IS NOT NULL AND (NEW.snapshot IS NULL OR NEW.snapshot <> OLD.snapshot)) OR (OLD.snapshot_sha256 IS NOT NULL AND (NEW.snapshot_sha256 IS NULL OR NEW.snapshot_sha256 <> OLD.snapshot_sha256)) OR (OLD.frozen_at IS NOT NULL AND (NEW.frozen_at IS NULL OR NEW.frozen_at <> OLD.frozen_at)) OR (OLD.approved_by IS NOT NULL AND (NEW.approved_by IS NULL OR NEW.approved_by <> OLD.approved_by)) OR (OLD.approved_at IS NOT NULL AND (NEW.approved_at IS NULL OR NEW.approved_at <> OLD.approved_at)) OR (OLD.finalised_at IS NOT NULL AND (NEW.finalised_at IS NULL OR NEW.finalised_at <> OLD.finalised_at)) BEGIN SELECT RAISE(ABORT, 'selections_fixed'); END""",
        """DROP TRIGGER IF EXISTS selections_fixed""",
    ),
    (
        """CREATE TRIGGER selections_kept BEFORE DELETE ON selections WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'selections_kept'); END""",
        """DROP TRIGGER IF EXISTS selections_kept""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION criteria_versions_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'criteria_versions_fixed' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER criteria_versions_fixed BEFORE UPDATE ON criteria_versions FOR EACH ROW WHEN ((NEW.id <> OLD.id) OR (NEW.region_code <> OLD.region_code) OR (NEW.name <> OLD.name) OR (NEW.number <> OLD.number) OR (NEW.wording <> OLD.wording) OR (NEW.sha256 <> OLD.sha256) OR (NEW.written_by <> OLD.written_by) OR (NEW.written_at <> OLD.written_at) OR (OLD.approved_by IS NOT NULL AND (NEW.approved_by IS NULL OR NEW.approved_by <> OLD.approved_by)) OR (OLD.approved_at IS NOT NULL AND (NEW.approved_at IS NULL OR NEW.approved_at <> OLD.approved_at))) EXECUTE FUNCTION criteria_versions_fixed()""",
        """DROP TRIGGER IF EXISTS criteria_versions_fixed ON criteria_versions; DROP FUNCTION IF EXISTS criteria_versions_fixed()""",
    ),
    (
        """CREATE FUNCTION criteria_versions_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'criteria_versions_kept' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER criteria_versions_kept BEFORE DELETE ON criteria_versions FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION criteria_versions_kept()""",
        """DROP TRIGGER IF EXISTS criteria_versions_kept ON criteria_versions; DROP FUNCTION IF EXISTS criteria_versions_kept()""",
    ),
    (
        """CREATE FUNCTION selections_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'selections_fixed' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER selections_fixed BEFORE UPDATE ON selections FOR EACH ROW WHEN ((NEW.id <> OLD.id) OR (NEW.created_by <> OLD.created_by) OR (NEW.created_at <> OLD.created_at) OR (OLD.snapshot IS NOT NULL AND (NEW.snapshot IS NULL OR NEW.snapshot <> OLD.snapshot)) OR (OLD.snapshot_sha256 IS NOT NULL AND (NEW.snapshot_sha256 IS NULL OR NEW.snapshot_sha256 <> OLD.snapshot_sha256)) OR (OLD.frozen_at IS NOT NULL AND (NEW.frozen_at IS NULL OR NEW.frozen_at <> OLD.frozen_at)) OR (OLD.approved_by IS NOT NULL AND (NEW.approved_by IS NULL OR NEW.approved_by <> OLD.approved_by)) OR (OLD.approved_at IS NOT NULL AND (NEW.approved_at IS NULL OR NEW.approved_at <> OLD.approved_at)) OR (OLD.finalised_at IS NOT NULL AND (NEW.finalised_at IS NULL OR NEW.finalised_at <> OLD.finalised_at))) EXECUTE FUNCTION selections_fixed()""",
        """DROP TRIGGER IF EXISTS selections_fixed ON selections; DROP FUNCTION IF EXISTS selections_fixed()""",
    ),
    (
        """CREATE FUNCTION selections_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'selections_kept' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER selections_kept BEFORE DELETE ON selections FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION selections_kept()""",
        """DROP TRIGGER IF EXISTS selections_kept ON selections; DROP FUNCTION IF EXISTS selections_kept()""",
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
