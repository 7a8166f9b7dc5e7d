"""The guards of entries, lots and transactions that ask by key. A frozen copy of what stands beside the models."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

from migrations.guards import v0001, v0003

SQLITE: tuple[tuple[str, str], ...] = (
    (
        """CREATE TRIGGER ledger_transactions_lots BEFORE INSERT ON ledger_transactions WHEN NOT NOT EXISTS (
  SELECT 1 FROM entries WHERE transaction_id = NEW.id
  AND (SELECT kind FROM accounts WHERE id = entries.account_id) = 'wallet'
  AND entries.amount <> (SELECT COALESCE(SUM(amount), 0) FROM lot_moves WHERE entry_id = entries.id)) BEGIN SELECT RAISE(ABORT, 'the lots do not move by what the entries say'); END""",
        """DROP TRIGGER IF EXISTS ledger_transactions_lots""",
    ),
    (
        """CREATE TRIGGER entries_spread_capture AFTER INSERT ON entries WHEN NEW.amount < 0 AND EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account_id AND kind = 'wallet') AND EXISTS (SELECT 1 FROM holds WHERE transaction_id = NEW.transaction_id AND account_id = NEW.account_id) BEGIN INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT NEW.id, NEW.account_id, expires_on, -amount FROM (SELECT expires_on, CASE WHEN room < -NEW.amount - passed THEN room ELSE -NEW.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY due_on, expires_on) - room AS passed FROM (SELECT lot_holds.expires_on, lot_holds.points AS room, (SELECT due_on FROM lots WHERE account_id = lot_holds.account_id AND expires_on = lot_holds.expires_on) AS due_on FROM holds JOIN lot_holds ON lot_holds.hold_id = holds.id WHERE holds.transaction_id = NEW.transaction_id AND holds.account_id = NEW.account_id) AS rooms WHERE room > 0) AS queue WHERE passed < -NEW.amount) AS spread; END""",
        """DROP TRIGGER IF EXISTS entries_spread_capture""",
    ),
)

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION entries_guard() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ DECLARE one record; BEGIN
IF EXISTS (SELECT 1 FROM added WHERE (SELECT TRUE FROM ledger_transactions WHERE id = added.transaction_id)) THEN
  RAISE EXCEPTION 'the transaction is closed' USING ERRCODE = 'check_violation';
END IF;
FOR one IN
  SELECT account_id, SUM(amount) AS amount FROM added GROUP BY account_id
  ORDER BY (SELECT key FROM accounts WHERE id = account_id) DESC
LOOP
  UPDATE accounts SET balance = balance + one.amount WHERE id = one.account_id;
END LOOP;
RETURN NULL;
 END $$; CREATE TRIGGER entries_move AFTER INSERT ON entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION entries_guard()""",
        """DROP TRIGGER IF EXISTS entries_move ON entries; DROP FUNCTION IF EXISTS entries_guard()""",
    ),
    (
        """CREATE FUNCTION lot_moves_lots_guard() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ DECLARE one record; BEGIN
IF TG_WHEN = 'BEFORE' THEN RAISE EXCEPTION 'lot moves are written by entries only' USING ERRCODE = 'check_violation'; END IF;
FOR one IN
  SELECT account_id, expires_on, SUM(amount) AS amount FROM added GROUP BY account_id, expires_on ORDER BY 1, 2
LOOP
  UPDATE lots SET points = points + one.amount WHERE account_id = one.account_id AND expires_on = one.expires_on;
END LOOP;
RETURN NULL;
 END $$; CREATE TRIGGER lot_moves_begin BEFORE INSERT ON lot_moves FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION lot_moves_lots_guard(); CREATE TRIGGER lot_moves_move AFTER INSERT ON lot_moves REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION lot_moves_lots_guard()""",
        """DROP TRIGGER IF EXISTS lot_moves_begin ON lot_moves; DROP TRIGGER IF EXISTS lot_moves_move ON lot_moves; DROP FUNCTION IF EXISTS lot_moves_lots_guard()""",
    ),
    (
        """CREATE FUNCTION ledger_transactions_lots_guard() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ DECLARE one record; BEGIN
IF NOT NOT EXISTS (
  SELECT 1 FROM entries WHERE transaction_id = NEW.id
  AND (SELECT kind FROM accounts WHERE id = entries.account_id) = 'wallet'
  AND entries.amount <> (SELECT COALESCE(SUM(amount), 0) FROM lot_moves WHERE entry_id = entries.id)) THEN RAISE EXCEPTION 'the lots do not move by what the entries say' USING ERRCODE = 'check_violation'; END IF;
FOR one IN SELECT id, account_id FROM entries WHERE transaction_id = NEW.id AND amount > 0 LOOP UPDATE lots SET due_on = ((NEW.at AT TIME ZONE 'Asia/Shanghai')::date + 30), told_days = NULL WHERE due_on < (NEW.at AT TIME ZONE 'Asia/Shanghai')::date AND account_id = one.account_id AND expires_on IN (SELECT expires_on FROM lot_moves WHERE entry_id = one.id AND amount > 0); END LOOP;
RETURN NEW;
 END $$; CREATE TRIGGER ledger_transactions_lots BEFORE INSERT ON ledger_transactions FOR EACH ROW EXECUTE FUNCTION ledger_transactions_lots_guard()""",
        """DROP TRIGGER IF EXISTS ledger_transactions_lots ON ledger_transactions; DROP FUNCTION IF EXISTS ledger_transactions_lots_guard()""",
    ),
    (
        """CREATE FUNCTION entries_lots_guard() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ DECLARE one record; BEGIN
INSERT INTO lots (account_id, expires_on, due_on, points, held)
SELECT DISTINCT added.account_id, COALESCE(added.expires_on, DATE '9999-12-31'), COALESCE(added.expires_on, DATE '9999-12-31'), 0, 0
FROM added WHERE added.amount > 0 AND added.returns_id IS NULL AND (SELECT kind FROM accounts WHERE id = added.account_id) = 'wallet' ORDER BY 1, 2 ON CONFLICT DO NOTHING;
INSERT INTO lot_moves (entry_id, account_id, expires_on, amount)
SELECT added.id, added.account_id, COALESCE(added.expires_on, DATE '9999-12-31'), added.amount
FROM added WHERE added.amount > 0 AND added.returns_id IS NULL AND (SELECT kind FROM accounts WHERE id = added.account_id) = 'wallet';
FOR one IN
  SELECT added.* FROM added
  WHERE (added.amount < 0 OR added.returns_id IS NOT NULL) AND (SELECT kind FROM accounts WHERE id = added.account_id) = 'wallet' ORDER BY added.id
LOOP
  IF one.amount > 0 THEN INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT one.id, one.account_id, expires_on, amount FROM (SELECT expires_on, CASE WHEN room < one.amount - passed THEN room ELSE one.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY expires_on DESC) - room AS passed FROM (SELECT taken.expires_on, -taken.amount - (SELECT COALESCE(SUM(back.amount), 0) FROM entries JOIN lot_moves AS back ON back.entry_id = entries.id WHERE entries.returns_id = one.returns_id AND back.expires_on = taken.expires_on) AS room FROM lot_moves AS taken WHERE taken.entry_id = one.returns_id AND taken.account_id = one.account_id AND taken.amount < 0) AS rooms WHERE room > 0) AS queue WHERE passed < one.amount) AS spread;
  ELSIF EXISTS (SELECT 1 FROM holds WHERE transaction_id = one.transaction_id AND account_id = one.account_id) THEN INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT one.id, one.account_id, expires_on, -amount FROM (SELECT expires_on, CASE WHEN room < -one.amount - passed THEN room ELSE -one.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY due_on, expires_on) - room AS passed FROM (SELECT lot_holds.expires_on, lot_holds.points AS room, (SELECT due_on FROM lots WHERE account_id = lot_holds.account_id AND expires_on = lot_holds.expires_on) AS due_on FROM holds JOIN lot_holds ON lot_holds.hold_id = holds.id WHERE holds.transaction_id = one.transaction_id AND holds.account_id = one.account_id) AS rooms WHERE room > 0) AS queue WHERE passed < -one.amount) AS spread;
  ELSE INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) SELECT one.id, one.account_id, expires_on, -amount FROM (SELECT expires_on, CASE WHEN room < -one.amount - passed THEN room ELSE -one.amount - passed END AS amount FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY first DESC, due_on, expires_on) - room AS passed FROM (SELECT expires_on, due_on, points - held AS room, expires_on IN (SELECT expires_on FROM lot_moves WHERE entry_id = one.returns_id AND amount > 0) AS first FROM lots WHERE account_id = one.account_id AND points > held AND (one.expires_on IS NULL OR expires_on = one.expires_on)) AS rooms WHERE room > 0) AS queue WHERE passed < -one.amount) AS spread;
  END IF;
END LOOP;
RETURN NULL;
 END $$; CREATE TRIGGER entries_spread AFTER INSERT ON entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION entries_lots_guard()""",
        """DROP TRIGGER IF EXISTS entries_spread ON entries; DROP FUNCTION IF EXISTS entries_lots_guard()""",
    ),
)

GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
# The other guards of the book say the same as before; they, too, never read a table from end to end.
UNCHANGED = (
    "accounts_guard",
    "ledger_transactions_guard",
    "holds_guard",
    "lots_lots_guard",
    "lot_holds_lots_guard",
    "holds_lots_guard",
)


def put_up(dialect: str) -> None:
    """Put these in the place of those that were there."""
    _alter(dialect, "SET enable_seqscan = off")
    for (create, _drop), (_create, drop_old) in zip(GUARDS[dialect], _before(dialect), strict=True):
        op.execute(drop_old)
        op.execute(create.replace(":", "\\:"))


def take_down(dialect: str) -> None:
    """Put the old ones back."""
    _alter(dialect, "RESET enable_seqscan")
    for (_create, drop), (create_old, _drop) in zip(GUARDS[dialect], _before(dialect), strict=True):
        op.execute(drop)
        op.execute(create_old.replace(":", "\\:"))


def _alter(dialect: str, how: str) -> None:
    for function in UNCHANGED if dialect == "postgresql" else ():
        op.execute(f"ALTER FUNCTION {function}() {how}")


def _before(dialect: str) -> list[tuple[str, str]]:
    """The same guards as they were; what drops one names it."""
    known = {drop: (create, drop) for create, drop in (*v0001.GUARDS[dialect], *v0003.GUARDS[dialect])}
    return [known[drop] for _create, drop in GUARDS[dialect]]
