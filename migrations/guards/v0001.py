"""The guards of the first migration: append-only tables, balances moved by entries, hours that do not overlap.

A frozen copy of what stands beside the models (`kernel.db.ddl_for`); tests/architecture compares the two.
"""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER case_steps_append_only_update BEFORE UPDATE ON case_steps BEGIN SELECT RAISE(ABORT, 'case_steps is append-only'); END""",
        """DROP TRIGGER IF EXISTS case_steps_append_only_update""",
    ),
    (
        """CREATE TRIGGER case_steps_append_only_delete BEFORE DELETE ON case_steps BEGIN SELECT RAISE(ABORT, 'case_steps is append-only'); END""",
        """DROP TRIGGER IF EXISTS case_steps_append_only_delete""",
    ),
    (
        """CREATE TRIGGER cases_deadline_fixed BEFORE UPDATE ON cases WHEN OLD.resolve_by IS NOT NULL AND NEW.resolve_by IS NOT NULL AND NEW.resolve_by <> OLD.resolve_by
BEGIN SELECT RAISE(ABORT, 'cases_deadline_fixed'); END""",
        """DROP TRIGGER IF EXISTS cases_deadline_fixed""",
    ),
    (
        """CREATE TRIGGER checkins_append_only_update BEFORE UPDATE ON checkins BEGIN SELECT RAISE(ABORT, 'checkins is append-only'); END""",
        """DROP TRIGGER IF EXISTS checkins_append_only_update""",
    ),
    (
        """CREATE TRIGGER checkins_append_only_delete BEFORE DELETE ON checkins BEGIN SELECT RAISE(ABORT, 'checkins is append-only'); END""",
        """DROP TRIGGER IF EXISTS checkins_append_only_delete""",
    ),
    (
        """CREATE TRIGGER refused_scans_append_only_update BEFORE UPDATE ON refused_scans BEGIN SELECT RAISE(ABORT, 'refused_scans is append-only'); END""",
        """DROP TRIGGER IF EXISTS refused_scans_append_only_update""",
    ),
    (
        """CREATE TRIGGER refused_scans_append_only_delete BEFORE DELETE ON refused_scans BEGIN SELECT RAISE(ABORT, 'refused_scans is append-only'); END""",
        """DROP TRIGGER IF EXISTS refused_scans_append_only_delete""",
    ),
    (
        """CREATE TRIGGER ledger_transactions_append_only_update BEFORE UPDATE ON ledger_transactions BEGIN SELECT RAISE(ABORT, 'ledger_transactions is append-only'); END""",
        """DROP TRIGGER IF EXISTS ledger_transactions_append_only_update""",
    ),
    (
        """CREATE TRIGGER ledger_transactions_append_only_delete BEFORE DELETE ON ledger_transactions BEGIN SELECT RAISE(ABORT, 'ledger_transactions is append-only'); END""",
        """DROP TRIGGER IF EXISTS ledger_transactions_append_only_delete""",
    ),
    (
        """CREATE TRIGGER entries_append_only_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END""",
        """DROP TRIGGER IF EXISTS entries_append_only_update""",
    ),
    (
        """CREATE TRIGGER entries_append_only_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END""",
        """DROP TRIGGER IF EXISTS entries_append_only_delete""",
    ),
    (
        """CREATE TRIGGER accounts_begin BEFORE INSERT ON accounts WHEN NEW.balance <> 0 OR NEW.held <> 0 OR EXISTS (SELECT 1 FROM accounts WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'an account begins empty and once'); END""",
        """DROP TRIGGER IF EXISTS accounts_begin""",
    ),
    (
        """CREATE TRIGGER accounts_balance BEFORE UPDATE OF balance ON accounts WHEN NEW.balance <> OLD.balance AND NEW.balance - OLD.balance IS NOT (SELECT amount FROM entries WHERE rowid = (SELECT MAX(rowid) FROM entries) AND account_id = NEW.id) BEGIN SELECT RAISE(ABORT, 'an account balance moves by entries only'); END""",
        """DROP TRIGGER IF EXISTS accounts_balance""",
    ),
    (
        """CREATE TRIGGER accounts_held BEFORE UPDATE OF held ON accounts WHEN NEW.held <> OLD.held AND NEW.held <> (SELECT COALESCE(SUM(points), 0) FROM holds WHERE account_id = NEW.id AND state = 'held') BEGIN SELECT RAISE(ABORT, 'held points move by holds only'); END""",
        """DROP TRIGGER IF EXISTS accounts_held""",
    ),
    (
        """CREATE TRIGGER accounts_identity BEFORE UPDATE OF id, key, kind, owner_id, region_code, period, created_at ON accounts WHEN NEW.id IS NOT OLD.id OR NEW.key IS NOT OLD.key OR NEW.kind IS NOT OLD.kind OR NEW.owner_id IS NOT OLD.owner_id OR NEW.region_code IS NOT OLD.region_code OR NEW.period IS NOT OLD.period OR NEW.created_at IS NOT OLD.created_at BEGIN SELECT RAISE(ABORT, 'an account keeps its identity'); END""",
        """DROP TRIGGER IF EXISTS accounts_identity""",
    ),
    (
        """CREATE TRIGGER accounts_delete BEFORE DELETE ON accounts BEGIN SELECT RAISE(ABORT, 'an account is never deleted'); END""",
        """DROP TRIGGER IF EXISTS accounts_delete""",
    ),
    (
        """CREATE TRIGGER entries_closed BEFORE INSERT ON entries WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.transaction_id) OR EXISTS (SELECT 1 FROM entries WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'the transaction is closed'); END""",
        """DROP TRIGGER IF EXISTS entries_closed""",
    ),
    (
        """CREATE TRIGGER entries_move AFTER INSERT ON entries BEGIN UPDATE accounts SET balance = balance + NEW.amount WHERE id = NEW.account_id; END""",
        """DROP TRIGGER IF EXISTS entries_move""",
    ),
    (
        """CREATE TRIGGER ledger_transactions_balance BEFORE INSERT ON ledger_transactions WHEN (SELECT COUNT(*) = NEW.entry_count AND SUM(amount) = 0 FROM entries WHERE transaction_id = NEW.id) IS NOT 1 BEGIN SELECT RAISE(ABORT, 'the transaction does not balance'); END""",
        """DROP TRIGGER IF EXISTS ledger_transactions_balance""",
    ),
    (
        """CREATE TRIGGER ledger_transactions_once BEFORE INSERT ON ledger_transactions WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'the transaction is closed'); END""",
        """DROP TRIGGER IF EXISTS ledger_transactions_once""",
    ),
    (
        """CREATE TRIGGER holds_begin BEFORE INSERT ON holds WHEN NEW.state <> 'held' OR EXISTS (SELECT 1 FROM holds WHERE id = NEW.id OR source = NEW.source) BEGIN SELECT RAISE(ABORT, 'a hold begins held and once'); END""",
        """DROP TRIGGER IF EXISTS holds_begin""",
    ),
    (
        """CREATE TRIGGER holds_raise AFTER INSERT ON holds BEGIN UPDATE accounts SET held = held + NEW.points WHERE id = NEW.account_id; END""",
        """DROP TRIGGER IF EXISTS holds_raise""",
    ),
    (
        """CREATE TRIGGER holds_final BEFORE UPDATE ON holds WHEN OLD.state <> 'held' BEGIN SELECT RAISE(ABORT, 'an ended hold never changes'); END""",
        """DROP TRIGGER IF EXISTS holds_final""",
    ),
    (
        """CREATE TRIGGER holds_identity BEFORE UPDATE ON holds WHEN OLD.state = 'held' AND (NEW.state = 'held' OR NEW.id IS NOT OLD.id OR NEW.account_id IS NOT OLD.account_id OR NEW.points IS NOT OLD.points OR NEW.source IS NOT OLD.source OR NEW.expires_at IS NOT OLD.expires_at OR NEW.made_by IS NOT OLD.made_by OR NEW.made_at IS NOT OLD.made_at) BEGIN SELECT RAISE(ABORT, 'of a hold only its end can be written'); END""",
        """DROP TRIGGER IF EXISTS holds_identity""",
    ),
    (
        """CREATE TRIGGER holds_lower AFTER UPDATE ON holds BEGIN UPDATE accounts SET held = held - NEW.points WHERE id = NEW.account_id; END""",
        """DROP TRIGGER IF EXISTS holds_lower""",
    ),
    (
        """CREATE TRIGGER holds_delete BEFORE DELETE ON holds BEGIN SELECT RAISE(ABORT, 'a hold is never deleted'); END""",
        """DROP TRIGGER IF EXISTS holds_delete""",
    ),
    (
        """CREATE TRIGGER stock_movements_append_only_update BEFORE UPDATE ON stock_movements BEGIN SELECT RAISE(ABORT, 'stock_movements is append-only'); END""",
        """DROP TRIGGER IF EXISTS stock_movements_append_only_update""",
    ),
    (
        """CREATE TRIGGER stock_movements_append_only_delete BEFORE DELETE ON stock_movements BEGIN SELECT RAISE(ABORT, 'stock_movements is append-only'); END""",
        """DROP TRIGGER IF EXISTS stock_movements_append_only_delete""",
    ),
    (
        """CREATE TRIGGER stock_movements_move_on_hand AFTER INSERT ON stock_movements BEGIN UPDATE stock SET on_hand = on_hand + NEW.quantity WHERE id = NEW.stock_id; END""",
        """DROP TRIGGER IF EXISTS stock_movements_move_on_hand""",
    ),
    (
        """CREATE TRIGGER vouchers_forward_update BEFORE UPDATE ON vouchers WHEN NOT (((OLD.state = 'reserved' AND NEW.state IN ('handed_over', 'cancelled', 'expired')) OR (OLD.state = 'handed_over' AND NEW.state = 'undone' AND NEW.handed_over_at = OLD.handed_over_at)) AND NEW.id = OLD.id AND NEW.serial = OLD.serial AND NEW.person_id = OLD.person_id AND NEW.reward_id = OLD.reward_id AND NEW.station_id = OLD.station_id AND NEW.stock_id = OLD.stock_id AND NEW.hold_id = OLD.hold_id AND NEW.points = OLD.points AND NEW.reserved_at = OLD.reserved_at AND NEW.expires_at = OLD.expires_at) BEGIN SELECT RAISE(ABORT, 'vouchers only move forward'); END""",
        """DROP TRIGGER IF EXISTS vouchers_forward_update""",
    ),
    (
        """CREATE TRIGGER vouchers_forward_delete BEFORE DELETE ON vouchers WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'vouchers only move forward'); END""",
        """DROP TRIGGER IF EXISTS vouchers_forward_delete""",
    ),
    (
        """CREATE TRIGGER ex_hours_no_overlap_insert BEFORE INSERT ON hours WHEN NEW.state <> 'rejected' AND EXISTS (SELECT 1 FROM hours WHERE person_id = NEW.person_id AND id <> NEW.id AND state <> 'rejected' AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at) BEGIN SELECT RAISE(ABORT, 'ex_hours_no_overlap'); END""",
        """DROP TRIGGER IF EXISTS ex_hours_no_overlap_insert""",
    ),
    (
        """CREATE TRIGGER ex_hours_no_overlap_update BEFORE UPDATE OF person_id, starts_at, ends_at, state ON hours WHEN NEW.state <> 'rejected' AND EXISTS (SELECT 1 FROM hours WHERE person_id = NEW.person_id AND id <> NEW.id AND state <> 'rejected' AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at) BEGIN SELECT RAISE(ABORT, 'ex_hours_no_overlap'); END""",
        """DROP TRIGGER IF EXISTS ex_hours_no_overlap_update""",
    ),
    (
        """CREATE TRIGGER audit_records_append_only_update BEFORE UPDATE ON audit_records BEGIN SELECT RAISE(ABORT, 'audit_records is append-only'); END""",
        """DROP TRIGGER IF EXISTS audit_records_append_only_update""",
    ),
    (
        """CREATE TRIGGER audit_records_append_only_delete BEFORE DELETE ON audit_records BEGIN SELECT RAISE(ABORT, 'audit_records is append-only'); END""",
        """DROP TRIGGER IF EXISTS audit_records_append_only_delete""",
    ),
    (
        """CREATE TRIGGER recorded_facts_append_only_update BEFORE UPDATE ON recorded_facts BEGIN SELECT RAISE(ABORT, 'recorded_facts is append-only'); END""",
        """DROP TRIGGER IF EXISTS recorded_facts_append_only_update""",
    ),
    (
        """CREATE TRIGGER recorded_facts_append_only_delete BEFORE DELETE ON recorded_facts BEGIN SELECT RAISE(ABORT, 'recorded_facts is append-only'); END""",
        """DROP TRIGGER IF EXISTS recorded_facts_append_only_delete""",
    ),
    (
        """CREATE TRIGGER no_awards_append_only_update BEFORE UPDATE ON no_awards BEGIN SELECT RAISE(ABORT, 'no_awards is append-only'); END""",
        """DROP TRIGGER IF EXISTS no_awards_append_only_update""",
    ),
    (
        """CREATE TRIGGER no_awards_append_only_delete BEFORE DELETE ON no_awards BEGIN SELECT RAISE(ABORT, 'no_awards is append-only'); END""",
        """DROP TRIGGER IF EXISTS no_awards_append_only_delete""",
    ),
    (
        """CREATE TRIGGER rule_set_versions_never_edited BEFORE UPDATE ON rule_set_versions WHEN OLD.state IN ('published', 'retired') AND (NOT (OLD.state = 'published' AND NEW.state = 'retired') OR (NEW.id <> OLD.id) OR (NEW.rule_set_id <> OLD.rule_set_id) OR (NEW.number <> OLD.number) OR (NEW.rules <> OLD.rules) OR (NEW.written_by <> OLD.written_by) OR (NEW.written_at <> OLD.written_at) OR (NEW.reviewed_by <> OLD.reviewed_by) OR (NEW.reviewed_at <> OLD.reviewed_at) OR (NEW.published_by <> OLD.published_by) OR (NEW.published_at <> OLD.published_at) OR (NEW.starts_at <> OLD.starts_at)) BEGIN SELECT RAISE(ABORT, 'a published rule set version is never edited'); END""",
        """DROP TRIGGER IF EXISTS rule_set_versions_never_edited""",
    ),
    (
        """CREATE TRIGGER rule_set_versions_never_deleted BEFORE DELETE ON rule_set_versions WHEN OLD.state IN ('published', 'retired') BEGIN SELECT RAISE(ABORT, 'a published rule set version is never edited'); END""",
        """DROP TRIGGER IF EXISTS rule_set_versions_never_deleted""",
    ),
    (
        """CREATE TRIGGER awards_never_rewritten BEFORE UPDATE ON awards WHEN NOT (OLD.state = NEW.state OR (OLD.state = 'queued' AND NEW.state = 'pending') OR (OLD.state = 'queued' AND NEW.state = 'active') OR (OLD.state = 'queued' AND NEW.state = 'void') OR (OLD.state = 'pending' AND NEW.state = 'active') OR (OLD.state = 'pending' AND NEW.state = 'void') OR (OLD.state = 'void' AND NEW.state = 'queued' AND NEW.round = OLD.round + 1)) OR (NEW.id <> OLD.id) OR (NEW.recorded_fact_id <> OLD.recorded_fact_id) OR (NEW.fact_kind <> OLD.fact_kind) OR (NEW.fact_id <> OLD.fact_id) OR (NEW.person_id <> OLD.person_id) OR (NEW.rule_key <> OLD.rule_key) OR (NEW.version_id <> OLD.version_id) OR (NEW.points <> OLD.points) OR (NEW.usable <> OLD.usable) OR (NEW.explanation <> OLD.explanation) OR (NEW.awarded_at <> OLD.awarded_at) BEGIN SELECT RAISE(ABORT, 'an award is never rewritten'); END""",
        """DROP TRIGGER IF EXISTS awards_never_rewritten""",
    ),
    (
        """CREATE TRIGGER awards_never_deleted BEFORE DELETE ON awards WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'an award is never rewritten'); END""",
        """DROP TRIGGER IF EXISTS awards_never_deleted""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION case_steps_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'case_steps is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER case_steps_append_only_update BEFORE UPDATE ON case_steps FOR EACH ROW EXECUTE FUNCTION case_steps_append_only_update()""",
        """DROP TRIGGER IF EXISTS case_steps_append_only_update ON case_steps; DROP FUNCTION IF EXISTS case_steps_append_only_update()""",
    ),
    (
        """CREATE FUNCTION case_steps_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'case_steps is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER case_steps_append_only_delete BEFORE DELETE ON case_steps FOR EACH ROW EXECUTE FUNCTION case_steps_append_only_delete()""",
        """DROP TRIGGER IF EXISTS case_steps_append_only_delete ON case_steps; DROP FUNCTION IF EXISTS case_steps_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION cases_deadline_fixed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'cases_deadline_fixed' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER cases_deadline_fixed BEFORE UPDATE ON cases FOR EACH ROW WHEN (OLD.resolve_by IS NOT NULL AND NEW.resolve_by IS NOT NULL AND NEW.resolve_by <> OLD.resolve_by)
EXECUTE FUNCTION cases_deadline_fixed()""",
        """DROP TRIGGER IF EXISTS cases_deadline_fixed ON cases; DROP FUNCTION IF EXISTS cases_deadline_fixed()""",
    ),
    (
        """CREATE FUNCTION checkins_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'checkins is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER checkins_append_only_update BEFORE UPDATE ON checkins FOR EACH ROW EXECUTE FUNCTION checkins_append_only_update()""",
        """DROP TRIGGER IF EXISTS checkins_append_only_update ON checkins; DROP FUNCTION IF EXISTS checkins_append_only_update()""",
    ),
    (
        """CREATE FUNCTION checkins_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'checkins is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER checkins_append_only_delete BEFORE DELETE ON checkins FOR EACH ROW EXECUTE FUNCTION checkins_append_only_delete()""",
        """DROP TRIGGER IF EXISTS checkins_append_only_delete ON checkins; DROP FUNCTION IF EXISTS checkins_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION refused_scans_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused_scans is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER refused_scans_append_only_update BEFORE UPDATE ON refused_scans FOR EACH ROW EXECUTE FUNCTION refused_scans_append_only_update()""",
        """DROP TRIGGER IF EXISTS refused_scans_append_only_update ON refused_scans; DROP FUNCTION IF EXISTS refused_scans_append_only_update()""",
    ),
    (
        """CREATE FUNCTION refused_scans_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused_scans is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER refused_scans_append_only_delete BEFORE DELETE ON refused_scans FOR EACH ROW EXECUTE FUNCTION refused_scans_append_only_delete()""",
        """DROP TRIGGER IF EXISTS refused_scans_append_only_delete ON refused_scans; DROP FUNCTION IF EXISTS refused_scans_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION ledger_transactions_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ledger_transactions is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER ledger_transactions_append_only_update BEFORE UPDATE ON ledger_transactions FOR EACH ROW EXECUTE FUNCTION ledger_transactions_append_only_update()""",
        """DROP TRIGGER IF EXISTS ledger_transactions_append_only_update ON ledger_transactions; DROP FUNCTION IF EXISTS ledger_transactions_append_only_update()""",
    ),
    (
        """CREATE FUNCTION ledger_transactions_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ledger_transactions is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER ledger_transactions_append_only_delete BEFORE DELETE ON ledger_transactions FOR EACH ROW EXECUTE FUNCTION ledger_transactions_append_only_delete()""",
        """DROP TRIGGER IF EXISTS ledger_transactions_append_only_delete ON ledger_transactions; DROP FUNCTION IF EXISTS ledger_transactions_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION entries_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'entries is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER entries_append_only_update BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION entries_append_only_update()""",
        """DROP TRIGGER IF EXISTS entries_append_only_update ON entries; DROP FUNCTION IF EXISTS entries_append_only_update()""",
    ),
    (
        """CREATE FUNCTION entries_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'entries is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER entries_append_only_delete BEFORE DELETE ON entries FOR EACH ROW EXECUTE FUNCTION entries_append_only_delete()""",
        """DROP TRIGGER IF EXISTS entries_append_only_delete ON entries; DROP FUNCTION IF EXISTS entries_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION accounts_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER accounts_begin BEFORE INSERT ON accounts FOR EACH ROW WHEN (NEW.balance <> 0 OR NEW.held <> 0) EXECUTE FUNCTION accounts_guard('an account begins empty and once'); CREATE TRIGGER accounts_balance BEFORE UPDATE OF balance ON accounts FOR EACH ROW WHEN (NEW.balance <> OLD.balance AND pg_trigger_depth() = 0) EXECUTE FUNCTION accounts_guard('an account balance moves by entries only'); CREATE TRIGGER accounts_held BEFORE UPDATE OF held ON accounts FOR EACH ROW WHEN (NEW.held <> OLD.held AND pg_trigger_depth() = 0) EXECUTE FUNCTION accounts_guard('held points move by holds only'); CREATE TRIGGER accounts_identity BEFORE UPDATE OF id, key, kind, owner_id, region_code, period, created_at ON accounts FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.key IS DISTINCT FROM OLD.key OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.owner_id IS DISTINCT FROM OLD.owner_id OR NEW.region_code IS DISTINCT FROM OLD.region_code OR NEW.period IS DISTINCT FROM OLD.period OR NEW.created_at IS DISTINCT FROM OLD.created_at) EXECUTE FUNCTION accounts_guard('an account keeps its identity'); CREATE TRIGGER accounts_delete BEFORE DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION accounts_guard('an account is never deleted')""",
        """DROP TRIGGER IF EXISTS accounts_begin ON accounts; DROP TRIGGER IF EXISTS accounts_balance ON accounts; DROP TRIGGER IF EXISTS accounts_held ON accounts; DROP TRIGGER IF EXISTS accounts_identity ON accounts; DROP TRIGGER IF EXISTS accounts_delete ON accounts; DROP FUNCTION IF EXISTS accounts_guard()""",
    ),
    (
        """CREATE FUNCTION entries_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF EXISTS (SELECT 1 FROM added JOIN ledger_transactions ON ledger_transactions.id = added.transaction_id) THEN
  RAISE EXCEPTION 'the transaction is closed' USING ERRCODE = 'check_violation';
END IF;
UPDATE accounts SET balance = balance + moved.amount
FROM (SELECT account_id, SUM(amount) AS amount FROM added GROUP BY account_id) AS moved
WHERE accounts.id = moved.account_id;
RETURN NULL;
 END $$; CREATE TRIGGER entries_move AFTER INSERT ON entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION entries_guard()""",
        """DROP TRIGGER IF EXISTS entries_move ON entries; DROP FUNCTION IF EXISTS entries_guard()""",
    ),
    (
        """CREATE FUNCTION ledger_transactions_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT COUNT(*) = NEW.entry_count AND SUM(amount) = 0 FROM entries WHERE transaction_id = NEW.id) IS NOT TRUE THEN RAISE EXCEPTION 'the transaction does not balance' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$; CREATE TRIGGER ledger_transactions_balance BEFORE INSERT ON ledger_transactions FOR EACH ROW EXECUTE FUNCTION ledger_transactions_guard()""",
        """DROP TRIGGER IF EXISTS ledger_transactions_balance ON ledger_transactions; DROP FUNCTION IF EXISTS ledger_transactions_guard()""",
    ),
    (
        """CREATE FUNCTION holds_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a hold is never deleted' USING ERRCODE = 'check_violation'; END IF;
IF TG_OP = 'INSERT' THEN
  IF NEW.state <> 'held' THEN RAISE EXCEPTION 'a hold begins held and once' USING ERRCODE = 'check_violation'; END IF;
  UPDATE accounts SET held = held + NEW.points WHERE id = NEW.account_id;
  RETURN NULL;
END IF;
IF OLD.state <> 'held' THEN RAISE EXCEPTION 'an ended hold never changes' USING ERRCODE = 'check_violation'; END IF;
IF NEW.state = 'held' OR NEW.id IS DISTINCT FROM OLD.id OR NEW.account_id IS DISTINCT FROM OLD.account_id OR NEW.points IS DISTINCT FROM OLD.points OR NEW.source IS DISTINCT FROM OLD.source OR NEW.expires_at IS DISTINCT FROM OLD.expires_at OR NEW.made_by IS DISTINCT FROM OLD.made_by OR NEW.made_at IS DISTINCT FROM OLD.made_at THEN RAISE EXCEPTION 'of a hold only its end can be written' USING ERRCODE = 'check_violation'; END IF;
UPDATE accounts SET held = held - NEW.points WHERE id = NEW.account_id;
RETURN NULL;
 END $$; CREATE TRIGGER holds_move AFTER INSERT OR UPDATE OR DELETE ON holds FOR EACH ROW EXECUTE FUNCTION holds_guard()""",
        """DROP TRIGGER IF EXISTS holds_move ON holds; DROP FUNCTION IF EXISTS holds_guard()""",
    ),
    (
        """CREATE FUNCTION stock_movements_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stock_movements is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER stock_movements_append_only_update BEFORE UPDATE ON stock_movements FOR EACH ROW EXECUTE FUNCTION stock_movements_append_only_update()""",
        """DROP TRIGGER IF EXISTS stock_movements_append_only_update ON stock_movements; DROP FUNCTION IF EXISTS stock_movements_append_only_update()""",
    ),
    (
        """CREATE FUNCTION stock_movements_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stock_movements is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER stock_movements_append_only_delete BEFORE DELETE ON stock_movements FOR EACH ROW EXECUTE FUNCTION stock_movements_append_only_delete()""",
        """DROP TRIGGER IF EXISTS stock_movements_append_only_delete ON stock_movements; DROP FUNCTION IF EXISTS stock_movements_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION stock_movements_move_on_hand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE stock SET on_hand = on_hand + NEW.quantity WHERE id = NEW.stock_id; RETURN NULL; END $$; CREATE TRIGGER stock_movements_move_on_hand AFTER INSERT ON stock_movements FOR EACH ROW EXECUTE FUNCTION stock_movements_move_on_hand()""",
        """DROP TRIGGER IF EXISTS stock_movements_move_on_hand ON stock_movements; DROP FUNCTION IF EXISTS stock_movements_move_on_hand()""",
    ),
    (
        """CREATE FUNCTION vouchers_forward_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'vouchers only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER vouchers_forward_update BEFORE UPDATE ON vouchers FOR EACH ROW WHEN (NOT (((OLD.state = 'reserved' AND NEW.state IN ('handed_over', 'cancelled', 'expired')) OR (OLD.state = 'handed_over' AND NEW.state = 'undone' AND NEW.handed_over_at = OLD.handed_over_at)) AND NEW.id = OLD.id AND NEW.serial = OLD.serial AND NEW.person_id = OLD.person_id AND NEW.reward_id = OLD.reward_id AND NEW.station_id = OLD.station_id AND NEW.stock_id = OLD.stock_id AND NEW.hold_id = OLD.hold_id AND NEW.points = OLD.points AND NEW.reserved_at = OLD.reserved_at AND NEW.expires_at = OLD.expires_at)) EXECUTE FUNCTION vouchers_forward_update()""",
        """DROP TRIGGER IF EXISTS vouchers_forward_update ON vouchers; DROP FUNCTION IF EXISTS vouchers_forward_update()""",
    ),
    (
        """CREATE FUNCTION vouchers_forward_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'vouchers only move forward' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER vouchers_forward_delete BEFORE DELETE ON vouchers FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION vouchers_forward_delete()""",
        """DROP TRIGGER IF EXISTS vouchers_forward_delete ON vouchers; DROP FUNCTION IF EXISTS vouchers_forward_delete()""",
    ),
    (
        """ALTER TABLE hours ADD CONSTRAINT ex_hours_no_overlap EXCLUDE USING gist (int8range((('x' || substr(replace(person_id::text, '-', ''), 1, 16))::bit(64)::bigint), (('x' || substr(replace(person_id::text, '-', ''), 1, 16))::bit(64)::bigint), '[]') WITH &&, int8range((('x' || substr(replace(person_id::text, '-', ''), 17, 16))::bit(64)::bigint), (('x' || substr(replace(person_id::text, '-', ''), 17, 16))::bit(64)::bigint), '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&) WHERE (state <> 'rejected')""",
        """ALTER TABLE hours DROP CONSTRAINT IF EXISTS ex_hours_no_overlap""",
    ),
    (
        """CREATE FUNCTION audit_records_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_records is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER audit_records_append_only_update BEFORE UPDATE ON audit_records FOR EACH ROW EXECUTE FUNCTION audit_records_append_only_update()""",
        """DROP TRIGGER IF EXISTS audit_records_append_only_update ON audit_records; DROP FUNCTION IF EXISTS audit_records_append_only_update()""",
    ),
    (
        """CREATE FUNCTION audit_records_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_records is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER audit_records_append_only_delete BEFORE DELETE ON audit_records FOR EACH ROW EXECUTE FUNCTION audit_records_append_only_delete()""",
        """DROP TRIGGER IF EXISTS audit_records_append_only_delete ON audit_records; DROP FUNCTION IF EXISTS audit_records_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION recorded_facts_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'recorded_facts is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER recorded_facts_append_only_update BEFORE UPDATE ON recorded_facts FOR EACH ROW EXECUTE FUNCTION recorded_facts_append_only_update()""",
        """DROP TRIGGER IF EXISTS recorded_facts_append_only_update ON recorded_facts; DROP FUNCTION IF EXISTS recorded_facts_append_only_update()""",
    ),
    (
        """CREATE FUNCTION recorded_facts_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'recorded_facts is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER recorded_facts_append_only_delete BEFORE DELETE ON recorded_facts FOR EACH ROW EXECUTE FUNCTION recorded_facts_append_only_delete()""",
        """DROP TRIGGER IF EXISTS recorded_facts_append_only_delete ON recorded_facts; DROP FUNCTION IF EXISTS recorded_facts_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION no_awards_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no_awards is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER no_awards_append_only_update BEFORE UPDATE ON no_awards FOR EACH ROW EXECUTE FUNCTION no_awards_append_only_update()""",
        """DROP TRIGGER IF EXISTS no_awards_append_only_update ON no_awards; DROP FUNCTION IF EXISTS no_awards_append_only_update()""",
    ),
    (
        """CREATE FUNCTION no_awards_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no_awards is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER no_awards_append_only_delete BEFORE DELETE ON no_awards FOR EACH ROW EXECUTE FUNCTION no_awards_append_only_delete()""",
        """DROP TRIGGER IF EXISTS no_awards_append_only_delete ON no_awards; DROP FUNCTION IF EXISTS no_awards_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION rule_set_versions_never_edited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a published rule set version is never edited' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER rule_set_versions_never_edited BEFORE UPDATE ON rule_set_versions FOR EACH ROW WHEN (OLD.state IN ('published', 'retired') AND (NOT (OLD.state = 'published' AND NEW.state = 'retired') OR (NEW.id <> OLD.id) OR (NEW.rule_set_id <> OLD.rule_set_id) OR (NEW.number <> OLD.number) OR (NEW.rules <> OLD.rules) OR (NEW.written_by <> OLD.written_by) OR (NEW.written_at <> OLD.written_at) OR (NEW.reviewed_by <> OLD.reviewed_by) OR (NEW.reviewed_at <> OLD.reviewed_at) OR (NEW.published_by <> OLD.published_by) OR (NEW.published_at <> OLD.published_at) OR (NEW.starts_at <> OLD.starts_at))) EXECUTE FUNCTION rule_set_versions_never_edited()""",
        """DROP TRIGGER IF EXISTS rule_set_versions_never_edited ON rule_set_versions; DROP FUNCTION IF EXISTS rule_set_versions_never_edited()""",
    ),
    (
        """CREATE FUNCTION rule_set_versions_never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a published rule set version is never edited' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER rule_set_versions_never_deleted BEFORE DELETE ON rule_set_versions FOR EACH ROW WHEN (OLD.state IN ('published', 'retired')) EXECUTE FUNCTION rule_set_versions_never_deleted()""",
        """DROP TRIGGER IF EXISTS rule_set_versions_never_deleted ON rule_set_versions; DROP FUNCTION IF EXISTS rule_set_versions_never_deleted()""",
    ),
    (
        """CREATE FUNCTION awards_never_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an award is never rewritten' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER awards_never_rewritten BEFORE UPDATE ON awards FOR EACH ROW WHEN (NOT (OLD.state = NEW.state OR (OLD.state = 'queued' AND NEW.state = 'pending') OR (OLD.state = 'queued' AND NEW.state = 'active') OR (OLD.state = 'queued' AND NEW.state = 'void') OR (OLD.state = 'pending' AND NEW.state = 'active') OR (OLD.state = 'pending' AND NEW.state = 'void') OR (OLD.state = 'void' AND NEW.state = 'queued' AND NEW.round = OLD.round + 1)) OR (NEW.id <> OLD.id) OR (NEW.recorded_fact_id <> OLD.recorded_fact_id) OR (NEW.fact_kind <> OLD.fact_kind) OR (NEW.fact_id <> OLD.fact_id) OR (NEW.person_id <> OLD.person_id) OR (NEW.rule_key <> OLD.rule_key) OR (NEW.version_id <> OLD.version_id) OR (NEW.points <> OLD.points) OR (NEW.usable <> OLD.usable) OR (NEW.explanation <> OLD.explanation) OR (NEW.awarded_at <> OLD.awarded_at)) EXECUTE FUNCTION awards_never_rewritten()""",
        """DROP TRIGGER IF EXISTS awards_never_rewritten ON awards; DROP FUNCTION IF EXISTS awards_never_rewritten()""",
    ),
    (
        """CREATE FUNCTION awards_never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an award is never rewritten' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER awards_never_deleted BEFORE DELETE ON awards FOR EACH ROW WHEN (1 = 1) EXECUTE FUNCTION awards_never_deleted()""",
        """DROP TRIGGER IF EXISTS awards_never_deleted ON awards; DROP FUNCTION IF EXISTS awards_never_deleted()""",
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
