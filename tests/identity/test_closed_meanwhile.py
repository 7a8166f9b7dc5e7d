"""What was on its way while an account was being closed writes nothing of the one who is to be forgotten."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from app.cases.models import Case
from app.codes.enrolling import enrol_phone
from app.identity import profile, queries
from app.identity.errors import PersonNotFound, SessionEnded
from app.identity.models import Person
from app.kernel import clock, idempotency
from app.kernel.db import session, transaction
from app.kernel.idempotency import IdempotencyRecord
from app.volunteering.attendance import scan_shift
from app.volunteering.signing_up import sign_up
from tests import make
from tests.cases import make as cases
from tests.volunteering import make as shifts


def closed_by_another(person_id) -> None:
    """As if another request had closed it since this one read the person."""
    closing = sa.update(Person).where(Person.id == person_id).values(closed_at=clock.now(), nickname=None)
    session.execute(closing.execution_options(synchronize_session=False))


def test_a_profile_is_not_written_back_into_a_closed_account(app: Flask):
    with transaction():
        someone = make.rider("王师傅")
        acting = make.actor(someone)
        closed_by_another(someone.id)
        with pytest.raises(SessionEnded):
            profile.change_profile(changes={"nickname": "老王"}, by=acting, at=clock.now())
    with transaction(write=False):
        assert session.get_one(Person, someone.id).nickname is None


def test_nobody_closes_an_account_twice(app: Flask):
    with transaction():
        acting = make.actor(make.rider())
        profile.close_account(by=acting, at=clock.now())
        with pytest.raises(SessionEnded):
            profile.close_account(by=acting, at=clock.now())


def test_a_closed_account_takes_no_seat_and_no_phone(app: Flask):
    setting = shifts.setting()
    with transaction():
        someone = make.rider("王师傅")
        acting = make.actor(someone)
        closed_by_another(someone.id)
        with pytest.raises(SessionEnded):
            sign_up(shift_id=setting.shift.id, by=acting, at=clock.now())
        with pytest.raises(SessionEnded):
            scan_shift(shift_id=setting.shift.id, by=acting, at=setting.shift.starts_at)
        with pytest.raises(SessionEnded):
            enrol_phone(device_name="手机", by=acting, at=clock.now())


def test_a_closed_account_reports_nothing_more(app: Flask):
    with transaction():
        town = cases.town()
        closed_by_another(town.rider.id)
        with pytest.raises(SessionEnded):
            cases.report(town.rider)
        assert session.scalars(sa.select(Case)).all() == []


def test_staff_write_nothing_about_a_closed_account(app: Flask):
    with transaction():
        someone = make.rider("王师傅")
        assert queries.person_to_change(someone.id) is someone
        closed_by_another(someone.id)
        with pytest.raises(PersonNotFound):
            queries.person_to_change(someone.id)


def test_a_closed_account_leaves_none_of_its_answers(app: Flask):
    with transaction():
        make.regions()
        someone, other = make.rider("王师傅", phone="+8613912341204"), make.rider("李师傅")
        acting = make.actor(someone)
        for owner in (acting, make.actor(other)):
            idempotency.begin(owner=owner.key, key="k", request="r", at=clock.now())
            idempotency.finish(owner=owner.key, key="k", status=200, body='{"name": "王小明"}')
    with transaction():
        profile.close_account(by=make.actor(session.get_one(Person, someone.id)), at=clock.now())
    with transaction(write=False):
        kept = session.scalars(sa.select(IdempotencyRecord.owner)).all()
        assert kept == [make.actor(other).key]
