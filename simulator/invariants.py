"""What must always hold, I0 to I18. Cheap questions after every step, the whole books now and then and at the end.

I0   a request is answered or refused in words; it never fails otherwise              (server.py)
I1   all entries sum to zero                        I2   no wallet below its holds
I3   no stock below its promises, all of it explained by movements
I4   one hand-over per voucher, one award per fact and rule
I5   same key, same answer                          (server.py)
I6   a balance is the sum of its entries            I7   entries only grow
I8   nobody's counted hours overlap                 I9   awards follow from their facts, again and again
I10  a case only moves forward, step by step, and never ends before it began
I11  what waits (pending, held) is what waits, and nothing waits for ever
I12  what was acknowledged is there
I13  nobody does anything outside their scope       (Request.refused_by)
I14  what went into an outbox or a log came out     I15  a step of a code is used once
I16  what takes two people is done by two; a reversal is the exact opposite
I17  a person is named as he agreed, and nobody is honoured whom somebody objects to
I18  of two requests that cross, the second is answered as if it had come after the first   (crossing.py)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, bindparam, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute

from app.cases.models import Case
from app.checkins.models import Checkin
from app.honours import queries as honours
from app.honours.models import Candidate, Honour, Selection
from app.identity.models import Consent
from app.kernel.db import Base, in_transaction, session, transaction
from app.ledger.verify import verify
from app.media.models import Media
from app.rewards.models import Voucher
from app.rewards.queries import stock_that_disagrees
from app.rules.replay import replay
from app.sync.models import WAITING, SyncItem
from app.volunteering.models import Activity, Attendance, Hours, Shift, SignUp
from simulator.devices import Post
from simulator.server import Step
from simulator.violation import Violation

ACKNOWLEDGED: dict[str, type[Any]] = {
    "activity": Activity,
    "attendance": Attendance,
    "candidate": Candidate,
    "case": Case,
    "checkin": Checkin,
    "hours": Hours,
    "items": SyncItem,
    "photo": Media,
    "selection": Selection,
    "shift": Shift,
    "sign_up": SignUp,
    "voucher": Voucher,
}

# These touch no book, case, voucher or hour; should one of them do so after all, the next step or the audit finds it.
QUIET = frozenset({"ask_for_code", "lease", "look_at_case", "nominate", "tell_about_me", "tend"})
NAMES = frozenset({"agree", "name_me"})
HONOURS = frozenset({"finalise", "carry_out"})

ENTRIES = Base.metadata.tables["entries"]

_OVERLAP = (
    "SELECT a.id AS what FROM hours a JOIN hours b ON b.person_id = a.person_id AND b.id > a.id"
    " AND b.starts_at < a.ends_at AND b.ends_at > a.starts_at"
    " WHERE a.state <> 'rejected' AND b.state <> 'rejected'"
)
_CASE = (
    "SELECT c.number AS what FROM cases c WHERE (c.moves <> (SELECT COUNT(*) FROM case_steps s WHERE s.case_id = c.id)"
    " OR c.moves <> (SELECT MAX(s.seq) FROM case_steps s WHERE s.case_id = c.id)"
    " OR c.state <> (SELECT s.to_state FROM case_steps s WHERE s.case_id = c.id AND s.seq = c.moves)"
    " OR c.closed_at < c.created_at OR c.resolved_at < c.accepted_at OR c.accepted_at < c.created_at)"
)
_HANDED_OVER = (
    "SELECT v.serial AS what FROM vouchers v WHERE ((SELECT COUNT(*) FROM stock_movements m"
    " WHERE m.voucher_id = v.id AND m.kind = 'hand_over')"
    " <> CASE WHEN v.state IN ('handed_over', 'undone', 'refunded') THEN 1 ELSE 0 END"
    " OR (SELECT COUNT(*) FROM stock_movements m WHERE m.voucher_id = v.id AND m.kind = 'undo')"
    " <> CASE WHEN v.state = 'undone' THEN 1 ELSE 0 END"
    " OR (SELECT COUNT(*) FROM stock_movements m WHERE m.voucher_id = v.id AND m.kind = 'refund')"
    " <> CASE WHEN v.state = 'refunded' THEN 1 ELSE 0 END)"
)
_WAITING_POINTS = (
    "SELECT SUM(points) AS what FROM (SELECT points FROM awards WHERE state = 'pending'"
    " UNION ALL SELECT -balance FROM accounts WHERE kind = 'pending') w HAVING SUM(points) <> 0"
)
_HELD_POINTS = (
    "SELECT SUM(points) AS what FROM (SELECT points FROM vouchers WHERE state = 'reserved'"
    " UNION ALL SELECT s.points FROM doubt_holds s JOIN doubts d ON d.id = s.doubt_id WHERE d.settled_at IS NULL"
    " UNION ALL SELECT -held FROM accounts) h HAVING SUM(points) <> 0"
)


_UNMATCHED_POINTS = (
    "SELECT SUM(points) AS what FROM (SELECT loss AS points FROM sync_conflicts WHERE decided_at IS NULL"
    " UNION ALL SELECT balance FROM accounts WHERE kind = 'offline-unmatched') u HAVING SUM(points) <> 0"
)
_DAY_LIST = (
    "SELECT c.id AS what FROM day_closes c WHERE c.handed_over <> (SELECT COALESCE(SUM("
    "CASE m.kind WHEN 'hand_over' THEN 1 WHEN 'undo' THEN -1 ELSE 0 END), 0) FROM day_lines l"
    " JOIN stock_movements m ON m.id = l.movement_id WHERE l.close_id = c.id)"
)
_ALONE_CORRECTED = (
    "SELECT c.id AS what FROM corrections c WHERE c.state = 'posted' AND (c.points > 100 OR c.points < -100)"
    " AND c.decided_by = c.asked_by"
)
_ALONE_REVERSED = (
    "SELECT r.id AS what FROM reversals r WHERE r.state = 'posted' AND r.points > 100"
    " AND r.decided_by = r.asked_by"
)
_NOT_OPPOSITE = (
    "SELECT r.id AS what FROM reversals r WHERE r.state = 'posted' AND EXISTS (SELECT e.account_id FROM entries e"
    " WHERE e.transaction_id IN (r.transaction_id, r.reversal_id) GROUP BY e.account_id HAVING SUM(e.amount) <> 0)"
)


@dataclass(frozen=True, slots=True)
class Question:
    """Finds what is broken (`what`), or nothing. `after`: only these steps can have broken it.

    `about`: it asks about the one row that the answer names; `person` is whoever asked. `at_once`: it holds right after
    the step alone, so an answer that is only repeated is not asked.
    """

    invariant: str
    sql: str
    after: frozenset[str] | None = None
    about: str | None = None
    at_once: bool = False

    def concerns(self, step: Step, facts: dict[str, Any]) -> bool:
        """Whether this step can have broken it."""
        if self.at_once and (step.answer is None or step.answer.replayed):
            return False
        if self.after is not None and step.request.name not in self.after:
            return False
        return self.about is None or self.about in facts


QUICK = (
    Question("I1", "SELECT SUM(balance) AS what FROM accounts HAVING SUM(balance) <> 0"),
    Question(
        "I2", "SELECT key AS what FROM accounts WHERE held < 0 OR (NOT overdrawable AND balance < held)"
    ),
    Question("I3", "SELECT id AS what FROM stock WHERE held < 0 OR on_hand < held"),
    Question(
        "I6",
        "SELECT a.key AS what FROM accounts a WHERE a.owner_id = :person"
        " AND a.balance <> (SELECT COALESCE(SUM(e.amount), 0) FROM entries e WHERE e.account_id = a.id)",
    ),
    Question("I8", f"{_OVERLAP} AND (a.id = :hours OR b.id = :hours)", about="hours"),
    Question("I10", f"{_CASE} AND c.id = :case", about="case"),
    Question("I4", f"{_HANDED_OVER} AND v.id = :voucher", about="voucher"),
    Question(
        "I3",
        "SELECT d.stock_id AS what FROM day_counts d JOIN stock s ON s.id = d.stock_id"
        " WHERE d.close_id = :close AND s.on_hand <> d.counted",
        about="close",
        at_once=True,
    ),
    Question("I16", f"{_ALONE_CORRECTED} AND c.id = :correction", about="correction"),
    Question("I16", f"{_ALONE_REVERSED} AND r.id = :reversal", about="reversal"),
    Question("I16", f"{_NOT_OPPOSITE} AND r.id = :reversal", about="reversal"),
)

WHOLE = (
    Question("I4", _HANDED_OVER),
    Question(
        "I4", "SELECT fact_id AS what FROM awards GROUP BY fact_kind, fact_id, rule_key HAVING COUNT(*) > 1"
    ),
    Question("I8", _OVERLAP),
    Question("I10", _CASE),
    Question("I11", _WAITING_POINTS),
    Question("I11", _HELD_POINTS),
    Question("I11", _UNMATCHED_POINTS),
    Question("I3", _DAY_LIST),
    Question("I16", _ALONE_CORRECTED),
    Question("I16", _ALONE_REVERSED),
    Question("I16", _NOT_OPPOSITE),
    Question("I16", "SELECT id AS what FROM day_closes WHERE reopened_by = closed_by"),
    Question(
        "I15", "SELECT handle_id AS what FROM scan_sessions GROUP BY handle_id, step HAVING COUNT(*) > 1"
    ),
)


# What must hold at any moment, whoever has just done something.
AT_ONCE = (*(each for each in QUICK if each.about is None and ":person" not in each.sql), *WHOLE)

NAMED = ("person", *sorted({each.about for each in QUICK if each.about}))


@cache
def _asked(questions: tuple[Question, ...]) -> TextClause:
    """All of these in one statement."""
    parts = [
        f"SELECT '{each.invariant}' AS invariant, CAST(what AS VARCHAR(200)) AS what FROM ({each.sql}) q{number}"  # noqa: S608
        for number, each in enumerate(questions)
    ]
    whole = " UNION ALL ".join(parts)
    named = [name for name in NAMED if f":{name}" in whole]
    return text(whole).bindparams(*(bindparam(name, type_=ENTRIES.c.id.type) for name in named))


@dataclass(slots=True)
class Witness:
    """Watches the server: asks the quick questions after each step, and keeps in mind what must not be forgotten."""

    every: int = 500
    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    _entries: dict[Any, tuple[Any, ...]] = field(default_factory=dict)
    _next_whole: int = 0

    def __call__(self, step: Step) -> None:
        """After each step."""
        facts = step.answer.facts if step.answer else {}
        for name in ACKNOWLEDGED.keys() & facts.keys():
            told = facts[name] if isinstance(facts[name], list) else [facts[name]]
            self.acknowledged.setdefault(name, set()).update(told)
        if facts.get("unkept"):
            raise Violation("I14", f"not kept: {facts['unkept']}")
        if step.request.name in NAMES and facts:
            in_transaction(lambda: _named_as_agreed(step.request.by.id), write=False)
        if step.request.name in HONOURS and facts:
            in_transaction(_nobody_contested_is_honoured, write=False)
        if step.request.name not in QUIET:
            in_transaction(lambda: _ask_after(step, facts), write=False)
        if step.number >= self._next_whole:
            # The books grow, and so does the time to go through them; so the way between two audits grows, too.
            self._next_whole = step.number + max(self.every, step.number // 8)
            self.audit()

    def audit(self) -> None:
        """The whole books."""
        for check in (_books, _stock, _replayed, self._nothing_forgotten, self._entries_only_grow):
            in_transaction(check, write=False)
        in_transaction(lambda: _ask(WHOLE, {}), write=False)
        self._entries_cannot_be_changed()

    def close(self, post: Post) -> None:
        """After the last step: what was sent off has arrived."""
        self.audit()
        if post.taken != post.answered:
            raise Violation("I14", f"{post.taken} requests went into outboxes, {post.answered} were answered")
        in_transaction(_nothing_waits, write=False)

    def _nothing_forgotten(self) -> None:
        for name, ids in self.acknowledged.items():
            there = _ids(ACKNOWLEDGED[name].id)
            missing = sorted(ids - there)
            if missing:
                raise Violation("I12", f"{name} {missing[0]} was acknowledged and is not there")

    def _entries_only_grow(self) -> None:
        now = {row.id: tuple(row) for row in session.execute(select(*ENTRIES.columns))}
        for key, before in self._entries.items():
            if now.get(key) != before:
                raise Violation("I7", f"entry {key} was {before} and is {now.get(key)}")
        self._entries = now

    def _entries_cannot_be_changed(self) -> None:
        for change in ("UPDATE entries SET amount = amount + 1", "DELETE FROM entries"):
            if self._entries and _is_let_in(change, next(iter(self._entries))):
                raise Violation("I7", f"the database let in: {change}")


def _ids(column: InstrumentedAttribute[Any]) -> set[str]:
    return {str(each) for each in session.scalars(select(column))}


def _is_let_in(change: str, entry_id: Any) -> bool:
    statement = text(f"{change} WHERE id = :id").bindparams(bindparam("id", type_=ENTRIES.c.id.type))
    try:
        with transaction():
            session.execute(statement, {"id": entry_id})
            raise _TakeBack
    except DBAPIError:
        return False
    except _TakeBack:
        return True


class _TakeBack(Exception):
    """Whatever was let in is rolled back."""


def _ask(questions: tuple[Question, ...], values: dict[str, Any]) -> None:
    for invariant, what in session.execute(_asked(questions), values).fetchmany(1):
        asked = [each.sql for each in questions if each.invariant == invariant]
        raise Violation(invariant, f"{what}, found by {' and '.join(asked)}")


def sound_at_once() -> None:
    """Ask within a unit of work that is not over. Raises Violation."""
    _ask(AT_ONCE, {})


def _ask_after(step: Step, facts: dict[str, Any]) -> None:
    concerned = tuple(each for each in QUICK if each.concerns(step, facts))
    values = {each.about: UUID(facts[each.about]) for each in concerned if each.about}
    _ask(concerned, values | {"person": step.request.by.person_id})


def _nothing_waits() -> None:
    waiting = session.scalars(select(SyncItem.id).where(SyncItem.state == WAITING).limit(1)).first()
    if waiting is not None:
        raise Violation("I14", f"item {waiting} was told, and nobody ever judged it")


def _named_as_agreed(person_id: UUID) -> None:
    """The newest answer of somebody who changed his mind is the one that every public list shows."""
    answers = select(Consent.given).where(Consent.person_id == person_id, Consent.purpose == "publication")
    agrees = session.scalars(answers.order_by(Consent.at.desc(), Consent.id.desc()).limit(1)).first()
    chosen = {
        each.selection_id: each.consent
        for each in session.scalars(select(Candidate).where(Candidate.person_id == person_id))
    }
    public = select(Selection).where(Selection.id.in_(chosen), Selection.state.in_(("notice", "final")))
    for selection in session.scalars(public):
        for each in honours.public_roll(selection.id).listed:
            if each.candidate.person_id != person_id:
                continue
            choice = chosen[selection.id]
            if choice == "unlisted" or (each.in_full and not (agrees and choice == "full")):
                raise Violation(
                    "I17", f"{person_id} chose {choice}, agrees: {agrees}, and stands as {each.name}"
                )


_HONOURED = select(Honour.candidate_id)
_OBJECTED = select(Case.subject).where(
    Case.kind == "objection",
    Case.state.in_(("submitted", "returned", "accepted", "in_progress", "reopened")),
)


def _nobody_contested_is_honoured() -> None:
    honoured = {str(each) for each in session.scalars(_HONOURED)}
    if not honoured:  # for most of a city's life
        return
    contested = {str(each).removeprefix("candidate:") for each in session.scalars(_OBJECTED)}
    for candidate in sorted(contested & honoured):
        raise Violation("I17", f"candidate {candidate} is honoured while somebody objects")


def _books() -> None:
    for finding in verify():
        invariant = {"account-balance": "I6", "overdraft": "I2", "account-held": "I2"}.get(
            finding.check, "I1"
        )
        raise Violation(invariant, str(finding))


def _stock() -> None:
    for stock in stock_that_disagrees():
        raise Violation("I3", f"stock {stock.id}: {stock.on_hand} on hand, {stock.held} held")


def _replayed() -> None:
    for mismatch in replay().mismatches:
        raise Violation("I9", str(mismatch))
