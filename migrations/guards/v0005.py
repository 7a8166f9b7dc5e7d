"""The guards that come with rules-in-full. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER void_facts_append_only_update BEFORE UPDATE ON void_facts BEGIN SELECT RAISE(ABORT, 'void_facts is append-only'); END""",
        """DROP TRIGGER IF EXISTS void_facts_append_only_update""",
    ),
    (
        """CREATE TRIGGER void_facts_append_only_delete BEFORE DELETE ON void_facts BEGIN SELECT RAISE(ABORT, 'void_facts is append-only'); END""",
        """DROP TRIGGER IF EXISTS void_facts_append_only_delete""",
    ),
    (
        """CREATE TRIGGER awards_never_rewritten BEFORE UPDATE ON awards WHEN NOT (OLD.state = NEW.state OR (OLD.state = 'queued' AND NEW.state = 'pending') OR (OLD.state = 'queued' AND NEW.state = 'active') OR (OLD.state = 'queued' AND NEW.state = 'void') OR (OLD.state = 'pending' AND NEW.state = 'active') OR (OLD.state = 'pending' AND NEW.state = 'void') OR (OLD.state = 'active' AND NEW.state = 'void') OR (OLD.state = 'void' AND NEW.state = 'queued' AND NEW.round = OLD.round + 1)) OR (NEW.id <> OLD.id) OR (NEW.recorded_fact_id <> OLD.recorded_fact_id) OR (NEW.fact_kind <> OLD.fact_kind) OR (NEW.fact_id <> OLD.fact_id) OR (NEW.person_id <> OLD.person_id) OR (NEW.rule_key <> OLD.rule_key) OR (NEW.version_id <> OLD.version_id) OR (NEW.points <> OLD.points) OR (NEW.usable <> OLD.usable) OR (NEW.explanation <> OLD.explanation) OR (NEW.awarded_at <> OLD.awarded_at) BEGIN SELECT RAISE(ABORT, 'an award is never rewritten'); END""",
        """DROP TRIGGER IF EXISTS awards_never_rewritten""",
    ),
    (
        """CREATE TRIGGER ex_rule_sets_no_overlap_insert BEFORE INSERT ON rule_sets WHEN EXISTS (SELECT 1 FROM rule_sets WHERE region_code = NEW.region_code AND id <> NEW.id AND (ends_on IS NULL OR ends_on >= NEW.starts_on) AND (NEW.ends_on IS NULL OR starts_on <= NEW.ends_on)) BEGIN SELECT RAISE(ABORT, 'ex_rule_sets_no_overlap'); END""",
        """DROP TRIGGER IF EXISTS ex_rule_sets_no_overlap_insert""",
    ),
    (
        """CREATE TRIGGER ex_rule_sets_no_overlap_update BEFORE UPDATE OF region_code, starts_on, ends_on ON rule_sets WHEN EXISTS (SELECT 1 FROM rule_sets WHERE region_code = NEW.region_code AND id <> NEW.id AND (ends_on IS NULL OR ends_on >= NEW.starts_on) AND (NEW.ends_on IS NULL OR starts_on <= NEW.ends_on)) BEGIN SELECT RAISE(ABORT, 'ex_rule_sets_no_overlap'); END""",
        """DROP TRIGGER IF EXISTS ex_rule_sets_no_overlap_update""",
    ),
    # as they were: SQLite forgets a table's triggers when it is rebuilt
    (
        """CREATE TRIGGER rule_set_versions_never_edited BEFORE UPDATE ON rule_set_versions WHEN OLD.state IN ('published', 'retired') AND (NOT (OLD.state = 'published' AND NEW.state = 'retired') OR (NEW.id <> OLD.id) OR (NEW.rule_set_id <> OLD.rule_set_id) OR (NEW.number <> OLD.number) OR (NEW.rules <> OLD.rules) OR (NEW.written_by <> OLD.written_by) OR (NEW.written_at <> OLD.written_at) OR (NEW.reviewed_by <> OLD.reviewed_by) OR (NEW.reviewed_at <> OLD.reviewed_at) OR (NEW.published_by <> OLD.published_by) OR (NEW.published_at <> OLD.published_at) OR (NEW.starts_at <> OLD.starts_at)) BEGIN SELECT RAISE(ABORT, 'a published rule set version is never edited'); END""",
        """DROP TRIGGER IF EXISTS rule_set_versions_never_edited""",
    ),
    (
        """CREATE TRIGGER rule_set_versions_never_deleted BEFORE DELETE ON rule_set_versions WHEN OLD.state IN ('published', 'retired') BEGIN SELECT RAISE(ABORT, 'a published rule set version is never edited'); END""",
        """DROP TRIGGER IF EXISTS rule_set_versions_never_deleted""",
    ),
    (
        """CREATE TRIGGER awards_never_deleted BEFORE DELETE ON awards WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'an award is never rewritten'); END""",
        """DROP TRIGGER IF EXISTS awards_never_deleted""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION void_facts_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'void_facts is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER void_facts_append_only_update BEFORE UPDATE ON void_facts FOR EACH ROW EXECUTE FUNCTION void_facts_append_only_update()""",
        """DROP TRIGGER IF EXISTS void_facts_append_only_update ON void_facts; DROP FUNCTION IF EXISTS void_facts_append_only_update()""",
    ),
    (
        """CREATE FUNCTION void_facts_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'void_facts is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER void_facts_append_only_delete BEFORE DELETE ON void_facts FOR EACH ROW EXECUTE FUNCTION void_facts_append_only_delete()""",
        """DROP TRIGGER IF EXISTS void_facts_append_only_delete ON void_facts; DROP FUNCTION IF EXISTS void_facts_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION awards_never_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an award is never rewritten' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER awards_never_rewritten BEFORE UPDATE ON awards FOR EACH ROW WHEN (NOT (OLD.state = NEW.state OR (OLD.state = 'queued' AND NEW.state = 'pending') OR (OLD.state = 'queued' AND NEW.state = 'active') OR (OLD.state = 'queued' AND NEW.state = 'void') OR (OLD.state = 'pending' AND NEW.state = 'active') OR (OLD.state = 'pending' AND NEW.state = 'void') OR (OLD.state = 'active' AND NEW.state = 'void') OR (OLD.state = 'void' AND NEW.state = 'queued' AND NEW.round = OLD.round + 1)) OR (NEW.id <> OLD.id) OR (NEW.recorded_fact_id <> OLD.recorded_fact_id) OR (NEW.fact_kind <> OLD.fact_kind) OR (NEW.fact_id <> OLD.fact_id) OR (NEW.person_id <> OLD.person_id) OR (NEW.rule_key <> OLD.rule_key) OR (NEW.version_id <> OLD.version_id) OR (NEW.points <> OLD.points) OR (NEW.usable <> OLD.usable) OR (NEW.explanation <> OLD.explanation) OR (NEW.awarded_at <> OLD.awarded_at)) EXECUTE FUNCTION awards_never_rewritten()""",
        """DROP TRIGGER IF EXISTS awards_never_rewritten ON awards; DROP FUNCTION IF EXISTS awards_never_rewritten()""",
    ),
    (
        """ALTER TABLE rule_sets ADD CONSTRAINT ex_rule_sets_no_overlap EXCLUDE USING gist (numrange(region_code::numeric, region_code::numeric, '[]') WITH &&, daterange(starts_on, ends_on, '[]') WITH &&)""",
        """ALTER TABLE rule_sets DROP CONSTRAINT IF EXISTS ex_rule_sets_no_overlap""",
    ),
)

# What was there before under the same name.
REPLACED = {
    "sqlite": (
        "rule_set_versions_never_edited",
        "rule_set_versions_never_deleted",
        "awards_never_rewritten",
        "awards_never_deleted",
    ),
    "postgresql": ("awards_never_rewritten",),
}

GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def put_up(dialect: str) -> None:
    """Create every guard of this dialect."""
    for create, _drop in GUARDS[dialect]:
        op.execute(create.replace(":", "\\:"))


def take_down(dialect: str) -> None:
    """Drop them again, the last one first."""
    for _create, drop in reversed(GUARDS[dialect]):
        op.execute(drop.replace(":", "\\:"))


def take_down_replaced(dialect: str) -> None:
    """Drop the older guards that are put up anew."""
    for _create, drop in GUARDS[dialect]:
        if any(f" {name}" in drop for name in REPLACED[dialect]):
            op.execute(drop.replace(":", "\\:"))
