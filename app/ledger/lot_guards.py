"""How the database itself keeps lots, as triggers for both databases.

entries              of a wallet are spread over its lots: a credit into the lot of its `expires_on`; a debit out of the
                     lots that expire first, or out of the lot it names; what is captured out of the lots its hold
                     reserved; what comes back (`returns_id`) into the lots it came from, the latest first
holds                a new one reserves free points of the lots that expire first; its end lets go of them
ledger_transactions  a new one is refused unless the lots of its wallet entries moved by exactly their amounts
lots                 begin empty, keep their days, are never deleted; only the triggers here move `points` and `held`
lot_moves, lot_holds never change; nobody else writes them

Points that come back after the last day of their lot may be used GRACE_DAYS more, counted from the day they came back.

The texts are shared by both databases as far as they speak the same; `NEW` is a row of `entries` in SQLite's triggers
and in PostgreSQL's loop over the rows of a statement. What belongs to a row is asked by its key, in a subquery of its
own or in a loop, never in a join: PostgreSQL keeps the plan it made of a trigger's statement for the whole session, and
a plan made while the tables were young may begin with all wallets there are. As in `guards`, PostgreSQL knows by
`pg_trigger_depth()` whether a trigger or a person writes, and SQLite asks whether the change is that of the row written
last.
"""

# ruff: noqa: S608 -- SQL made of constants

from __future__ import annotations

from sqlalchemy import Table

from app.kernel.db import append_only
from app.ledger.guards import (
    ADDED_TRANSACTIONS,
    Guard,
    attach_postgresql,
    attach_sqlite,
    moved,
    raising,
    refusing,
)

GRACE_DAYS = 30

LOT_BEGINS = "a lot begins empty and once"
LOT_KEEPS = "a lot keeps its days"
LOT_MOVES_BY_ENTRY = "a lot moves by entries and holds only"
LOT_STAYS = "a lot is never deleted"
LOTS_DISAGREE = "the lots do not move by what the entries say"
MOVE_BY_ENTRY = "lot moves are written by entries only"
HOLD_OF_LOT = "lots are reserved by holds only"

_NEVER = "'9999-12-31'"
_CITY_DAY = {
    "sqlite": "date({}, '+8 hours')",
    "postgresql": "({} AT TIME ZONE 'Asia/Shanghai')::date",
}
_GRACE = {
    "sqlite": f"date({{}}, '+8 hours', '+{GRACE_DAYS} days')",
    "postgresql": f"(({{}} AT TIME ZONE 'Asia/Shanghai')::date + {GRACE_DAYS})",
}

# --- how points spread over lots: each text puts `wanted` points into rooms, one after the other ---------------------


def _spread(rooms: str, order: str, wanted: str) -> str:
    """(expires_on, amount) of as many rooms, in this order, as it takes to find room for all that is wanted."""
    rest = f"{wanted} - passed"
    return (
        f"SELECT expires_on, CASE WHEN room < {rest} THEN room ELSE {rest} END AS amount "
        f"FROM (SELECT expires_on, room, SUM(room) OVER (ORDER BY {order}) - room AS passed "
        f"FROM ({rooms}) AS rooms WHERE room > 0) AS queue WHERE passed < {wanted}"
    )


_SOONEST = "first DESC, due_on, expires_on"
_WHERE_IT_WENT = "SELECT expires_on FROM lot_moves WHERE entry_id = NEW.returns_id AND amount > 0"

_SPENT = _spread(
    f"SELECT expires_on, due_on, points - held AS room, expires_on IN ({_WHERE_IT_WENT}) AS first "
    "FROM lots WHERE account_id = NEW.account_id AND points > held "
    "AND (NEW.expires_on IS NULL OR expires_on = NEW.expires_on)",
    _SOONEST,
    "-NEW.amount",
)
_CAPTURED = _spread(
    "SELECT lot_holds.expires_on, lot_holds.points AS room, (SELECT due_on FROM lots "
    "WHERE account_id = lot_holds.account_id AND expires_on = lot_holds.expires_on) AS due_on "
    "FROM holds JOIN lot_holds ON lot_holds.hold_id = holds.id "
    "WHERE holds.transaction_id = NEW.transaction_id AND holds.account_id = NEW.account_id",
    "due_on, expires_on",
    "-NEW.amount",
)
_BACK_ALREADY = (
    "SELECT COALESCE(SUM(back.amount), 0) FROM entries JOIN lot_moves AS back ON back.entry_id = entries.id "
    "WHERE entries.returns_id = NEW.returns_id AND back.expires_on = taken.expires_on"
)
_RETURNED = _spread(
    f"SELECT taken.expires_on, -taken.amount - ({_BACK_ALREADY}) AS room FROM lot_moves AS taken "
    "WHERE taken.entry_id = NEW.returns_id AND taken.account_id = NEW.account_id AND taken.amount < 0",
    "expires_on DESC",
    "NEW.amount",
)
_RESERVED = _spread(
    "SELECT expires_on, due_on, points - held AS room FROM lots "
    "WHERE account_id = NEW.account_id AND points > held",
    "due_on, expires_on",
    "NEW.points",
)


