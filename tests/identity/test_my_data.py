"""What is kept about a person: told whole while the account is open, and no name of it left once it is closed."""

from __future__ import annotations

from app.identity.models import Person
from app.identity.my_data import rows_about
from app.identity.profile import close_account
from app.kernel.db import session, transaction
from app.ledger import correcting, reversing
from app.ledger import queries as ledger
from app.media.models import Media
from app.rewards.books import refunding
from tests import make
from tests.rewards import make as rewards

WHO = {
    "name": "王小明",
    "nickname": "王师傅",
    "phone": "+8613812341204",
    "username": "xiaoming",
    "password_hash": "x",
    "occupation": "courier",
    "platform": "顺丰",
}


def test_ones_data_hold_what_stands_under_another_name_than_person(app, clock):
    with transaction():
        someone, other = make.rider(), make.rider("李师傅")
        for owner in (someone, other):
            photo = {"digest": owner.id.hex * 2, "purpose": "report", "created_at": clock.at}
            session.add(Media(owner_id=owner.id, width=640, height=480, size_bytes=1, **photo))
    with transaction(write=False):
        kept = rows_about(someone.id)
    assert [each["digest"] for each in kept["media"]] == [someone.id.hex * 2]


def test_ones_data_hold_what_was_asked_about_ones_points_and_goods_whatever_came_of_it(app, clock):
    scene = rewards.scene()
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    with transaction():
        boss = make.actor(make.staff("admin", region_code=make.CITY))
        about = {"by": boss, "at": clock.at}
        correcting.correct(person_id=scene.rider.id, points=500, reason="少算了", **about)
        rewards.give(scene.rider.id, 300, kind="correction")
        entry = ledger.statement(scene.rider.id).items[0]
        reversing.ask_to_reverse(entry_id=entry.id, reason="记了两遍", **about)
        refunding.ask_refund(
            voucher_id=voucher.id, reason="坏的", came_back=True, by=scene.manager, at=clock.at
        )
        other = make.rider("李师傅")
    with transaction(write=False):
        kept, others = rows_about(scene.rider.id), rows_about(other.id)
    asked = ("corrections", "reversals", "refunds")
    assert [kept[table][0]["reason"] for table in asked] == ["少算了", "记了两遍", "坏的"]
    assert not any("asked_by" in kept[table][0] for table in asked)
    assert [(each["kind"], each["balance"]) for each in kept["accounts"]] == [("wallet", 380)]
    assert not set(others) & {*asked, "holds", "lots"}


def test_a_closed_account_keeps_nothing_that_says_who_it_was(app, clock):
    with transaction():
        someone = make.rider(**WHO)
        close_account(by=make.actor(someone), at=clock.at)
    with transaction(write=False):
        kept = session.get_one(Person, someone.id)
        assert {field: getattr(kept, field) for field in WHO} == dict.fromkeys(WHO)
