"""What the database itself refuses, as triggers for both databases.

accounts             begin empty, keep their identity, are never deleted; only the triggers below move balance and held
entries              a new one moves its account's balance; none joins a closed transaction; none ever changes
ledger_transactions  a new one closes its entries: as many as it says, summing to zero; none ever changes
holds                a new one raises `held`, its end lowers it; an open one can only end, an ended one never changes

PostgreSQL knows by `pg_trigger_depth()` whether a trigger or a person moves a balance. SQLite does not, so there a
change of balance must be that of the entry inserted last, and `held` must be the sum of the open holds. On SQLite the
triggers also refuse an id that exists, because INSERT OR REPLACE would delete without calling a DELETE trigger.

One race is left to `verify`: a session that guesses the id of a transaction which another is just closing could add a
balanced pair to it unseen; `entry_count` then differs.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Table

from app.kernel.db import append_only, ddl_for

BALANCE_MOVES = "an account balance moves by entries only"
HELD_MOVES = "held points move by holds only"
ACCOUNT_BEGINS = "an account begins empty and once"
ACCOUNT_KEEPS = "an account keeps its identity"
ACCOUNT_STAYS = "an account is never deleted"
TRANSACTION_CLOSED = "the transaction is closed"
TRANSACTION_UNBALANCED = "the transaction does not balance"
HOLD_BEGINS = "a hold begins held and once"
HOLD_FINAL = "an ended hold never changes"
HOLD_KEEPS = "of a hold only its end can be written"
HOLD_STAYS = "a hold is never deleted"

ACCOUNT_IDENTITY = ("id", "key", "kind", "owner_id", "region_code", "period", "created_at")
HOLD_IDENTITY = ("id", "account_id", "points", "source", "expires_at", "made_by", "made_at")


class Guard(NamedTuple):
    """One trigger: its name, when it is called, and what it does (on PostgreSQL: which function it calls)."""

    name: str
    when: str
    what: str


def attach(*, accounts: Table, transactions: Table, entries: Table, holds: Table) -> None:
    """Put the triggers beside their tables."""
    append_only(transactions)
    append_only(entries)
    for table, sqlite, function, postgresql in (
        (accounts, ACCOUNTS_SQLITE, ACCOUNTS_FUNCTION, ACCOUNTS_POSTGRESQL),
        (entries, ENTRIES_SQLITE, ENTRIES_FUNCTION, ENTRIES_POSTGRESQL),
        (transactions, TRANSACTIONS_SQLITE, TRANSACTIONS_FUNCTION, TRANSACTIONS_POSTGRESQL),
        (holds, HOLDS_SQLITE, HOLDS_FUNCTION, HOLDS_POSTGRESQL),
    ):
        attach_sqlite(table, sqlite)
        attach_postgresql(table, f"{table.name}_guard", function, postgresql)


def attach_sqlite(table: Table, guards: tuple[Guard, ...]) -> None:
    """Put SQLite's triggers beside a table."""
    for name, when, what in guards:
        create = f"CREATE TRIGGER {name} {when} BEGIN {what}; END"
        ddl_for(table, sqlite=(create, f"DROP TRIGGER IF EXISTS {name}"))


def attach_postgresql(table: Table, function: str, body: str, guards: tuple[Guard, ...]) -> None:
    """Put PostgreSQL's triggers, and the one function they call, beside a table. A loop calls its row `one`.

    What a function asks is planned once per session, perhaps while a table was so small that to read all of it seemed
    cheapest. Tables grow; so none is read from end to end.
    """
    declare = "DECLARE one record; " if "FOR one IN" in body else ""
    text = f"{declare}BEGIN {body} END"
    create = [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ {text} $$"
    ]
    create += [
        f"CREATE TRIGGER {each.name} {each.when} EXECUTE FUNCTION {function}{each.what}" for each in guards
    ]
    drop = [f"DROP TRIGGER IF EXISTS {each.name} ON {table.name}" for each in guards]
    drop.append(f"DROP FUNCTION IF EXISTS {function}()")
    ddl_for(table, postgresql=("; ".join(create), "; ".join(drop)))


def refusing(message: str) -> str:
    """SQLite's statement that refuses."""
    return f"SELECT RAISE(ABORT, '{message}')"


def raising(message: str) -> str:
    """PostgreSQL's statement that refuses."""
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'"


