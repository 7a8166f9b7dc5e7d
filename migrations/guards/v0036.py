"""The guards of ledger transactions that look at all rows of a statement at once. A frozen copy of what stands beside the models."""

# ruff: noqa: E501 -- SQL as it is sent

from __future__ import annotations

from alembic import op

from migrations.guards import v0001, v0020

POSTGRESQL: tuple[tuple[str, str], ...] = (
    (
        """CREATE FUNCTION ledger_transactions_guard() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ BEGIN
IF EXISTS (SELECT 1 FROM added WHERE (SELECT COUNT(*) = added.entry_count AND SUM(amount) = 0 FROM entries WHERE transaction_id = added.id) IS NOT TRUE) THEN
  RAISE EXCEPTION 'the transaction does not balance' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
 END $$; CREATE TRIGGER ledger_transactions_balance AFTER INSERT ON ledger_transactions REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_transactions_guard()""",
        """DROP TRIGGER IF EXISTS ledger_transactions_balance ON ledger_transactions; DROP FUNCTION IF EXISTS ledger_transactions_guard()""",
    ),
    (
        """CREATE FUNCTION ledger_transactions_lots_guard() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ DECLARE one record; BEGIN
IF EXISTS (SELECT 1 FROM added WHERE (SELECT COUNT(*) FROM entries WHERE transaction_id = added.id
  AND (SELECT kind FROM accounts WHERE id = entries.account_id) = 'wallet'
  AND entries.amount <> (SELECT COALESCE(SUM(amount), 0) FROM lot_moves WHERE entry_id = entries.id)) > 0) THEN
  RAISE EXCEPTION 'the lots do not move by what the entries say' USING ERRCODE = 'check_violation';
END IF;
FOR one IN
  SELECT entry.id, entry.account_id, added.at FROM added, LATERAL
  (SELECT id, account_id FROM entries WHERE transaction_id = added.id AND amount > 0 OFFSET 0) AS entry
  WHERE (SELECT MIN((SELECT due_on FROM lots WHERE account_id = lot_moves.account_id AND expires_on = lot_moves.expires_on)) FROM lot_moves WHERE entry_id = entry.id AND amount > 0) < (added.at AT TIME ZONE 'Asia/Shanghai')::date
LOOP
  UPDATE lots SET due_on = ((one.at AT TIME ZONE 'Asia/Shanghai')::date + 30), told_days = NULL
  WHERE due_on < (one.at AT TIME ZONE 'Asia/Shanghai')::date AND account_id = one.account_id
  AND expires_on IN (SELECT expires_on FROM lot_moves WHERE entry_id = one.id AND amount > 0);
END LOOP;
RETURN NULL;
 END $$; CREATE TRIGGER ledger_transactions_lots AFTER INSERT ON ledger_transactions REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_transactions_lots_guard()""",
        """DROP TRIGGER IF EXISTS ledger_transactions_lots ON ledger_transactions; DROP FUNCTION IF EXISTS ledger_transactions_lots_guard()""",
    ),
)

GUARDS = {"sqlite": (), "postgresql": POSTGRESQL}


def put_up(dialect: str) -> None:
    """Put these in the place of those that were there."""
    for create, drop in GUARDS[dialect]:
        op.execute(drop)
        op.execute(create.replace(":", "\\:"))


def take_down(dialect: str) -> None:
    """Put the old ones back, as 0020 left them."""
    known = {drop: create for create, drop in (*v0001.GUARDS[dialect], *v0020.GUARDS[dialect])}
    for _create, drop in reversed(GUARDS[dialect]):
        op.execute(drop)
        op.execute(known[drop].replace(":", "\\:"))
    for _create, drop in GUARDS[dialect]:
        function = drop.rsplit(" ", 1)[-1]
        op.execute(f"ALTER FUNCTION {function} SET enable_seqscan = off")