def _move(sign: str, spread: str) -> str:
    return (
        "INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) "
        f"SELECT NEW.id, NEW.account_id, expires_on, {sign}amount FROM ({spread}) AS spread"
    )


_RESERVE = (
    "INSERT INTO lot_holds (hold_id, account_id, expires_on, points) "
    f"SELECT NEW.id, NEW.account_id, expires_on, amount FROM ({_RESERVED}) AS spread"
)
_IN_WALLET = "EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account_id AND kind = 'wallet')"
_BY_HOLD = (
    "EXISTS (SELECT 1 FROM holds WHERE transaction_id = NEW.transaction_id AND account_id = NEW.account_id)"
)
_APART = """FROM entries WHERE transaction_id = NEW.id
  AND (SELECT kind FROM accounts WHERE id = entries.account_id) = 'wallet'
  AND entries.amount <> (SELECT COALESCE(SUM(amount), 0) FROM lot_moves WHERE entry_id = entries.id)"""
_LOTS_AGREE = f"""NOT EXISTS (
  SELECT 1 {_APART})"""


def _give_grace() -> str:
    """Points that came back to a lot whose days are over: a while to use them, and to hear of it."""
    day, later = _CITY_DAY["sqlite"].format("NEW.at"), _GRACE["sqlite"].format("NEW.at")
    over = f"UPDATE lots SET due_on = {later}, told_days = NULL WHERE due_on < {day} AND "
    return (
        f"{over}EXISTS (SELECT 1 FROM entries JOIN lot_moves ON lot_moves.entry_id = entries.id "
        "WHERE entries.transaction_id = NEW.id AND lot_moves.amount > 0 "
        "AND lot_moves.account_id = lots.account_id AND lot_moves.expires_on = lots.expires_on) "
        "AND account_id IN (SELECT account_id FROM entries WHERE transaction_id = NEW.id AND amount > 0)"
    )


def _let_go(dialect: str) -> str:
    """The end of a hold: its lots are free again; those whose days went by meanwhile, for a while."""
    day, later = _CITY_DAY[dialect].format("NEW.ended_at"), _GRACE[dialect].format("NEW.ended_at")
    late = f"due_on < {day} AND (NEW.captured_points IS NULL OR NEW.captured_points < NEW.points)"
    reserved = "lot_holds.hold_id = NEW.id AND lot_holds.expires_on = lots.expires_on"
    return (
        "UPDATE lots SET "
        f"held = held - (SELECT points FROM lot_holds WHERE {reserved}), "
        f"due_on = CASE WHEN {late} THEN {later} ELSE due_on END, "
        f"told_days = CASE WHEN {late} THEN NULL ELSE told_days END "
        f"WHERE account_id = NEW.account_id AND EXISTS (SELECT 1 FROM lot_holds WHERE {reserved})"
    )


# --- SQLite --------------------------------------------------------------------------------------------------------

_LOT = f"COALESCE(NEW.expires_on, {_NEVER})"
_OPEN_LOT = (
    "INSERT INTO lots (account_id, expires_on, due_on, points, held) "
    f"SELECT NEW.account_id, {_LOT}, {_LOT}, 0, 0 WHERE NOT EXISTS "
    f"(SELECT 1 FROM lots WHERE account_id = NEW.account_id AND expires_on = {_LOT})"
)
_FILL_LOT = f"INSERT INTO lot_moves (entry_id, account_id, expires_on, amount) VALUES (NEW.id, NEW.account_id, {_LOT}, NEW.amount)"  # noqa: E501

