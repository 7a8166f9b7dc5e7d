"""Who sees that a number is to change, and may say yes or no to it: staff of that region, never the rider."""

from __future__ import annotations

import pytest

from app.identity import appointing, moving
from app.identity.actors import SYSTEM
from app.identity.errors import SecondPersonNeeded, StaffAccount
from app.identity.models import Person
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Forbidden
from app.notices.models import Notice
from tests import make
from tests.identity.test_moving import NEW, OLD, Counter


@pytest.fixture
def counter(app, clock) -> Counter:
    return Counter(clock)


def test_it_is_seen_and_decided_in_its_region_only(counter, clock):
    move = counter.ask()
    with transaction():
        elsewhere = make.actor(make.staff("department", region_code=make.QINHUAI))
        seen = {by: [each.id for each, *_ in moving.open_moves(by)] for by in (counter.boss, elsewhere)}
    assert seen == {counter.boss: [move.id], elsewhere: []}
    for verb in (moving.confirm_move, moving.refuse_move):
        with pytest.raises(Forbidden):
            in_transaction(lambda verb=verb: verb(move_id=move.id, by=elsewhere, at=clock()))


def becomes_staff(rider, at) -> Person:
    with transaction():
        someone = session.get_one(Person, rider.id)
        appointing.appoint(
            person_id=someone.id, role="department", region_code=make.CITY, station_id=None, by=SYSTEM, at=at
        )  # fmt: skip
        return someone


def test_the_number_of_one_who_has_become_staff_stays(counter, clock):
    move = counter.ask()
    becomes_staff(counter.rider, clock())
    with pytest.raises(StaffAccount):
        counter.confirm(move)


def test_it_stays_also_if_that_was_after_the_second_yes(counter, clock):
    move = counter.ask()
    counter.confirm(move)
    becomes_staff(counter.rider, clock())
    clock.advance(days=1, minutes=1)
    assert in_transaction(lambda: moving.move_due(at=clock())) == 1
    with transaction():
        assert session.get_one(Person, counter.rider.id).phone == OLD


def test_a_rider_who_has_become_staff_does_not_confirm_their_own(counter, clock):
    move = counter.ask()
    rider = becomes_staff(counter.rider, clock())
    with transaction():
        now_staff = make.actor(rider)
    with pytest.raises(SecondPersonNeeded):
        counter.confirm(move, by=now_staff)


def test_neither_number_is_read_in_full_and_what_is_over_is_on_no_list(app, counter, clock):
    move = counter.ask()
    with transaction(write=False):
        boss = session.get_one(Person, counter.boss.id)
        told = session.query(Notice).filter_by(person_id=counter.rider.id).one()
        assert told.facts["tail"] == NEW[-4:]
    desk = make.signed_in(app, boss)
    (shown,) = desk.get("/api/v1/number-moves").json
    assert (shown["old_phone"], shown["new_phone"], shown["rider"]) == ("138****8000", "139****9111", "王*明")
    in_transaction(lambda: moving.refuse_move(move_id=move.id, by=counter.boss, at=clock()))
    assert desk.get("/api/v1/number-moves").json == []
