"""Each invariant speaks of a small state that breaks it and nothing else, made by hand in tables without guards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from simulator import invariants
from simulator.devices import Post
from simulator.invariants import NAMED, QUICK, WHOLE, Question, Witness
from simulator.violation import Violation
from tests.simulator.unguarded import Books, Row, State, unguarded
from tests.sync import make as offline

ONE, TWO, THREE, FOUR, FIVE = (UUID(int=number) for number in range(1, 6))
AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
LATER, EARLIER = AT + timedelta(hours=1), AT - timedelta(hours=1)


def account(row_id: UUID, balance: int, held: int = 0, **more: Any) -> Row:
    return {"id": row_id, "key": str(row_id), "balance": balance, "held": held, "overdrawable": False} | more


def owing(row_id: UUID, balance: int, **more: Any) -> Row:
    return account(row_id, balance, overdrawable=True, **more)


def voucher(state: str, points: int = 5) -> Row:
    return {"id": ONE, "serial": "1", "state": state, "points": points}


def moved(row_id: UUID, kind: str, voucher_id: UUID | None = None) -> Row:
    return {"id": row_id, "kind": kind, "voucher_id": voucher_id}


def award(row_id: UUID, state: str, points: int = 5) -> Row:
    return {
        "id": row_id,
        "fact_kind": "checkin",
        "fact_id": ONE,
        "rule_key": "R-01",
        "state": state,
        "points": points,
    }


def served(row_id: UUID, since: datetime, until: datetime, state: str = "confirmed") -> Row:
    return {"id": row_id, "person_id": ONE, "starts_at": since, "ends_at": until, "state": state}


def case(**more: Any) -> State:
    step = {"id": TWO, "case_id": ONE, "seq": 1, "to_state": "accepted"}
    return {
        "cases": [{"id": ONE, "number": "A-1", "state": "accepted", "moves": 1, "created_at": AT} | more],
        "case_steps": [step],
    }


def correction(points: int, decided_by: UUID) -> State:
    row = {"id": ONE, "points": points, "state": "posted", "asked_by": ONE, "decided_by": decided_by}
    return {"corrections": [row]}


def reversal(points: int, decided_by: UUID, *, taken_back: int) -> State:
    entry = {"account_id": ONE, "amount": points, "transaction_id": THREE}
    row = {"id": ONE, "points": points, "state": "posted", "asked_by": ONE, "decided_by": decided_by}
    return {
        "reversals": [row | {"transaction_id": THREE, "reversal_id": FOUR}],
        "entries": [entry | {"id": ONE}, entry | {"id": TWO, "amount": taken_back, "transaction_id": FOUR}],
    }


def day(handed_over: int, *kinds: str, **more: Any) -> State:
    moves = [moved(UUID(int=number), kind) for number, kind in enumerate(kinds, 10)]
    return {
        "day_closes": [{"id": ONE, "handed_over": handed_over, "closed_by": ONE} | more],
        "day_lines": [{"close_id": ONE, "movement_id": each["id"]} for each in moves],
        "stock_movements": moves,
    }


def counted(on_hand: int, held: int = 0, said: int | None = None) -> State:
    found = [] if said is None else [{"close_id": ONE, "stock_id": ONE, "counted": said}]
    return {"stock": [{"id": ONE, "on_hand": on_hand, "held": held}], "day_counts": found}


def doubted(settled_at: datetime | None) -> State:
    return {
        "doubts": [{"id": ONE, "settled_at": settled_at}],
        "doubt_holds": [{"doubt_id": ONE, "award_id": ONE, "points": 5}],
    }


TWICE = [moved(each, "hand_over", ONE) for each in (ONE, TWO)]
BROKEN: list[tuple[str, State]] = [
    ("I1", {"accounts": [account(ONE, 5), owing(TWO, -4)]}),
    ("I2", {"accounts": [account(ONE, 3, 5), owing(TWO, -3)], "vouchers": [voucher("reserved")]}),
    ("I2", {"accounts": [account(ONE, 0, -1), account(TWO, 1, 1), owing(THREE, -1)]}),
    ("I3", counted(on_hand=1, held=2)),
    ("I3", counted(on_hand=5, held=-1)),
    ("I3", counted(on_hand=4, said=5)),
    ("I3", day(1, "hand_over", "undo")),
    ("I4", {"vouchers": [voucher("handed_over")]}),
    ("I4", {"vouchers": [voucher("handed_over")], "stock_movements": TWICE}),
    ("I4", {"vouchers": [voucher("undone")], "stock_movements": [moved(ONE, "hand_over", ONE)]}),
    ("I4", {"vouchers": [voucher("refunded")], "stock_movements": [moved(ONE, "hand_over", ONE)]}),
    ("I4", {"awards": [award(ONE, "active"), award(TWO, "active")]}),
    ("I4", {"awards": [award(ONE, "active"), award(TWO, "active", 6)]}),
    ("I6", {"accounts": [account(ONE, 5, owner_id=ONE), owing(TWO, -5)]}),
    ("I8", {"hours": [served(ONE, AT, LATER), served(TWO, EARLIER, AT + timedelta(minutes=1))]}),
    ("I10", case(moves=2)),
    ("I10", case(moves=2) | {"case_steps": [{"id": TWO, "case_id": ONE, "seq": 2, "to_state": "accepted"}]}),
    ("I10", case(state="resolved")),
    ("I10", case(closed_at=EARLIER)),
    ("I10", case(accepted_at=EARLIER)),
    ("I10", case(accepted_at=LATER, resolved_at=AT)),
    ("I11", {"awards": [award(ONE, "pending")]}),
    ("I11", {"vouchers": [voucher("reserved")]}),
    ("I11", doubted(None)),
    ("I11", {"sync_conflicts": [{"id": ONE, "loss": 5}]}),
    ("I15", {"scan_sessions": [{"id": each, "handle_id": ONE, "step": 7} for each in (ONE, TWO)]}),
    ("I16", correction(101, decided_by=ONE)),
    ("I16", correction(-101, decided_by=ONE)),
    ("I16", reversal(101, decided_by=ONE, taken_back=-101)),
    ("I16", reversal(5, decided_by=TWO, taken_back=-4)),
    ("I16", day(0, reopened_by=ONE)),
]  # fmt: skip
SOUND: list[State] = [
    {},
    {"accounts": [account(ONE, 5, 5), owing(TWO, -5)], "vouchers": [voucher("reserved")]},
    {"accounts": [account(ONE, 5, 5), owing(TWO, -5)], **doubted(None)},
    doubted(AT),
    {"accounts": [owing(ONE, 5, kind="pending"), owing(TWO, -5)], "awards": [award(ONE, "pending")]},
    {
        "accounts": [owing(ONE, -5, kind="offline-unmatched"), account(TWO, 5)],
        "sync_conflicts": [{"id": ONE, "loss": 5}, {"id": TWO, "loss": 9, "decided_at": AT}],
    },
    counted(on_hand=5, held=5, said=5),
    day(1, "hand_over", "hand_over", "undo", reopened_by=TWO),
    {"vouchers": [voucher("handed_over")], "stock_movements": [moved(ONE, "hand_over", ONE)]},
    {
        "vouchers": [voucher("refunded")],
        "stock_movements": [moved(ONE, "hand_over", ONE), moved(TWO, "refund", ONE)],
    },
    {"hours": [served(ONE, AT, LATER), served(TWO, EARLIER, AT), served(THREE, AT, LATER, "rejected")]},
    case(accepted_at=AT, resolved_at=LATER, closed_at=LATER),
    {"scan_sessions": [{"id": each, "handle_id": each, "step": 7} for each in (ONE, TWO)]},
    correction(100, decided_by=ONE),
    correction(500, decided_by=TWO),
    reversal(100, decided_by=ONE, taken_back=-100),
]


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    with unguarded() as found:
        monkeypatch.setattr(invariants, "session", found.session)
        yield found


def spoken(books: Books, *questions: Question) -> set[str]:
    """The invariants that speak, whoever and whatever is asked about."""
    rows = books.session.execute(invariants._asked(questions), dict.fromkeys(NAMED, ONE))
    return {invariant for invariant, _what in rows}


@pytest.mark.parametrize(("invariant", "state"), BROKEN)
def test_what_breaks_one_promise_is_found_by_its_invariant_alone(books: Books, invariant: str, state: State):
    books.put(state)
    assert spoken(books, *QUICK) | spoken(books, *WHOLE) == {invariant}


@pytest.mark.parametrize("state", SOUND)
def test_nothing_is_found_where_nothing_is_broken(books: Books, state: State):
    books.put(state)
    assert spoken(books, *QUICK) | spoken(books, *WHOLE) == set()


def test_every_question_has_a_state_that_it_finds(books: Books):
    silent = {*QUICK, *WHOLE}
    for _invariant, state in BROKEN:
        books.put(state)
        silent -= {each for each in silent if spoken(books, each)}
    assert silent == set()


def test_what_was_acknowledged_and_is_gone_is_found(books: Books):
    books.put({"vouchers": [voucher("cancelled")]})
    Witness(acknowledged={"voucher": {str(ONE)}})._nothing_forgotten()
    with pytest.raises(Violation, match=f"I12: voucher {TWO}"):
        Witness(acknowledged={"voucher": {str(ONE), str(TWO)}})._nothing_forgotten()


@pytest.mark.parametrize("after", [6, None], ids=["changed", "gone"])
def test_an_entry_that_is_not_what_it_was_is_found(books: Books, after: int | None):
    def of(amount: int) -> State:
        return {"entries": [{"id": ONE, "transaction_id": ONE, "account_id": ONE, "amount": amount}]}

    books.put(of(5))
    witness = Witness()
    witness._entries_only_grow()
    witness._entries_only_grow()
    books.put({"entries": []} if after is None else of(after))
    with pytest.raises(Violation, match="I7: entry"):
        witness._entries_only_grow()


# --- what was sent off -----------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(("taken", "answered"), [(2, 1), (1, 2)])
def test_what_went_into_an_outbox_and_was_not_answered_once_is_found(app: Flask, taken: int, answered: int):
    Witness().close(Post(2, 2))
    with pytest.raises(Violation, match=f"I14: {taken} requests went into outboxes, {answered}"):
        Witness().close(Post(taken, answered))


@pytest.mark.once
def test_what_was_told_and_is_never_judged_is_found(app: Flask):
    scene = offline.scene(riders=2)
    for rider in scene.riders:
        scene.here.note("scan", rider.phone.code())
    scene.here.send(scene.here.log[1:])
    with pytest.raises(Violation, match=r"I14: item .* nobody ever judged it"):
        Witness().close(Post())
    scene.here.send()
    Witness().close(Post())


# --- who is named how, and honoured ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "agrees", "in_full", "found"),
    [
        ("full", True, True, False),
        ("full", True, False, False),
        ("masked", True, False, False),
        ("full", False, False, False),
        ("full", False, True, True),
        ("masked", True, True, True),
        ("unlisted", True, False, True),
        ("unlisted", True, True, True),
    ],
)
def test_whoever_is_named_otherwise_than_agreed_is_found(
    books: Books, monkeypatch: pytest.MonkeyPatch, choice: str, agrees: bool, in_full: bool, found: bool
):
    consent = {"person_id": ONE, "purpose": "publication"}
    books.put(
        {
            "candidates": [{"id": ONE, "selection_id": ONE, "person_id": ONE, "consent": choice}],
            "selections": [{"id": ONE, "state": "notice", "criteria_version_id": ONE}],
            "criteria_versions": [{"id": ONE}],
            "consents": [
                consent | {"id": ONE, "given": not agrees, "at": EARLIER},
                consent | {"id": TWO, "given": agrees, "at": AT},
            ],
        }
    )
    mine = SimpleNamespace(candidate=SimpleNamespace(person_id=ONE), in_full=in_full, name="王小明")
    other = SimpleNamespace(candidate=SimpleNamespace(person_id=TWO), in_full=True, name="李小红")
    monkeypatch.setattr(
        invariants.honours, "public_roll", lambda _selection: SimpleNamespace(listed=[other, mine])
    )
    if found:
        with pytest.raises(Violation, match="I17"):
            invariants._named_as_agreed(ONE)
    else:
        invariants._named_as_agreed(ONE)


@pytest.mark.parametrize(
    ("about", "state", "found"),
    [(ONE, "submitted", True), (ONE, "reopened", True), (ONE, "rejected", False), (TWO, "submitted", False)],
)
def test_whoever_is_honoured_while_somebody_objects_is_found(
    books: Books, about: UUID, state: str, found: bool
):
    books.put(
        {
            "cases": [{"id": ONE, "kind": "objection", "state": state, "subject": f"candidate:{about}"}],
            "honours": [{"id": ONE, "candidate_id": ONE}],
        }
    )
    if found:
        with pytest.raises(Violation, match=f"I17: candidate {ONE}"):
            invariants._nobody_contested_is_honoured()
    else:
        invariants._nobody_contested_is_honoured()
