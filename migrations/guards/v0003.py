"""The guards that come with lots-and-debts. A frozen copy of what stands beside the models (`kernel.db.ddl_for`)."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER debt_policies_append_only_update BEFORE UPDATE ON debt_policies BEGIN SELECT RAISE(ABORT, 'debt_policies is append-only'); END""",
        """DROP TRIGGER IF EXISTS debt_policies_append_only_update""",
    ),
    (
        """CREATE TRIGGER debt_policies_append_only_delete BEFORE DELETE ON debt_policies BEGIN SELECT RAISE(ABORT, 'debt_policies is append-only'); END""",
        """DROP TRIGGER IF EXISTS debt_policies_append_only_delete""",
    ),
    (
        """CREATE TRIGGER lot_moves_append_only_update BEFORE UPDATE ON lot_moves BEGIN SELECT RAISE(ABORT, 'lot_moves is append-only'); END""",
        """DROP TRIGGER IF EXISTS lot_moves_append_only_update""",
    ),
    (
        """CREATE TRIGGER lot_moves_append_only_delete BEFORE DELETE ON lot_moves BEGIN SELECT RAISE(ABORT, 'lot_moves is append-only'); END""",
        """DROP TRIGGER IF EXISTS lot_moves_append_only_delete""",
    ),
    (
        """CREATE TRIGGER lot_holds_append_only_update BEFORE UPDATE ON lot_holds BEGIN SELECT RAISE(ABORT, 'lot_holds is append-only'); END""",
        """DROP TRIGGER IF EXISTS lot_holds_append_only_update""",
    ),
    (
        """CREATE TRIGGER lot_holds_append_only_delete BEFORE DELETE ON lot_holds BEGIN SELECT RAISE(ABORT, 'lot_holds is append-only'); END""",
        """DROP TRIGGER IF EXISTS lot_holds_append_only_delete""",
    ),
    (
        """CREATE TRIGGER lots_begin BEFORE INSERT ON lots WHEN NEW.points <> 0 OR NEW.held <> 0 OR EXISTS (SELECT 1 FROM lots WHERE account_id = NEW.account_id AND expires_on = NEW.expires_on) BEGIN SELECT RAISE(ABORT, 'a lot begins empty and once'); END""",
        """DROP TRIGGER IF EXISTS lots_begin""",
    ),
    (
        """CREATE TRIGGER lots_points BEFORE UPDATE OF points ON lots WHEN NEW.points <> OLD.points AND NEW.points - OLD.points IS NOT (SELECT amount FROM lot_moves WHERE rowid = (SELECT MAX(rowid) FROM lot_moves) AND account_id = NEW.account_id AND expires_on = NEW.expires_on) BEGIN SELECT RAISE(ABORT, 'a lot moves by entries and holds only'); END""",
        """DROP TRIGGER IF EXISTS lots_points""",
    ),
    (
        """CREATE TRIGGER lots_held BEFORE UPDATE OF held ON lots WHEN NEW.held <> OLD.held AND NEW.held <> (SELECT COALESCE(SUM(lot_holds.points), 0) FROM holds JOIN lot_holds ON lot_holds.hold_id = holds.id WHERE holds.account_id = NEW.account_id AND holds.state = 'held' AND lot_holds.expires_on = NEW.expires_on) BEGIN SELECT RAISE(ABORT, 'a lot moves by entries and holds only'); END""",
        """DROP TRIGGER IF EXISTS lots_held""",
    ),
    (
        """CREATE TRIGGER lots_days BEFORE UPDATE OF account_id, expires_on, due_on ON lots WHEN NEW.account_id IS NOT OLD.account_id OR NEW.expires_on IS NOT OLD.expires_on OR NEW.due_on < OLD.due_on BEGIN SELECT RAISE(ABORT, 'a lot keeps its days'); END""",
        """DROP TRIGGER IF EXISTS lots_days""",
    ),
    (
        """CREATE TRIGGER lots_delete BEFORE DELETE ON lots BEGIN SELECT RAISE(ABORT, 'a lot is never deleted'); END""",
        """DROP TRIGGER IF EXISTS lots_delete""",
    ),
    (
        """CREATE TRIGGER lot_moves_begin BEFORE INSERT ON lot_moves WHEN EXISTS (SELECT 1 FROM entries JOIN ledger_transactions ON ledger_transactions.id = entries.transaction_id WHERE entries.id = NEW.entry_id) OR EXISTS (SELECT 1 FROM lot_moves WHERE entry_id = NEW.entry_id AND expires_on = NEW.expires_on) BEGIN SELECT RAISE(ABORT, 'lot moves are written by entries only'); END""",
        """DROP TRIGGER IF EXISTS lot_moves_begin""",
    ),
    (
        """CREATE TRIGGER lot_moves_move AFTER INSERT ON lot_moves BEGIN UPDATE lots SET points = points + NEW.amount WHERE account_id = NEW.account_id AND expires_on = NEW.expires_on; END""",
        """DROP TRIGGER IF EXISTS lot_moves_move""",
    ),
    (
        """CREATE TRIGGER lot_holds_begin BEFORE INSERT ON lot_holds WHEN (SELECT COALESCE(SUM(points), 0) FROM lot_holds WHERE hold_id = NEW.hold_id) + NEW.points > COALESCE((SELECT points FROM holds WHERE id = NEW.hold_id AND state = 'held'), 0) OR EXISTS (SELECT 1 FROM lot_holds WHERE hold_id = NEW.hold_id AND expires_on = NEW.expires_on) BEGIN SELECT RAISE(ABORT, 'lots are reserved by holds only'); END""",
        """DROP TRIGGER IF EXISTS lot_holds_begin""",
    ),
    (
        """CREATE TRIGGER lot_holds_raise AFTER INSERT ON lot_holds BEGIN UPDATE lots SET held = held + NEW.points WHERE account_id = NEW.account_id AND expires_on = NEW.expires_on; END""",
        """DROP TRIGGER IF EXISTS lot_holds_raise""",
    ),
    (
        """CREATE TRIGGER holds_spread_reserve AFTER INSERT ON holds BEGIN INSERT INTO lot_holds (hold_id, account_id, expires_on, points) SELECT NEW.id, NEW.account_id, expires_on, amount FROM (SELECT expires_on, CASE WHEN room < NEW.points - passed THEN room ELSE NEW.points - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY due_on, expires_on) - room AS passed FROM (SELECT expires_on, due_on, points - held AS room FROM lots WHERE account_id = NEW.account_id AND points > held) AS rooms WHERE room > 0) AS queue WHERE passed < NEW.points) AS spread; END""",
        """DROP TRIGGER IF EXISTS holds_spread_reserve""",
    ),
    (
        """CREATE TRIGGER holds_spread_let_go AFTER UPDATE ON holds BEGIN UPDATE lots SET held = held - (SELECT points FROM lot_holds WHERE lot_holds.hold_id = NEW.id AND lot_holds.expires_on = lots.expires_on), due_on = CASE WHEN due_on < date(NEW.ended_at, '+8 hours') AND (NEW.captured_points IS NULL OR NEW.captured_points < NEW.points) THEN date(NEW.ended_at, '+8 hours', '+30 days') ELSE due_on END, told_days = CASE WHEN due_on < date(NEW.ended_at, '+8 hours') AND (NEW.captured_points IS NULL OR NEW.captured_points < NEW.points) THEN NULL ELSE told_days END WHERE account_id = NEW.account_id AND EXISTS (SELECT 1 FROM lot_holds WHERE lot_holds.hold_id = NEW.id AND lot_holds.expires_on = lots.expires_on); END""",
        """DROP TRIGGER IF EXISTS holds_spread_let_go""",
    ),
    (
        """CREATE TRIGGER ledger_transactions_lots BEFORE INSERT ON ledger_transactions WHEN NOT NOT EXISTS (
  SELECT 1 FROM entries JOIN accounts ON accounts.id = entries.account_id
  WHERE entries.transaction_id = NEW.id AND accounts.kind = 'wallet'
  AND entries.amount <> (SELECT COALESCE(SUM(amount), 0) FROM lot_moves WHERE entry_id = entries.id)) BEGIN SELECT RAISE(ABORT, 'the lots do not move by what the entries say'); END""",
        """DROP TRIGGER IF EXISTS ledger_transactions_lots""",
    ),
    (
        """CREATE TRIGGER ledger_transactions_grace AFTER INSERT ON ledger_transactions BEGIN UPDATE lots SET due_on = date(NEW.at, '+8 hours', '+30 days'), told_days = NULL WHERE due_on < date(NEW.at, '+8 hours') AND EXISTS (SELECT 1 FROM entries JOIN lot_moves ON lot_moves.entry_id = entries.id WHERE entries.transaction_id = NEW.id AND lot_moves.amount > 0 AND lot_moves.account_id = lots.account_id AND lot_moves.expires_on = lots.expires_on) AND account_id IN (SELECT account_id FROM entries WHERE transaction_id = NEW.id AND amount > 0); END""",
        """DROP TRIGGER IF EXISTS ledger_transactions_grace""",
    ),
    (
        """CREATE TRIGGER entries_spread_credit AFTER INSERT ON entries WHEN NEW.amount > 0 AND NEW.returns_id IS NULL AND EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account_id AND kind = 'wallet') BEGIN INSERT INTO lots (account_id, expires_on, due_on, points, held) SELECT NEW.account_id, COALESCE(NEW.expires_on, '9999-12-31'), COALESCE(NEW.expires_on, '9999-12-31'), 0, 0 WHERE NOT EXISTS (SELECT 1 FROM lots WHERE account_id = NEW.account_id AND expires_on = COALESCE(NEW.expires_on, '9999-12-31')); INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) VALUES (NEW.id, NEW.account_id, COALESCE(NEW.expires_on, '9999-12-31'), NEW.amount); END""",
        """DROP TRIGGER IF EXISTS entries_spread_credit""",
    ),
    (
        """CREATE TRIGGER entries_spread_return AFTER INSERT ON entries WHEN NEW.amount > 0 AND NEW.returns_id IS NOT NULL AND EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account_id AND kind = 'wallet') BEGIN INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT NEW.id, NEW.account_id, expires_on, amount FROM (SELECT expires_on, CASE WHEN room < NEW.amount - passed THEN room ELSE NEW.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY expires_on DESC) - room AS passed FROM (SELECT taken.expires_on, -taken.amount - (SELECT COALESCE(SUM(back.amount), 0) FROM entries JOIN lot_moves AS back ON back.entry_id = entries.id WHERE entries.returns_id = NEW.returns_id AND back.expires_on = taken.expires_on) AS room FROM lot_moves AS taken WHERE taken.entry_id = NEW.returns_id AND taken.account_id = NEW.account_id AND taken.amount < 0) AS rooms WHERE room > 0) AS queue WHERE passed < NEW.amount) AS spread; END""",
        """DROP TRIGGER IF EXISTS entries_spread_return""",
    ),
    (
        """CREATE TRIGGER entries_spread_capture AFTER INSERT ON entries WHEN NEW.amount < 0 AND EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account_id AND kind = 'wallet') AND EXISTS (SELECT 1 FROM holds WHERE transaction_id = NEW.transaction_id AND account_id = NEW.account_id) BEGIN INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT NEW.id, NEW.account_id, expires_on, -amount FROM (SELECT expires_on, CASE WHEN room < -NEW.amount - passed THEN room ELSE -NEW.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY due_on, expires_on) - room AS passed FROM (SELECT lot_holds.expires_on, due_on, lot_holds.points AS room FROM holds JOIN lot_holds ON lot_holds.hold_id = holds.id JOIN lots ON lots.account_id = holds.account_id AND lots.expires_on = lot_holds.expires_on WHERE holds.transaction_id = NEW.transaction_id AND holds.account_id = NEW.account_id) AS rooms WHERE room > 0) AS queue WHERE passed < -NEW.amount) AS spread; END""",
        """DROP TRIGGER IF EXISTS entries_spread_capture""",
    ),
    (
        """CREATE TRIGGER entries_spread_spend AFTER INSERT ON entries WHEN NEW.amount < 0 AND EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account_id AND kind = 'wallet') AND NOT EXISTS (SELECT 1 FROM holds WHERE transaction_id = NEW.transaction_id AND account_id = NEW.account_id) BEGIN INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT NEW.id, NEW.account_id, expires_on, -amount FROM (SELECT expires_on, CASE WHEN room < -NEW.amount - passed THEN room ELSE -NEW.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY first DESC, due_on, expires_on) - room AS passed FROM (SELECT expires_on, due_on, points - held AS room, expires_on IN (SELECT expires_on FROM lot_moves WHERE entry_id = NEW.returns_id AND amount > 0) AS first FROM lots WHERE account_id = NEW.account_id AND points > held AND (NEW.expires_on IS NULL OR expires_on = NEW.expires_on)) AS rooms WHERE room > 0) AS queue WHERE passed < -NEW.amount) AS spread; END""",
        """DROP TRIGGER IF EXISTS entries_spread_spend""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION debt_policies_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'debt_policies is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER debt_policies_append_only_update BEFORE UPDATE ON debt_policies FOR EACH ROW EXECUTE FUNCTION debt_policies_append_only_update()""",
        """DROP TRIGGER IF EXISTS debt_policies_append_only_update ON debt_policies; DROP FUNCTION IF EXISTS debt_policies_append_only_update()""",
    ),
    (
        """CREATE FUNCTION debt_policies_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'debt_policies is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER debt_policies_append_only_delete BEFORE DELETE ON debt_policies FOR EACH ROW EXECUTE FUNCTION debt_policies_append_only_delete()""",
        """DROP TRIGGER IF EXISTS debt_policies_append_only_delete ON debt_policies; DROP FUNCTION IF EXISTS debt_policies_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION lot_moves_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'lot_moves is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER lot_moves_append_only_update BEFORE UPDATE ON lot_moves FOR EACH ROW EXECUTE FUNCTION lot_moves_append_only_update()""",
        """DROP TRIGGER IF EXISTS lot_moves_append_only_update ON lot_moves; DROP FUNCTION IF EXISTS lot_moves_append_only_update()""",
    ),
    (
        """CREATE FUNCTION lot_moves_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'lot_moves is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER lot_moves_append_only_delete BEFORE DELETE ON lot_moves FOR EACH ROW EXECUTE FUNCTION lot_moves_append_only_delete()""",
        """DROP TRIGGER IF EXISTS lot_moves_append_only_delete ON lot_moves; DROP FUNCTION IF EXISTS lot_moves_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION lot_holds_append_only_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'lot_holds is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER lot_holds_append_only_update BEFORE UPDATE ON lot_holds FOR EACH ROW EXECUTE FUNCTION lot_holds_append_only_update()""",
        """DROP TRIGGER IF EXISTS lot_holds_append_only_update ON lot_holds; DROP FUNCTION IF EXISTS lot_holds_append_only_update()""",
    ),
    (
        """CREATE FUNCTION lot_holds_append_only_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'lot_holds is append-only' USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER lot_holds_append_only_delete BEFORE DELETE ON lot_holds FOR EACH ROW EXECUTE FUNCTION lot_holds_append_only_delete()""",
        """DROP TRIGGER IF EXISTS lot_holds_append_only_delete ON lot_holds; DROP FUNCTION IF EXISTS lot_holds_append_only_delete()""",
    ),
    (
        """CREATE FUNCTION lots_lots_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$; CREATE TRIGGER lots_begin BEFORE INSERT ON lots FOR EACH ROW WHEN (NEW.points <> 0 OR NEW.held <> 0) EXECUTE FUNCTION lots_lots_guard('a lot begins empty and once'); CREATE TRIGGER lots_moved BEFORE UPDATE OF points, held, due_on ON lots FOR EACH ROW WHEN ((NEW.points IS DISTINCT FROM OLD.points OR NEW.held IS DISTINCT FROM OLD.held OR NEW.due_on IS DISTINCT FROM OLD.due_on) AND pg_trigger_depth() = 0) EXECUTE FUNCTION lots_lots_guard('a lot moves by entries and holds only'); CREATE TRIGGER lots_days BEFORE UPDATE OF account_id, expires_on, due_on ON lots FOR EACH ROW WHEN (NEW.account_id IS DISTINCT FROM OLD.account_id OR NEW.expires_on IS DISTINCT FROM OLD.expires_on OR NEW.due_on < OLD.due_on) EXECUTE FUNCTION lots_lots_guard('a lot keeps its days'); CREATE TRIGGER lots_delete BEFORE DELETE ON lots FOR EACH ROW EXECUTE FUNCTION lots_lots_guard('a lot is never deleted')""",
        """DROP TRIGGER IF EXISTS lots_begin ON lots; DROP TRIGGER IF EXISTS lots_moved ON lots; DROP TRIGGER IF EXISTS lots_days ON lots; DROP TRIGGER IF EXISTS lots_delete ON lots; DROP FUNCTION IF EXISTS lots_lots_guard()""",
    ),
    (
        """CREATE FUNCTION lot_moves_lots_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_WHEN = 'BEFORE' THEN RAISE EXCEPTION 'lot moves are written by entries only' USING ERRCODE = 'check_violation'; END IF;
UPDATE lots SET points = points + moved.amount
FROM (SELECT account_id, expires_on, SUM(amount) AS amount FROM added GROUP BY account_id, expires_on) AS moved
WHERE lots.account_id = moved.account_id AND lots.expires_on = moved.expires_on;
RETURN NULL;
 END $$; CREATE TRIGGER lot_moves_begin BEFORE INSERT ON lot_moves FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION lot_moves_lots_guard(); CREATE TRIGGER lot_moves_move AFTER INSERT ON lot_moves REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION lot_moves_lots_guard()""",
        """DROP TRIGGER IF EXISTS lot_moves_begin ON lot_moves; DROP TRIGGER IF EXISTS lot_moves_move ON lot_moves; DROP FUNCTION IF EXISTS lot_moves_lots_guard()""",
    ),
    (
        """CREATE FUNCTION lot_holds_lots_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_WHEN = 'BEFORE' THEN RAISE EXCEPTION 'lots are reserved by holds only' USING ERRCODE = 'check_violation'; END IF;
UPDATE lots SET held = held + NEW.points WHERE account_id = NEW.account_id AND expires_on = NEW.expires_on;
RETURN NULL;
 END $$; CREATE TRIGGER lot_holds_begin BEFORE INSERT ON lot_holds FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION lot_holds_lots_guard(); CREATE TRIGGER lot_holds_raise AFTER INSERT ON lot_holds FOR EACH ROW EXECUTE FUNCTION lot_holds_lots_guard()""",
        """DROP TRIGGER IF EXISTS lot_holds_begin ON lot_holds; DROP TRIGGER IF EXISTS lot_holds_raise ON lot_holds; DROP FUNCTION IF EXISTS lot_holds_lots_guard()""",
    ),
    (
        """CREATE FUNCTION holds_lots_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_OP = 'INSERT' THEN INSERT INTO lot_holds (hold_id, account_id, expires_on, points) SELECT NEW.id, NEW.account_id, expires_on, amount FROM (SELECT expires_on, CASE WHEN room < NEW.points - passed THEN room ELSE NEW.points - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY due_on, expires_on) - room AS passed FROM (SELECT expires_on, due_on, points - held AS room FROM lots WHERE account_id = NEW.account_id AND points > held) AS rooms WHERE room > 0) AS queue WHERE passed < NEW.points) AS spread;
ELSE UPDATE lots SET held = held - (SELECT points FROM lot_holds WHERE lot_holds.hold_id = NEW.id AND lot_holds.expires_on = lots.expires_on), due_on = CASE WHEN due_on < (NEW.ended_at AT TIME ZONE 'Asia/Shanghai')::date AND (NEW.captured_points IS NULL OR NEW.captured_points < NEW.points) THEN ((NEW.ended_at AT TIME ZONE 'Asia/Shanghai')::date + 30) ELSE due_on END, told_days = CASE WHEN due_on < (NEW.ended_at AT TIME ZONE 'Asia/Shanghai')::date AND (NEW.captured_points IS NULL OR NEW.captured_points < NEW.points) THEN NULL ELSE told_days END WHERE account_id = NEW.account_id AND EXISTS (SELECT 1 FROM lot_holds WHERE lot_holds.hold_id = NEW.id AND lot_holds.expires_on = lots.expires_on);
END IF;
RETURN NULL;
 END $$; CREATE TRIGGER holds_spread AFTER INSERT OR UPDATE ON holds FOR EACH ROW EXECUTE FUNCTION holds_lots_guard()""",
        """DROP TRIGGER IF EXISTS holds_spread ON holds; DROP FUNCTION IF EXISTS holds_lots_guard()""",
    ),
    (
        """CREATE FUNCTION ledger_transactions_lots_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF NOT NOT EXISTS (
  SELECT 1 FROM entries JOIN accounts ON accounts.id = entries.account_id
  WHERE entries.transaction_id = NEW.id AND accounts.kind = 'wallet'
  AND entries.amount <> (SELECT COALESCE(SUM(amount), 0) FROM lot_moves WHERE entry_id = entries.id)) THEN RAISE EXCEPTION 'the lots do not move by what the entries say' USING ERRCODE = 'check_violation'; END IF;
UPDATE lots SET due_on = ((NEW.at AT TIME ZONE 'Asia/Shanghai')::date + 30), told_days = NULL WHERE due_on < (NEW.at AT TIME ZONE 'Asia/Shanghai')::date AND EXISTS (SELECT 1 FROM entries JOIN lot_moves ON lot_moves.entry_id = entries.id WHERE entries.transaction_id = NEW.id AND lot_moves.amount > 0 AND lot_moves.account_id = lots.account_id AND lot_moves.expires_on = lots.expires_on) AND account_id IN (SELECT account_id FROM entries WHERE transaction_id = NEW.id AND amount > 0);
RETURN NEW;
 END $$; CREATE TRIGGER ledger_transactions_lots BEFORE INSERT ON ledger_transactions FOR EACH ROW EXECUTE FUNCTION ledger_transactions_lots_guard()""",
        """DROP TRIGGER IF EXISTS ledger_transactions_lots ON ledger_transactions; DROP FUNCTION IF EXISTS ledger_transactions_lots_guard()""",
    ),
    (
        """CREATE FUNCTION entries_lots_guard() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE one record; BEGIN
INSERT INTO lots (account_id, expires_on, due_on, points, held)
SELECT DISTINCT added.account_id, COALESCE(added.expires_on, DATE '9999-12-31'), COALESCE(added.expires_on, DATE '9999-12-31'), 0, 0
FROM added JOIN accounts ON accounts.id = added.account_id AND accounts.kind = 'wallet'
WHERE added.amount > 0 AND added.returns_id IS NULL ORDER BY 1, 2 ON CONFLICT DO NOTHING;
INSERT INTO lot_moves (entry_id, account_id, expires_on, amount)
SELECT added.id, added.account_id, COALESCE(added.expires_on, DATE '9999-12-31'), added.amount
FROM added JOIN accounts ON accounts.id = added.account_id AND accounts.kind = 'wallet'
WHERE added.amount > 0 AND added.returns_id IS NULL;
FOR one IN
  SELECT added.* FROM added JOIN accounts ON accounts.id = added.account_id AND accounts.kind = 'wallet'
  WHERE added.amount < 0 OR added.returns_id IS NOT NULL ORDER BY added.id
LOOP
  IF one.amount > 0 THEN INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT one.id, one.account_id, expires_on, amount FROM (SELECT expires_on, CASE WHEN room < one.amount - passed THEN room ELSE one.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY expires_on DESC) - room AS passed FROM (SELECT taken.expires_on, -taken.amount - (SELECT COALESCE(SUM(back.amount), 0) FROM entries JOIN lot_moves AS back ON back.entry_id = entries.id WHERE entries.returns_id = one.returns_id AND back.expires_on = taken.expires_on) AS room FROM lot_moves AS taken WHERE taken.entry_id = one.returns_id AND taken.account_id = one.account_id AND taken.amount < 0) AS rooms WHERE room > 0) AS queue WHERE passed < one.amount) AS spread;
  ELSIF EXISTS (SELECT 1 FROM holds WHERE transaction_id = one.transaction_id AND account_id = one.account_id) THEN INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT one.id, one.account_id, expires_on, -amount FROM (SELECT expires_on, CASE WHEN room < -one.amount - passed THEN room ELSE -one.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY due_on, expires_on) - room AS passed FROM (SELECT lot_holds.expires_on, due_on, lot_holds.points AS room FROM holds JOIN lot_holds ON lot_holds.hold_id = holds.id JOIN lots ON lots.account_id = holds.account_id AND lots.expires_on = lot_holds.expires_on WHERE holds.transaction_id = one.transaction_id AND holds.account_id = one.account_id) AS rooms WHERE room > 0) AS queue WHERE passed < -one.amount) AS spread;
  ELSE INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT one.id, one.account_id, expires_on, -amount FROM (SELECT expires_on, CASE WHEN room < -one.amount - passed THEN room ELSE -one.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY first DESC, due_on, expires_on) - room AS passed FROM (SELECT expires_on, due_on, points - held AS room, expires_on IN (SELECT expires_on FROM lot_moves WHERE entry_id = one.returns_id AND amount > 0) AS first FROM lots WHERE account_id = one.account_id AND points > held AND (one.expires_on IS NULL OR expires_on = one.expires_on)) AS rooms WHERE room > 0) AS queue WHERE passed < -one.amount) AS spread;
  END IF;
END LOOP;
RETURN NULL;
 END $$; CREATE TRIGGER entries_spread AFTER INSERT ON entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION entries_lots_guard()""",
        """DROP TRIGGER IF EXISTS entries_spread ON entries; DROP FUNCTION IF EXISTS entries_lots_guard()""",
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
