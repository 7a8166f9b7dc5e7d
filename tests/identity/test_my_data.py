"""What is kept about a person: told whole while the account is open, and no name of it left once it is closed."""

from __future__ import annotations

from app.identity.models import Person
from app.identity.my_data import rows_about
from app.identity.profile import close_account
from app.kernel.db import session, transaction
from app.media.models import Media
from tests import make

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


def test_a_closed_account_keeps_nothing_that_says_who_it_was(app, clock):
    with transaction():
        someone = make.rider(**WHO)
        close_account(by=make.actor(someone), at=clock.at)
    with transaction(write=False):
        kept = session.get_one(Person, someone.id)
        assert {field: getattr(kept, field) for field in WHO} == dict.fromkeys(WHO)
