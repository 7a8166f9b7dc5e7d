"""Vouchers keep who reserved and who handed over; a statement is signed before it is paid. A frozen copy of what stands
beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER vouchers_forward_update BEFORE UPDATE ON vouchers WHEN NOT (((OLD.state = 'reserved' AND NEW.state IN ('handed_over', 'cancelled', 'expired')) OR (OLD.state = 'handed_over' AND NEW.state IN ('undone', 'refunded') AND NEW.handed_over_at = OLD.handed_over_at AND COALESCE(NEW.handed_over_by = OLD.handed_over_by, NEW.handed_over_by IS NULL AND OLD.handed_over_by IS NULL))) AND NEW.id = OLD.id AND NEW.serial = OLD.serial AND NEW.person_id = OLD.person_id AND NEW.reward_id = OLD.reward_id AND NEW.station_id = OLD.station_id AND NEW.stock_id = OLD.stock_id AND NEW.hold_id = OLD.hold_id AND NEW.points = OLD.points AND COALESCE(NEW.reserved_by = OLD.reserved_by, NEW.reserved_by IS NULL AND OLD.reserved_by IS NULL) AND NEW.period_on = OLD.period_on AND NEW.reserved_at = OLD.reserved_at AND NEW.expires_at = OLD.expires_at) BEGIN SELECT RAISE(ABORT, 'vouchers only move forward'); END""",
        """DROP TRIGGER IF EXISTS vouchers_forward_update""",
    ),
    (
        """CREATE TRIGGER settlements_forward_update BEFORE UPDATE ON settlements WHEN NOT (((OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL AND NEW.paid_at IS NULL) OR (OLD.signed_at IS NOT NULL AND OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL AND NEW.signed_by = OLD.signed_by AND NEW.signed_at = OLD.signed_at)) AND NEW.id = OLD.id AND NEW.number = OLD.number AND NEW.station_id = OLD.station_id AND NEW.month = OLD.month AND NEW.opening = OLD.opening AND NEW.captured = OLD.captured AND NEW.undone = OLD.undone AND NEW.refunded = OLD.refunded AND NEW.paid = OLD.paid AND NEW.other = OLD.other AND NEW.closing = OLD.closing AND NEW.facts = OLD.facts AND NEW.sha256 = OLD.sha256 AND NEW.made_at = OLD.made_at) BEGIN SELECT RAISE(ABORT, 'settlements only move forward'); END""",
        """DROP TRIGGER IF EXISTS settlements_forward_update""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION vouchers_forward_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'vouchers only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER vouchers_forward_update BEFORE UPDATE ON vouchers FOR EACH ROW WHEN (NOT (((OLD.state = 'reserved' AND NEW.state IN ('handed_over', 'cancelled', 'expired')) OR (OLD.state = 'handed_over' AND NEW.state IN ('undone', 'refunded') AND NEW.handed_over_at = OLD.handed_over_at AND COALESCE(NEW.handed_over_by = OLD.handed_over_by, NEW.handed_over_by IS NULL AND OLD.handed_over_by IS NULL))) AND NEW.id = OLD.id AND NEW.serial = OLD.serial AND NEW.person_id = OLD.person_id AND NEW.reward_id = OLD.reward_id AND NEW.station_id = OLD.station_id AND NEW.stock_id = OLD.stock_id AND NEW.hold_id = OLD.hold_id AND NEW.points = OLD.points AND COALESCE(NEW.reserved_by = OLD.reserved_by, NEW.reserved_by IS NULL AND OLD.reserved_by IS NULL) AND NEW.period_on = OLD.period_on AND NEW.reserved_at = OLD.reserved_at AND NEW.expires_at = OLD.expires_at)) EXECUTE FUNCTION vouchers_forward_update()""",
        """DROP TRIGGER IF EXISTS vouchers_forward_update ON vouchers; DROP FUNCTION IF EXISTS vouchers_forward_update()""",
    ),
    (
        """CREATE FUNCTION settlements_forward_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'settlements only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER settlements_forward_update BEFORE UPDATE ON settlements FOR EACH ROW WHEN (NOT (((OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL AND NEW.paid_at IS NULL) OR (OLD.signed_at IS NOT NULL AND OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL AND NEW.signed_by = OLD.signed_by AND NEW.signed_at = OLD.signed_at)) AND NEW.id = OLD.id AND NEW.number = OLD.number AND NEW.station_id = OLD.station_id AND NEW.month = OLD.month AND NEW.opening = OLD.opening AND NEW.captured = OLD.captured AND NEW.undone = OLD.undone AND NEW.refunded = OLD.refunded AND NEW.paid = OLD.paid AND NEW.other = OLD.other AND NEW.closing = OLD.closing AND NEW.facts = OLD.facts AND NEW.sha256 = OLD.sha256 AND NEW.made_at = OLD.made_at)) EXECUTE FUNCTION settlements_forward_update()""",
        """DROP TRIGGER IF EXISTS settlements_forward_update ON settlements; DROP FUNCTION IF EXISTS settlements_forward_update()""",
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
