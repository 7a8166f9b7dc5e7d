"""The guards that come with station-books. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER stock_movements_move_on_hand AFTER INSERT ON stock_movements BEGIN UPDATE stock SET on_hand = on_hand + NEW.quantity, held = held - CASE WHEN NEW.kind = 'hand_over' THEN 1 ELSE 0 END WHERE id = NEW.stock_id; END""",
        """DROP TRIGGER IF EXISTS stock_movements_move_on_hand""",
    ),
    (
        """CREATE TRIGGER vouchers_forward_update BEFORE UPDATE ON vouchers WHEN NOT (((OLD.state = 'reserved' AND NEW.state IN ('handed_over', 'cancelled', 'expired')) OR (OLD.state = 'handed_over' AND NEW.state IN ('undone', 'refunded') AND NEW.handed_over_at = OLD.handed_over_at)) AND NEW.id = OLD.id AND NEW.serial = OLD.serial AND NEW.person_id = OLD.person_id AND NEW.reward_id = OLD.reward_id AND NEW.station_id = OLD.station_id AND NEW.stock_id = OLD.stock_id AND NEW.hold_id = OLD.hold_id AND NEW.points = OLD.points AND NEW.reserved_at = OLD.reserved_at AND NEW.expires_at = OLD.expires_at) BEGIN SELECT RAISE(ABORT, 'vouchers only move forward'); END""",
        """DROP TRIGGER IF EXISTS vouchers_forward_update""",
    ),
    (
        """CREATE TRIGGER refunds_forward_update BEFORE UPDATE ON refunds WHEN NOT ((OLD.state = 'waiting' AND NEW.state IN ('approved', 'refused')) AND NEW.id = OLD.id AND NEW.voucher_id = OLD.voucher_id AND NEW.station_id = OLD.station_id AND NEW.reason = OLD.reason AND NEW.came_back = OLD.came_back AND NEW.asked_by = OLD.asked_by AND NEW.asked_at = OLD.asked_at) BEGIN SELECT RAISE(ABORT, 'refunds only move forward'); END""",
        """DROP TRIGGER IF EXISTS refunds_forward_update""",
    ),
    (
        """CREATE TRIGGER refunds_forward_delete BEFORE DELETE ON refunds WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'refunds only move forward'); END""",
        """DROP TRIGGER IF EXISTS refunds_forward_delete""",
    ),
    (
        """CREATE TRIGGER day_closes_forward_update BEFORE UPDATE ON day_closes WHEN NOT ((OLD.reopened_at IS NULL AND NEW.reopened_at IS NOT NULL) AND NEW.id = OLD.id AND NEW.station_id = OLD.station_id AND NEW.day = OLD.day AND NEW.number = OLD.number AND NEW.handed_over = OLD.handed_over AND NEW.undone = OLD.undone AND NEW.refunded = OLD.refunded AND NEW.points = OLD.points AND NEW.closed_by = OLD.closed_by AND NEW.closed_at = OLD.closed_at) BEGIN SELECT RAISE(ABORT, 'day_closes only move forward'); END""",
        """DROP TRIGGER IF EXISTS day_closes_forward_update""",
    ),
    (
        """CREATE TRIGGER day_closes_forward_delete BEFORE DELETE ON day_closes WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'day_closes only move forward'); END""",
        """DROP TRIGGER IF EXISTS day_closes_forward_delete""",
    ),
    (
        """CREATE TRIGGER day_counts_append_only_update BEFORE UPDATE ON day_counts BEGIN SELECT RAISE(ABORT, 'day_counts is append-only'); END""",
        """DROP TRIGGER IF EXISTS day_counts_append_only_update""",
    ),
    (
        """CREATE TRIGGER day_counts_append_only_delete BEFORE DELETE ON day_counts BEGIN SELECT RAISE(ABORT, 'day_counts is append-only'); END""",
        """DROP TRIGGER IF EXISTS day_counts_append_only_delete""",
    ),
    (
        """CREATE TRIGGER day_lines_forward_update BEFORE UPDATE ON day_lines WHEN NOT ((OLD.live AND NOT NEW.live) AND NEW.close_id = OLD.close_id AND NEW.movement_id = OLD.movement_id) BEGIN SELECT RAISE(ABORT, 'day_lines only move forward'); END""",
        """DROP TRIGGER IF EXISTS day_lines_forward_update""",
    ),
    (
        """CREATE TRIGGER day_lines_forward_delete BEFORE DELETE ON day_lines WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'day_lines only move forward'); END""",
        """DROP TRIGGER IF EXISTS day_lines_forward_delete""",
    ),
    (
        """CREATE TRIGGER settlements_forward_update BEFORE UPDATE ON settlements WHEN NOT (((OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL AND NEW.paid_at IS NULL) OR (OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL AND NEW.signed_by = OLD.signed_by AND NEW.signed_at = OLD.signed_at)) AND NEW.id = OLD.id AND NEW.number = OLD.number AND NEW.station_id = OLD.station_id AND NEW.month = OLD.month AND NEW.opening = OLD.opening AND NEW.captured = OLD.captured AND NEW.undone = OLD.undone AND NEW.refunded = OLD.refunded AND NEW.paid = OLD.paid AND NEW.other = OLD.other AND NEW.closing = OLD.closing AND NEW.facts = OLD.facts AND NEW.sha256 = OLD.sha256 AND NEW.made_at = OLD.made_at) BEGIN SELECT RAISE(ABORT, 'settlements only move forward'); END""",
        """DROP TRIGGER IF EXISTS settlements_forward_update""",
    ),
    (
        """CREATE TRIGGER settlements_forward_delete BEFORE DELETE ON settlements WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'settlements only move forward'); END""",
        """DROP TRIGGER IF EXISTS settlements_forward_delete""",
    ),
    (
        """CREATE TRIGGER settlement_lines_append_only_update BEFORE UPDATE ON settlement_lines BEGIN SELECT RAISE(ABORT, 'settlement_lines is append-only'); END""",
        """DROP TRIGGER IF EXISTS settlement_lines_append_only_update""",
    ),
    (
        """CREATE TRIGGER settlement_lines_append_only_delete BEFORE DELETE ON settlement_lines BEGIN SELECT RAISE(ABORT, 'settlement_lines is append-only'); END""",
        """DROP TRIGGER IF EXISTS settlement_lines_append_only_delete""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION stock_movements_move_on_hand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE stock SET on_hand = on_hand + NEW.quantity, held = held - CASE WHEN NEW.kind = 'hand_over' THEN 1 ELSE 0 END WHERE id = NEW.stock_id; RETURN NULL; END $$; CREATE TRIGGER stock_movements_move_on_hand AFTER INSERT ON stock_movements FOR EACH ROW EXECUTE FUNCTION stock_movements_move_on_hand()""",
        """DROP TRIGGER IF EXISTS stock_movements_move_on_hand ON stock_movements; DROP FUNCTION IF EXISTS stock_movements_move_on_hand()""",
    ),
    (
        """CREATE FUNCTION vouchers_forward_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'vouchers only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER vouchers_forward_update BEFORE UPDATE ON vouchers FOR EACH ROW WHEN (NOT (((OLD.state = 'reserved' AND NEW.state IN ('handed_over', 'cancelled', 'expired')) OR (OLD.state = 'handed_over' AND NEW.state IN ('undone', 'refunded') AND NEW.handed_over_at = OLD.handed_over_at)) AND NEW.id = OLD.id AND NEW.serial = OLD.serial AND NEW.person_id = OLD.person_id AND NEW.reward_id = OLD.reward_id AND NEW.station_id = OLD.station_id AND NEW.stock_id = OLD.stock_id AND NEW.hold_id = OLD.hold_id AND NEW.points = OLD.points AND NEW.reserved_at = OLD.reserved_at AND NEW.expires_at = OLD.expires_at)) EXECUTE FUNCTION vouchers_forward_update()""",
        """DROP TRIGGER IF EXISTS vouchers_forward_update ON vouchers; DROP FUNCTION IF EXISTS vouchers_forward_update()""",
    ),
    (
        """CREATE FUNCTION refunds_forward_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refunds only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER refunds_forward_update BEFORE UPDATE ON refunds FOR EACH ROW WHEN (NOT ((OLD.state = 'waiting' AND NEW.state IN ('approved', 'refused')) AND NEW.id = OLD.id AND NEW.voucher_id = OLD.voucher_id AND NEW.station_id = OLD.station_id AND NEW.reason = OLD.reason AND NEW.came_back = OLD.came_back AND NEW.asked_by = OLD.asked_by AND NEW.asked_at = OLD.asked_at)) EXECUTE FUNCTION refunds_forward_update()""",
        """DROP TRIGGER IF EXISTS refunds_forward_update ON refunds; DROP FUNCTION IF EXISTS refunds_forward_update()""",
    ),
    (
        """CREATE FUNCTION refunds_forward_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refunds only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER refunds_forward_delete BEFORE DELETE ON refunds FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION refunds_forward_delete()""",
        """DROP TRIGGER IF EXISTS refunds_forward_delete ON refunds; DROP FUNCTION IF EXISTS refunds_forward_delete()""",
    ),
    (
        """CREATE FUNCTION day_closes_forward_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'day_closes only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER day_closes_forward_update BEFORE UPDATE ON day_closes FOR EACH ROW WHEN (NOT ((OLD.reopened_at IS NULL AND NEW.reopened_at IS NOT NULL) AND NEW.id = OLD.id AND NEW.station_id = OLD.station_id AND NEW.day = OLD.day AND NEW.number = OLD.number AND NEW.handed_over = OLD.handed_over AND NEW.undone = OLD.undone AND NEW.refunded = OLD.refunded AND NEW.points = OLD.points AND NEW.closed_by = OLD.closed_by AND NEW.closed_at = OLD.closed_at)) EXECUTE FUNCTION day_closes_forward_update()""",
        """DROP TRIGGER IF EXISTS day_closes_forward_update ON day_closes; DROP FUNCTION IF EXISTS day_closes_forward_update()""",
    ),
    (
        """CREATE FUNCTION day_closes_forward_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'day_closes only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER day_closes_forward_delete BEFORE DELETE ON day_closes FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION day_closes_forward_delete()""",
        """DROP TRIGGER IF EXISTS day_closes_forward_delete ON day_closes; DROP FUNCTION IF EXISTS day_closes_forward_delete()""",
    ),
    (
        """CREATE FUNCTION day_counts_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'day_counts is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER day_counts_append_only_update BEFORE UPDATE ON day_counts FOR EACH ROW EXECUTE FUNCTION day_counts_append_only_update()""",
        """DROP TRIGGER IF EXISTS day_counts_append_only_update ON day_counts; DROP FUNCTION IF EXISTS day_counts_append_only_update()""",
    ),
    (
        """CREATE FUNCTION day_counts_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'day_counts is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER day_counts_append_only_delete BEFORE DELETE ON day_counts FOR EACH ROW EXECUTE FUNCTION day_counts_append_only_delete()""",
        """DROP TRIGGER IF EXISTS day_counts_append_only_delete ON day_counts; DROP FUNCTION IF EXISTS day_counts_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION day_lines_forward_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'day_lines only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER day_lines_forward_update BEFORE UPDATE ON day_lines FOR EACH ROW WHEN (NOT ((OLD.live AND NOT NEW.live) AND NEW.close_id = OLD.close_id AND NEW.movement_id = OLD.movement_id)) EXECUTE FUNCTION day_lines_forward_update()""",
        """DROP TRIGGER IF EXISTS day_lines_forward_update ON day_lines; DROP FUNCTION IF EXISTS day_lines_forward_update()""",
    ),
    (
        """CREATE FUNCTION day_lines_forward_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'day_lines only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER day_lines_forward_delete BEFORE DELETE ON day_lines FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION day_lines_forward_delete()""",
        """DROP TRIGGER IF EXISTS day_lines_forward_delete ON day_lines; DROP FUNCTION IF EXISTS day_lines_forward_delete()""",
    ),
    (
        """CREATE FUNCTION settlements_forward_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'settlements only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER settlements_forward_update BEFORE UPDATE ON settlements FOR EACH ROW WHEN (NOT (((OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL AND NEW.paid_at IS NULL) OR (OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL AND NEW.signed_by = OLD.signed_by AND NEW.signed_at = OLD.signed_at)) AND NEW.id = OLD.id AND NEW.number = OLD.number AND NEW.station_id = OLD.station_id AND NEW.month = OLD.month AND NEW.opening = OLD.opening AND NEW.captured = OLD.captured AND NEW.undone = OLD.undone AND NEW.refunded = OLD.refunded AND NEW.paid = OLD.paid AND NEW.other = OLD.other AND NEW.closing = OLD.closing AND NEW.facts = OLD.facts AND NEW.sha256 = OLD.sha256 AND NEW.made_at = OLD.made_at)) EXECUTE FUNCTION settlements_forward_update()""",
        """DROP TRIGGER IF EXISTS settlements_forward_update ON settlements; DROP FUNCTION IF EXISTS settlements_forward_update()""",
    ),
    (
        """CREATE FUNCTION settlements_forward_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'settlements only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER settlements_forward_delete BEFORE DELETE ON settlements FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION settlements_forward_delete()""",
        """DROP TRIGGER IF EXISTS settlements_forward_delete ON settlements; DROP FUNCTION IF EXISTS settlements_forward_delete()""",
    ),
    (
        """CREATE FUNCTION settlement_lines_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'settlement_lines is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER settlement_lines_append_only_update BEFORE UPDATE ON settlement_lines FOR EACH ROW EXECUTE FUNCTION settlement_lines_append_only_update()""",
        """DROP TRIGGER IF EXISTS settlement_lines_append_only_update ON settlement_lines; DROP FUNCTION IF EXISTS settlement_lines_append_only_update()""",
    ),
    (
        """CREATE FUNCTION settlement_lines_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'settlement_lines is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER settlement_lines_append_only_delete BEFORE DELETE ON settlement_lines FOR EACH ROW EXECUTE FUNCTION settlement_lines_append_only_delete()""",
        """DROP TRIGGER IF EXISTS settlement_lines_append_only_delete ON settlement_lines; DROP FUNCTION IF EXISTS settlement_lines_append_only_delete()""",
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