ENTRIES_SQLITE = (
    Guard(
        "entries_spread_credit",
        f"AFTER INSERT ON entries WHEN NEW.amount > 0 AND NEW.returns_id IS NULL AND {_IN_WALLET}",
        f"{_OPEN_LOT}; {_FILL_LOT}",
    ),
    Guard(
        "entries_spread_return",
        f"AFTER INSERT ON entries WHEN NEW.amount > 0 AND NEW.returns_id IS NOT NULL AND {_IN_WALLET}",
        _move("", _RETURNED),
    ),
    Guard(
        "entries_spread_capture",
        f"AFTER INSERT ON entries WHEN NEW.amount < 0 AND {_IN_WALLET} AND {_BY_HOLD}",
        _move("-", _CAPTURED),
    ),
    Guard(
        "entries_spread_spend",
        f"AFTER INSERT ON entries WHEN NEW.amount < 0 AND {_IN_WALLET} AND NOT {_BY_HOLD}",
        _move("-", _SPENT),
    ),
)
HOLDS_SQLITE = (
    Guard("holds_spread_reserve", "AFTER INSERT ON holds", _RESERVE),
    Guard("holds_spread_let_go", "AFTER UPDATE ON holds", _let_go("sqlite")),
)
TRANSACTIONS_SQLITE = (
    Guard(
        "ledger_transactions_lots",
        f"BEFORE INSERT ON ledger_transactions WHEN NOT {_LOTS_AGREE}",
        refusing(LOTS_DISAGREE),
    ),
    Guard("ledger_transactions_grace", "AFTER INSERT ON ledger_transactions", _give_grace()),
)

_SAME_LOT = "account_id = NEW.account_id AND expires_on = NEW.expires_on"
_LAST_MOVE = f"SELECT amount FROM lot_moves WHERE rowid = (SELECT MAX(rowid) FROM lot_moves) AND {_SAME_LOT}"
_OPEN_LOT_HOLDS = (
    "SELECT COALESCE(SUM(lot_holds.points), 0) FROM holds JOIN lot_holds ON lot_holds.hold_id = holds.id "
    "WHERE holds.account_id = NEW.account_id AND holds.state = 'held' AND lot_holds.expires_on = NEW.expires_on"
)
_LOT_EXISTS = f"EXISTS (SELECT 1 FROM lots WHERE {_SAME_LOT})"
_LOT_DAYS = (
    "NEW.account_id IS NOT OLD.account_id OR NEW.expires_on IS NOT OLD.expires_on OR NEW.due_on < OLD.due_on"
)
LOTS_SQLITE = (
    Guard(
        "lots_begin",
        f"BEFORE INSERT ON lots WHEN NEW.points <> 0 OR NEW.held <> 0 OR {_LOT_EXISTS}",
        refusing(LOT_BEGINS),
    ),
    Guard(
        "lots_points",
        "BEFORE UPDATE OF points ON lots "
        f"WHEN NEW.points <> OLD.points AND NEW.points - OLD.points IS NOT ({_LAST_MOVE})",
        refusing(LOT_MOVES_BY_ENTRY),
    ),
    Guard(
        "lots_held",
        f"BEFORE UPDATE OF held ON lots WHEN NEW.held <> OLD.held AND NEW.held <> ({_OPEN_LOT_HOLDS})",
        refusing(LOT_MOVES_BY_ENTRY),
    ),
    Guard(
        "lots_days",
        f"BEFORE UPDATE OF account_id, expires_on, due_on ON lots WHEN {_LOT_DAYS}",
        refusing(LOT_KEEPS),
    ),
    Guard("lots_delete", "BEFORE DELETE ON lots", refusing(LOT_STAYS)),
)
_MOVE_TOO_LATE = (
    "EXISTS (SELECT 1 FROM entries JOIN ledger_transactions ON ledger_transactions.id = entries.transaction_id "
    "WHERE entries.id = NEW.entry_id) OR EXISTS "
    "(SELECT 1 FROM lot_moves WHERE entry_id = NEW.entry_id AND expires_on = NEW.expires_on)"
)
MOVES_SQLITE = (
    Guard("lot_moves_begin", f"BEFORE INSERT ON lot_moves WHEN {_MOVE_TOO_LATE}", refusing(MOVE_BY_ENTRY)),
    Guard(
        "lot_moves_move",
        "AFTER INSERT ON lot_moves",
        f"UPDATE lots SET points = points + NEW.amount WHERE {_SAME_LOT}",
    ),
)
_MORE_THAN_THE_HOLD = (
    "(SELECT COALESCE(SUM(points), 0) FROM lot_holds WHERE hold_id = NEW.hold_id) + NEW.points "
    "> COALESCE((SELECT points FROM holds WHERE id = NEW.hold_id AND state = 'held'), 0) OR EXISTS "
    "(SELECT 1 FROM lot_holds WHERE hold_id = NEW.hold_id AND expires_on = NEW.expires_on)"
)
LOT_HOLDS_SQLITE = (
    Guard("lot_holds_begin", f"BEFORE INSERT ON lot_holds WHEN {_MORE_THAN_THE_HOLD}", refusing(HOLD_OF_LOT)),
    Guard(
        "lot_holds_raise",
        "AFTER INSERT ON lot_holds",
        f"UPDATE lots SET held = held + NEW.points WHERE {_SAME_LOT}",
    ),
)

