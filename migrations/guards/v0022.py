"""The guards that let only agreed lists go public. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER selections_announced BEFORE UPDATE ON selections WHEN NEW.state IN ('notice', 'final') AND NEW.state <> OLD.state BEGIN SELECT RAISE(ABORT, 'selections_announced_contact') WHERE NEW.state = 'notice' AND (trim(coalesce(NEW.contact_phone, '')) = '' OR trim(coalesce(NEW.contact_place, '')) = '' OR trim(coalesce(NEW.contact_hours, '')) = ''); SELECT RAISE(ABORT, 'selections_announced_meeting') WHERE NOT EXISTS (SELECT 1 FROM review_meetings held WHERE held.selection_id = NEW.id AND held.votes_for > held.votes_against AND NOT EXISTS (SELECT 1 FROM review_meetings later WHERE later.selection_id = NEW.id AND later.id > held.id) AND NOT EXISTS (SELECT 1 FROM candidate_decisions decided JOIN candidates ON candidates.id = decided.candidate_id WHERE candidates.selection_id = NEW.id AND decided.id > held.id)); END""",
        """DROP TRIGGER IF EXISTS selections_announced""",
    ),
    (
        """CREATE TRIGGER selections_begun BEFORE INSERT ON selections WHEN NEW.state <> 'draft' BEGIN SELECT RAISE(ABORT, 'selections_begun'); END""",
        """DROP TRIGGER IF EXISTS selections_begun""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION selections_announced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.state = 'notice' AND (trim(coalesce(NEW.contact_phone, '')) = '' OR trim(coalesce(NEW.contact_place, '')) = '' OR trim(coalesce(NEW.contact_hours, '')) = '') THEN RAISE EXCEPTION 'selections_announced_contact' USING ERRCODE = 'check_violation'; END IF; IF NOT EXISTS (SELECT 1 FROM review_meetings held WHERE held.selection_id = NEW.id AND held.votes_for > held.votes_against AND NOT EXISTS (SELECT 1 FROM review_meetings later WHERE later.selection_id = NEW.id AND later.id > held.id) AND NOT EXISTS (SELECT 1 FROM candidate_decisions decided JOIN candidates ON candidates.id = decided.candidate_id WHERE candidates.selection_id = NEW.id AND decided.id > held.id)) THEN RAISE EXCEPTION 'selections_announced_meeting' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$; CREATE TRIGGER selections_announced BEFORE UPDATE ON selections FOR EACH ROW WHEN (NEW.state IN ('notice', 'final') AND NEW.state <> OLD.state) EXECUTE FUNCTION selections_announced()""",
        """DROP TRIGGER IF EXISTS selections_announced ON selections; DROP FUNCTION IF EXISTS selections_announced()""",
    ),
    (
        """CREATE FUNCTION selections_begun() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'selections_begun' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER selections_begun BEFORE INSERT ON selections FOR EACH ROW WHEN (NEW.state <> 'draft') EXECUTE FUNCTION selections_begun()""",
        """DROP TRIGGER IF EXISTS selections_begun ON selections; DROP FUNCTION IF EXISTS selections_begun()""",
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
