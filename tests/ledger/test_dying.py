"""Each way in which points move, with a process that dies at each of its statements: nothing or all, and once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.identity.actors import SYSTEM, Actor
from app.kernel import clock
from app.kernel.clock import city_day
from app.kernel.db import transaction
from app.kernel.errors import Problem
from app.ledger import debts, expiring, holds, posting, reversing, sealing
from app.ledger.accounts import correction_account, settlement_of, wallet_of
from app.ledger.posting import Leg, entry_of
from app.ledger.queries import balance_of
from app.ledger.taking_back import take_back
from app.ledger.verify import verify
from tests import make as build
from tests.ledger import make
from tests.ledger.dying import Death, dying

MOST = 60  # statements of the longest
STEP = (
    1 if "FENGXING_TEST_EXAMPLES" in os.environ else 9
)  # every statement where there is time, else every ninth
SHOP = UUID(int=9)
Call = Callable[[], Any]


@pytest.fixture
def staff(app) -> Actor:
    with transaction():
        build.regions()
        settlement_of(SHOP)
        return build.actor(build.staff("department", region_code=build.CITY))


def post(person_id: UUID, points: int, days: int | None = None) -> Call:
    source, day = make.source(), days and city_day(clock.now()) + timedelta(days=days)

    def call() -> Any:
        legs = [Leg(settlement_of(SHOP).id, -points), Leg(wallet_of(person_id).id, points, expires_on=day)]
        facts: dict[str, Any] = {"words": make.WORDS, "by": SYSTEM, "at": clock.now()}
        return posting.post(kind="award", source=source, legs=legs, **facts)

    return call


def award(person_id: UUID, _staff: Actor) -> Call:
    return post(person_id, 30, days=20)


def spend(person_id: UUID, _staff: Actor) -> Call:
    return post(person_id, -50)


def hold(person_id: UUID, _staff: Actor) -> Call:
    source = make.source()
    return lambda: make.held(person_id, 70, source=source)


def captured(points: int | None) -> Callable[[UUID, Actor], Call]:
    def prepare(person_id: UUID, _staff: Actor) -> Call:
        held, source = make.held(person_id, 70).id, make.source()
        to_id = settlement_of(SHOP).id
        return lambda: holds.capture(
            held, to_account_id=to_id, source=source, points=points, by=SYSTEM, at=clock.now()
        )

    return prepare


def release(person_id: UUID, _staff: Actor) -> Call:
    held, source = make.held(person_id, 70).id, make.source()
    return lambda: holds.release(held, source=source, by=SYSTEM, at=clock.now())


def time_out(person_id: UUID, _staff: Actor) -> Call:
    make.held(person_id, 70, expires_at=clock.now() + timedelta(minutes=1))
    return lambda: holds.expire_due(at=clock.now() + timedelta(minutes=2))


def expire(person_id: UUID, _staff: Actor) -> Call:
    make.give_until(person_id, 25, city_day(clock.now()) - timedelta(days=1))
    return lambda: expiring.expire_due(at=clock.now())


def refund(person_id: UUID, _staff: Actor) -> Call:
    spent, source = post(person_id, -50)().source, make.source()

    def call() -> Any:
        back = posting.returning(wallet_of(person_id).id, 20, source=spent)
        legs = [Leg(settlement_of(SHOP).id, -20), back]
        return make.give(person_id, 20, source=source, legs=legs)

    return call


def reverse(person_id: UUID, _staff: Actor) -> Call:
    first, source = make.give(person_id, 40), make.source()
    facts: dict[str, Any] = {"words": make.WORDS, "by": SYSTEM, "at": clock.now()}
    return lambda: posting.reverse(transaction_id=first.id, source=source, **facts)


def unwind(person_id: UUID, _staff: Actor) -> Call:
    source = make.source()
    facts: dict[str, Any] = {"words": make.WORDS, "by": SYSTEM, "at": clock.now()}
    return lambda: take_back(person_id=person_id, points=130, source=source, **facts)


def take_one_entry_back(person_id: UUID, staff: Actor) -> Call:
    wallet_id, points = wallet_of(person_id).id, 60
    wrong = make.give(person_id, points, kind="correction")
    make.give(person_id, -150, legs=[Leg(wallet_id, -150), Leg(correction_account().id, 150)])
    entry_id = entry_of(wrong.source, wallet_id)
    assert entry_id is not None
    return lambda: reversing.ask_to_reverse(entry_id=entry_id, reason="记了两遍", by=staff, at=clock.now())


def seal(person_id: UUID, _staff: Actor) -> Call:
    return lambda: sealing.seal_new(at=clock.now())


WAYS = (
    award,
    spend,
    hold,
    captured(None),
    captured(30),
    release,
    time_out,
    expire,
    refund,
    reverse,
    unwind,
    take_one_entry_back,
    seal,
)


def prepared(way: Callable[[UUID, Actor], Call], staff: Actor) -> tuple[UUID, Call]:
    """Somebody with 100 points, and what is to happen to them."""
    with transaction():
        person_id = build.rider().id
        make.give_until(person_id, 40, city_day(clock.now()) + timedelta(days=9))
        make.give(person_id, 60)
        return person_id, way(person_id, staff)


def standing(person_id: UUID) -> Any:
    """All that a person has and owes."""
    with transaction():
        return balance_of(person_id), debts.owed_by(person_id), make.lots(person_id)


def sound() -> None:
    """The whole book proves."""
    with transaction(write=False):
        assert verify() == []


def again(call: Call) -> None:
    """The retry of whoever heard no answer. What staff ask for is refused the second time, as said at the edge."""
    try:
        with transaction():
            call()
    except Problem as problem:
        assert problem.slug == "already-reversed"  # noqa: PT017 -- also no problem is right


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__qualname__.replace(".<locals>.prepare", ""))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_any_statement_leaves_nothing_or_all_and_the_retry_does_it_once(staff, way, after):
    person_id, call = prepared(way, staff)
    with transaction():
        call()
    done = standing(person_id)
    for at in range(1 + after, MOST, STEP):
        person_id, call = prepared(way, staff)
        untouched = standing(person_id)
        died = False
        with dying(at=at, after=after) as life:
            try:
                with transaction():
                    call()
            except Death:
                died = True
        assert standing(person_id) == (done if life.committed else untouched), at
        sound()
        again(call)
        again(call)
        assert standing(person_id) == done, at
        if not died:
            assert at > 2  # a write and COMMIT at the least
            sound()
            return
    raise AssertionError("it never came to an end")