# --- PostgreSQL ----------------------------------------------------------------------------------------------------


_ADDED_TO_WALLET = "(SELECT kind FROM accounts WHERE id = added.account_id) = 'wallet'"
_CREDIT_ADDED = f"added.amount > 0 AND added.returns_id IS NULL AND {_ADDED_TO_WALLET}"


def _in_loop(statement: str) -> str:
    return statement.replace("NEW.", "one.")


# Credits of a whole statement go in at once: a bulk load of awards pays for its rows, not for a loop.
ENTRIES_FUNCTION = f"""
INSERT INTO lots (account_id, expires_on, due_on, points, held)
SELECT DISTINCT added.account_id, COALESCE(added.expires_on, DATE {_NEVER}), COALESCE(added.expires_on, DATE {_NEVER}), 0, 0
FROM added WHERE {_CREDIT_ADDED} ORDER BY 1, 2 ON CONFLICT DO NOTHING;
INSERT INTO lot_moves (entry_id, account_id, expires_on, amount)
SELECT added.id, added.account_id, COALESCE(added.expires_on, DATE {_NEVER}), added.amount
FROM added WHERE {_CREDIT_ADDED};
FOR one IN
  SELECT added.* FROM added
  WHERE (added.amount < 0 OR added.returns_id IS NOT NULL) AND {_ADDED_TO_WALLET} ORDER BY added.id
LOOP
  IF one.amount > 0 THEN {_in_loop(_move("", _RETURNED))};
  ELSIF {_in_loop(_BY_HOLD)} THEN {_in_loop(_move("-", _CAPTURED))};
  ELSE {_in_loop(_move("-", _SPENT))};
  END IF;
END LOOP;
RETURN NULL;
"""  # noqa: E501
ENTRIES_POSTGRESQL = (
    Guard(
        "entries_spread", "AFTER INSERT ON entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT", "()"
    ),
)

HOLDS_FUNCTION = f"""
IF TG_OP = 'INSERT' THEN {_RESERVE};
ELSE {_let_go("postgresql")};
END IF;
RETURN NULL;
"""
HOLDS_POSTGRESQL = (Guard("holds_spread", "AFTER INSERT OR UPDATE ON holds FOR EACH ROW", "()"),)

# All rows of a statement at once, each by its key: nearly none brings anything back to a lot whose days are over, and
# the loop is for those that do. OFFSET 0 keeps the entries of a transaction from becoming a join.
_FIRST_DUE = (
    "(SELECT MIN((SELECT due_on FROM lots WHERE account_id = lot_moves.account_id "
    "AND expires_on = lot_moves.expires_on)) FROM lot_moves WHERE entry_id = entry.id AND amount > 0)"
)
_DAY, _LATER = _CITY_DAY["postgresql"], _GRACE["postgresql"]
TRANSACTIONS_FUNCTION = f"""
IF EXISTS (SELECT 1 FROM added WHERE (SELECT COUNT(*) {_APART.replace("NEW.", "added.")}) > 0) THEN
  {raising(LOTS_DISAGREE)};
END IF;
FOR one IN
  SELECT entry.id, entry.account_id, added.at FROM added, LATERAL
  (SELECT id, account_id FROM entries WHERE transaction_id = added.id AND amount > 0 OFFSET 0) AS entry
  WHERE {_FIRST_DUE} < {_DAY.format("added.at")}
LOOP
  UPDATE lots SET due_on = {_LATER.format("one.at")}, told_days = NULL
  WHERE due_on < {_DAY.format("one.at")} AND account_id = one.account_id
  AND expires_on IN (SELECT expires_on FROM lot_moves WHERE entry_id = one.id AND amount > 0);
END LOOP;
RETURN NULL;
"""
TRANSACTIONS_POSTGRESQL = (Guard("ledger_transactions_lots", ADDED_TRANSACTIONS, "()"),)