def moved(columns: tuple[str, ...], differs: str) -> str:
    """Whether one of these columns changes; `differs` is the operator that knows NULL."""
    return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)


# --- accounts ------------------------------------------------------------------------------------------------------

_LAST_AMOUNT = (
    "SELECT amount FROM entries WHERE rowid = (SELECT MAX(rowid) FROM entries) AND account_id = NEW.id"
)
_OPEN_HOLDS = "SELECT COALESCE(SUM(points), 0) FROM holds WHERE account_id = NEW.id AND state = 'held'"
_EMPTY_AND_ONCE = "NEW.balance <> 0 OR NEW.held <> 0 OR EXISTS (SELECT 1 FROM accounts WHERE id = NEW.id)"
_NOT_BY_ENTRY = f"NEW.balance <> OLD.balance AND NEW.balance - OLD.balance IS NOT ({_LAST_AMOUNT})"
_NOT_BY_HOLD = f"NEW.held <> OLD.held AND NEW.held <> ({_OPEN_HOLDS})"
_IDENTITY = ", ".join(ACCOUNT_IDENTITY)

ACCOUNTS_SQLITE = (
    Guard("accounts_begin", f"BEFORE INSERT ON accounts WHEN {_EMPTY_AND_ONCE}", refusing(ACCOUNT_BEGINS)),
    Guard(
        "accounts_balance",
        f"BEFORE UPDATE OF balance ON accounts WHEN {_NOT_BY_ENTRY}",
        refusing(BALANCE_MOVES),
    ),
    Guard("accounts_held", f"BEFORE UPDATE OF held ON accounts WHEN {_NOT_BY_HOLD}", refusing(HELD_MOVES)),
    Guard(
        "accounts_identity",
        f"BEFORE UPDATE OF {_IDENTITY} ON accounts WHEN {moved(ACCOUNT_IDENTITY, 'IS NOT')}",
        refusing(ACCOUNT_KEEPS),
    ),
    Guard("accounts_delete", "BEFORE DELETE ON accounts", refusing(ACCOUNT_STAYS)),
)

ACCOUNTS_FUNCTION = "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation';"
_BY_HAND = "pg_trigger_depth() = 0"
ACCOUNTS_POSTGRESQL = (
    Guard(
        "accounts_begin",
        "BEFORE INSERT ON accounts FOR EACH ROW WHEN (NEW.balance <> 0 OR NEW.held <> 0)",
        f"('{ACCOUNT_BEGINS}')",
    ),
    Guard(
        "accounts_balance",
        f"BEFORE UPDATE OF balance ON accounts FOR EACH ROW WHEN (NEW.balance <> OLD.balance AND {_BY_HAND})",
        f"('{BALANCE_MOVES}')",
    ),
    Guard(
        "accounts_held",
        f"BEFORE UPDATE OF held ON accounts FOR EACH ROW WHEN (NEW.held <> OLD.held AND {_BY_HAND})",
        f"('{HELD_MOVES}')",
    ),
    Guard(
        "accounts_identity",
        f"BEFORE UPDATE OF {_IDENTITY} ON accounts FOR EACH ROW "
        f"WHEN ({moved(ACCOUNT_IDENTITY, 'IS DISTINCT FROM')})",
        f"('{ACCOUNT_KEEPS}')",
    ),
    Guard("accounts_delete", "BEFORE DELETE ON accounts FOR EACH ROW", f"('{ACCOUNT_STAYS}')"),
)

# --- entries -------------------------------------------------------------------------------------------------------

_ENTRY_TOO_LATE = (
    "EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.transaction_id) "
    "OR EXISTS (SELECT 1 FROM entries WHERE id = NEW.id)"
)
ENTRIES_SQLITE = (
    Guard("entries_closed", f"BEFORE INSERT ON entries WHEN {_ENTRY_TOO_LATE}", refusing(TRANSACTION_CLOSED)),
    Guard(
        "entries_move",
        "AFTER INSERT ON entries",
        "UPDATE accounts SET balance = balance + NEW.amount WHERE id = NEW.account_id",
    ),
)

