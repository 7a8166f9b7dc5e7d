"""Facts that came together give what they give one by one: to whoever may earn, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.identity.actors import SYSTEM
from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel.clock import city_day
from app.kernel.db import session, transaction
from app.ledger.accounts import correction_account
from app.ledger.debts import owe, owed_by
from app.ledger.verify import verify
from app.rules import campaigns, together
from app.rules.models import NoAward, RecordedFact, VoidFact
from app.rules.replay import replay
from tests import make as people
from tests.ledger import make as ledger
from tests.rules import make
from tests.rules.make import rule


@pytest.fixture(autouse=True)
def _books_close(app):
    yield
    with transaction(write=False):
        assert list(verify()) == []
        assert replay().agrees


def three(scene):
    """The rider of the scene and two more."""
    with transaction():
        return [scene.rider, people.rider("李师傅", name="李大力"), people.rider("张师傅", name="张三")]


def judged(*facts):
    at = clock_module.now()
    with transaction():
        together.judge_together(facts, [at] * len(facts))


def usable(scene, riders):
    return [scene.balance(each).usable for each in riders]


def test_a_closed_account_among_them_earns_nothing():
    scene = make.scene([rule(points=5)], budget=10)
    riders = three(scene)
    with transaction():
        session.get_one(Person, riders[0].id).closed_at = clock_module.now()
    judged(*(make.checkin(each) for each in riders))
    assert usable(scene, riders) == [0, 5, 5]
    with transaction(write=False):
        assert session.scalars(select(NoAward.why)).all() == ["account-closed"]


def test_what_was_found_void_before_gives_nothing():
    scene = make.scene([rule(points=5)])
    riders = three(scene)
    facts = [make.checkin(each) for each in riders]
    with transaction():
        void = {"fact_kind": "checkin", "fact_id": facts[1].id, "person_id": riders[1].id}
        session.add(VoidFact(**void, at=clock_module.now()))
    judged(*facts)
    assert usable(scene, riders) == [5, 0, 5]


def test_of_two_campaigns_at_once_the_one_that_began_last_counts(clock):
    scene = make.scene([rule(points=5)])
    for _ in range(2):
        clock.advance(hours=1)
        with transaction():
            latest = campaigns.declare_campaign(
                region_code=people.CITY, kind="weather", title_zh="寒潮", title_en="Cold wave",
                ends_at=clock.at + timedelta(days=1), by=scene.reviewer, at=clock.at,
            )  # fmt: skip
    judged(*(make.checkin(each) for each in three(scene)))
    with transaction(write=False):
        fell_into = {each.fields["weather_id"] for each in session.scalars(select(RecordedFact))}
    assert fell_into == {str(latest.id)}


def owes_ten(rider):
    owe(
        person_id=rider.id, points=10, to_account_id=correction_account().id, source="test:owed",
        words=ledger.WORDS, by=SYSTEM, at=clock_module.now(),
    )  # fmt: skip


def test_each_of_them_pays_what_they_owe_of_it():
    scene = make.scene([rule(points=6)])
    riders = three(scene)
    with transaction():
        ledger.policy(50)
        owes_ten(riders[1])
    judged(*(make.checkin(each) for each in riders))
    assert usable(scene, riders) == [6, 3, 6]
    with transaction(write=False):
        assert owed_by(riders[1].id) == 7


def test_points_that_wait_pay_no_debt_yet():
    scene = make.scene([rule(points=6, usable="after_days", usable_after_days=2)])
    riders = three(scene)
    with transaction():
        ledger.policy(50)
        ledger.give(riders[1].id, 10)
        owes_ten(riders[1])
    judged(*(make.checkin(each) for each in riders))
    assert usable(scene, riders) == [0, 10, 0]
    with transaction(write=False):
        assert owed_by(riders[1].id) == 10


def test_each_is_judged_by_what_was_in_force_when_it_happened(clock):
    scene = make.scene([rule(points=5, expires_after_days=30)])
    riders, before = three(scene), clock.at
    clock.advance(hours=1)
    with transaction():
        make.in_force(scene, [rule(points=9, usable="after_days", usable_after_days=2)])
    judged(make.checkin(riders[0], at=before), *(make.checkin(each) for each in riders[1:]))
    assert usable(scene, riders) == [5, 0, 0]
    assert [scene.balance(each).pending for each in riders] == [0, 9, 9]
    with transaction():
        last_day = city_day(clock.at) + timedelta(days=30)
        assert ledger.lots(riders[0].id) == {last_day: (5, 0)}


def test_versions_of_one_set_of_rules_use_up_one_cap(clock):
    capped = rule(points=5, caps=[make.cap(per="station", times=1)])
    scene = make.scene([capped])
    riders, before = three(scene), clock.at
    clock.advance(hours=1)
    with transaction():
        make.in_force(scene, [capped])
    judged(make.checkin(riders[0], at=before), *(make.checkin(each) for each in riders[1:]))
    assert usable(scene, riders) == [5, 0, 0]


def test_who_finds_the_budget_empty_waits_and_is_paid_in_their_order():
    scene = make.scene([rule(points=5)], budget=8)
    riders = three(scene)
    judged(*(make.checkin(each) for each in riders))
    assert usable(scene, riders) == [5, 0, 0]
    with transaction():
        make.fund(2)
    assert usable(scene, riders) == [5, 5, 0]