_BY_HAND = "pg_trigger_depth() = 0"
REFUSE_FUNCTION = "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation';"
LOTS_POSTGRESQL = (
    Guard(
        "lots_begin",
        "BEFORE INSERT ON lots FOR EACH ROW WHEN (NEW.points <> 0 OR NEW.held <> 0)",
        f"('{LOT_BEGINS}')",
    ),
    Guard(
        "lots_moved",
        "BEFORE UPDATE OF points, held, due_on ON lots FOR EACH ROW "
        f"WHEN (({moved(('points', 'held', 'due_on'), 'IS DISTINCT FROM')}) AND {_BY_HAND})",
        f"('{LOT_MOVES_BY_ENTRY}')",
    ),
    Guard(
        "lots_days",
        "BEFORE UPDATE OF account_id, expires_on, due_on ON lots FOR EACH ROW WHEN "
        f"({moved(('account_id', 'expires_on'), 'IS DISTINCT FROM')} OR NEW.due_on < OLD.due_on)",
        f"('{LOT_KEEPS}')",
    ),
    Guard("lots_delete", "BEFORE DELETE ON lots FOR EACH ROW", f"('{LOT_STAYS}')"),
)
MOVES_FUNCTION = f"""
IF TG_WHEN = 'BEFORE' THEN {raising(MOVE_BY_ENTRY)}; END IF;
FOR one IN
  SELECT account_id, expires_on, SUM(amount) AS amount FROM added GROUP BY account_id, expires_on ORDER BY 1, 2
LOOP
  UPDATE lots SET points = points + one.amount WHERE account_id = one.account_id AND expires_on = one.expires_on;
END LOOP;
RETURN NULL;
"""
MOVES_POSTGRESQL = (
    Guard("lot_moves_begin", f"BEFORE INSERT ON lot_moves FOR EACH ROW WHEN ({_BY_HAND})", "()"),
    Guard(
        "lot_moves_move", "AFTER INSERT ON lot_moves REFERENCING NEW TABLE AS added FOR EACH STATEMENT", "()"
    ),
)
LOT_HOLDS_FUNCTION = f"""
IF TG_WHEN = 'BEFORE' THEN {raising(HOLD_OF_LOT)}; END IF;
UPDATE lots SET held = held + NEW.points WHERE {_SAME_LOT};
RETURN NULL;
"""
LOT_HOLDS_POSTGRESQL = (
    Guard("lot_holds_begin", f"BEFORE INSERT ON lot_holds FOR EACH ROW WHEN ({_BY_HAND})", "()"),
    Guard("lot_holds_raise", "AFTER INSERT ON lot_holds FOR EACH ROW", "()"),
)


def attach(
    *, lots: Table, moves: Table, lot_holds: Table, entries: Table, holds: Table, transactions: Table
) -> None:
    """Put the triggers beside their tables."""
    append_only(moves)
    append_only(lot_holds)
    for table, sqlite, function, postgresql in (
        (lots, LOTS_SQLITE, REFUSE_FUNCTION, LOTS_POSTGRESQL),
        (moves, MOVES_SQLITE, MOVES_FUNCTION, MOVES_POSTGRESQL),
        (lot_holds, LOT_HOLDS_SQLITE, LOT_HOLDS_FUNCTION, LOT_HOLDS_POSTGRESQL),
        (holds, HOLDS_SQLITE, HOLDS_FUNCTION, HOLDS_POSTGRESQL),
        (transactions, TRANSACTIONS_SQLITE, TRANSACTIONS_FUNCTION, TRANSACTIONS_POSTGRESQL),
        (entries, ENTRIES_SQLITE, ENTRIES_FUNCTION, ENTRIES_POSTGRESQL),
    ):
        attach_sqlite(table, sqlite)
        attach_postgresql(table, f"{table.name}_lots_guard", function, postgresql)