# One call for all rows of a statement, summed per account: a bulk load pays for its accounts, not for its rows. Each
# account is found by its key, wallets before what many share, as posts lock them. A join would be planned once per
# session, and from the wrong end when the tables were young.
ENTRIES_FUNCTION = f"""
IF EXISTS (SELECT 1 FROM added WHERE (SELECT TRUE FROM ledger_transactions WHERE id = added.transaction_id)) THEN
  {raising(TRANSACTION_CLOSED)};
END IF;
FOR one IN
  SELECT account_id, SUM(amount) AS amount FROM added GROUP BY account_id
  ORDER BY (SELECT key FROM accounts WHERE id = account_id) DESC
LOOP
  UPDATE accounts SET balance = balance + one.amount WHERE id = one.account_id;
END LOOP;
RETURN NULL;
"""  # noqa: S608 -- made of constants
ENTRIES_POSTGRESQL = (
    Guard("entries_move", "AFTER INSERT ON entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT", "()"),
)

# --- transactions --------------------------------------------------------------------------------------------------

_BALANCED = (
    "(SELECT COUNT(*) = NEW.entry_count AND SUM(amount) = 0 FROM entries WHERE transaction_id = NEW.id)"
)
TRANSACTIONS_SQLITE = (
    Guard(
        "ledger_transactions_balance",
        f"BEFORE INSERT ON ledger_transactions WHEN {_BALANCED} IS NOT 1",
        refusing(TRANSACTION_UNBALANCED),
    ),
    Guard(
        "ledger_transactions_once",
        "BEFORE INSERT ON ledger_transactions WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.id)",
        refusing(TRANSACTION_CLOSED),
    ),
)
# Asked once of all rows of a statement; of each by its key, as above. A count, for EXISTS would become a join.
TRANSACTIONS_FUNCTION = f"""
IF EXISTS (SELECT 1 FROM added WHERE {_BALANCED.replace("NEW.", "added.")} IS NOT TRUE) THEN
  {raising(TRANSACTION_UNBALANCED)};
END IF;
RETURN NULL;
"""  # noqa: S608 -- made of constants
ADDED_TRANSACTIONS = "AFTER INSERT ON ledger_transactions REFERENCING NEW TABLE AS added FOR EACH STATEMENT"
TRANSACTIONS_POSTGRESQL = (Guard("ledger_transactions_balance", ADDED_TRANSACTIONS, "()"),)

# --- holds ---------------------------------------------------------------------------------------------------------

_OPEN_AND_ONCE = (
    "NEW.state <> 'held' OR EXISTS (SELECT 1 FROM holds WHERE id = NEW.id OR source = NEW.source)"
)
_MORE_THAN_AN_END = f"OLD.state = 'held' AND (NEW.state = 'held' OR {moved(HOLD_IDENTITY, 'IS NOT')})"
HOLDS_SQLITE = (
    Guard("holds_begin", f"BEFORE INSERT ON holds WHEN {_OPEN_AND_ONCE}", refusing(HOLD_BEGINS)),
    Guard(
        "holds_raise",
        "AFTER INSERT ON holds",
        "UPDATE accounts SET held = held + NEW.points WHERE id = NEW.account_id",
    ),
    Guard("holds_final", "BEFORE UPDATE ON holds WHEN OLD.state <> 'held'", refusing(HOLD_FINAL)),
    Guard("holds_identity", f"BEFORE UPDATE ON holds WHEN {_MORE_THAN_AN_END}", refusing(HOLD_KEEPS)),
    Guard(
        "holds_lower",
        "AFTER UPDATE ON holds",
        "UPDATE accounts SET held = held - NEW.points WHERE id = NEW.account_id",
    ),
    Guard("holds_delete", "BEFORE DELETE ON holds", refusing(HOLD_STAYS)),
)

HOLDS_FUNCTION = f"""
IF TG_OP = 'DELETE' THEN {raising(HOLD_STAYS)}; END IF;
IF TG_OP = 'INSERT' THEN
  IF NEW.state <> 'held' THEN {raising(HOLD_BEGINS)}; END IF;
  UPDATE accounts SET held = held + NEW.points WHERE id = NEW.account_id;
  RETURN NULL;
END IF;
IF OLD.state <> 'held' THEN {raising(HOLD_FINAL)}; END IF;
IF NEW.state = 'held' OR {moved(HOLD_IDENTITY, "IS DISTINCT FROM")} THEN {raising(HOLD_KEEPS)}; END IF;
UPDATE accounts SET held = held - NEW.points WHERE id = NEW.account_id;
RETURN NULL;
"""  # noqa: S608 -- made of constants
HOLDS_POSTGRESQL = (Guard("holds_move", "AFTER INSERT OR UPDATE OR DELETE ON holds FOR EACH ROW", "()"),)
