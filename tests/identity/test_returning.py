"""A rider without a number comes back as the same person: by two people, after a day, never against their will."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditRecord
from app.codes.models import PersonalHandle
from app.identity import appointing, profile, returning, sessions, signing_in
from app.identity.actors import SYSTEM, Actor
from app.identity.errors import (
    InviteNotFound,
    PersonNotFound,
    ReturnEnded,
    ReturnOpen,
    ReturnTooSoon,
    ReturnUnknown,
    RidersAlike,
    SecondPersonNeeded,
    StaffAccount,
)
from app.identity.models import Invite, Person, RiderReturn, SessionFamily
from app.identity.my_data import rows_about
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Forbidden
from app.ledger.queries import balance_of
from app.notices.models import Notice
from tests import make, older
from tests.codes.make import phone as enrol_phone
from tests.conftest import StandingClock
from tests.ledger import make as points
from tests.older import a_moment, an_id, insert

DAY = returning.OBJECTION


class Counter:
    """A station that invited a rider, its manager, somebody of the department, and the rider's phone."""

    def __init__(self, clock: StandingClock) -> None:
        self.clock = clock
        with transaction():
            make.regions()
            self.station = make.station("驿站")
            self.manager = make.actor(make.staff("station-manager", station_id=self.station.id))
            self.boss = make.actor(make.staff("department", region_code=make.CITY))
        self.rider = self.joins()
        with transaction():
            enrol_phone(self.rider)

    def joins(self, nickname: str = "老陈") -> Actor:
        with transaction():
            _, token, pin = signing_in.invite_rider(
                station_id=self.station.id, by=self.manager, at=self.clock()
            )
            facts = {"token": token, "pin": pin, "nickname": nickname, "consent": True}
            someone = signing_in.sign_in_with_invite(**facts, at=self.clock())
            sessions.open_session(person=someone, device="old", at=self.clock())
            return make.actor(someone)

    def ask(self, by: Actor | None = None, **other: Any) -> RiderReturn:
        facts: dict[str, Any] = {
            "nickname": "老陈", "joined_on": None, "station_id": self.station.id, "reason": "常来的骑手"
        }  # fmt: skip
        return in_transaction(lambda: returning.ask(**facts | other, by=by or self.manager, at=self.clock()))

    def confirm(self, asked: RiderReturn, by: Actor | None = None) -> RiderReturn:
        return in_transaction(
            lambda: returning.confirm(return_id=asked.id, by=by or self.boss, at=self.clock())
        )

    def ready(self) -> RiderReturn:
        asked = self.confirm(self.ask())
        self.clock.at += DAY
        return asked

    def invite(self, asked: RiderReturn, by: Actor | None = None) -> dict[str, Any]:
        _, token, pin = in_transaction(
            lambda: returning.invite(return_id=asked.id, by=by or self.manager, at=self.clock())
        )
        return {"token": token, "pin": pin}

    def come_back(self, token: str, pin: str) -> Person:
        facts = {"token": token, "pin": pin, "nickname": None, "consent": False}
        return in_transaction(lambda: signing_in.sign_in_with_invite(**facts, at=self.clock()))

    def standing(self) -> tuple[int, int]:
        """Sessions and handles of the rider that still count."""
        with transaction(write=False):
            return tuple(  # type: ignore[return-value]
                session.query(model).filter_by(person_id=self.rider.id, revoked_at=None).count()
                for model in (SessionFamily, PersonalHandle)
            )

    def told(self) -> list[str]:
        with transaction(write=False):
            found = session.query(Notice).filter_by(person_id=self.rider.id).order_by(Notice.id)
            return [each.slug for each in found]

    def kept(self) -> list[tuple[str, Any]]:
        with transaction(write=False):
            found = session.query(AuditRecord).order_by(AuditRecord.id)
            return [(each.action, each.actor_id) for each in found if each.action.startswith("rider-return")]


@pytest.fixture
def counter(app: Flask, clock: StandingClock) -> Counter:
    return Counter(clock)


def test_the_same_rider_is_back_and_nothing_of_the_old_phone_counts(counter: Counter):
    with transaction():
        points.give(counter.rider.id, 30)
    before = counter.standing()
    someone = counter.come_back(**counter.invite(counter.ready()))
    assert someone.id == counter.rider.id
    assert (before, counter.standing()) == ((1, 1), (0, 0))
    with transaction(write=False):
        assert balance_of(counter.rider.id).usable == 30
        assert session.query(Person).filter_by(nickname="老陈").count() == 1
        assert (someone.nickname, someone.is_rider) == ("老陈", True)


def test_through_the_api(app: Flask, client: FlaskClient, counter: Counter, clock: StandingClock):
    with transaction(write=False):
        manager, boss = (session.get_one(Person, each.id) for each in (counter.manager, counter.boss))
    station, desk = make.signed_in(app, manager), make.signed_in(app, boss)
    body = {"station_id": str(counter.station.id), "nickname": "老陈", "reason": "常来的骑手"}
    asked = station.post("/api/v1/rider-returns", json=body, headers=make.once())
    assert (asked.status_code, asked.json["state"]) == (201, "asked")
    (shown,) = desk.get("/api/v1/rider-returns").json
    assert (shown["rider"], shown["reason"]) == ("老*", "常来的骑手")
    path = f"/api/v1/rider-returns/{asked.json['id']}"
    assert desk.post(f"{path}/decision", json={"decision": "confirm"}).json["state"] == "confirmed"
    assert station.post(f"{path}/invitation").json["code"] == "return-too-soon"
    clock.at += DAY
    station = make.signed_in(app, manager)
    made = station.post(f"{path}/invitation").json
    given = {"token": made["url"].rsplit("/", 1)[1], "pin": made["pin"]}
    answer = client.post("/api/v1/sign-in/invite", json=given)
    assert (answer.status_code, answer.json["person"]["id"]) == (200, str(counter.rider.id))
    assert client.post("/api/v1/sign-in/invite", json=given).status_code == 404


def test_whoever_is_still_signed_in_stops_it(app: Flask, counter: Counter):
    counter.confirm(counter.ask())
    with transaction(write=False):
        rider = session.get_one(Person, counter.rider.id)
    answer = make.signed_in(app, rider).delete("/api/v1/rider-returns/mine")
    assert answer.json["state"] == "refused"
    assert counter.told() == ["return-asked", "return-refused"]
    with pytest.raises(ReturnUnknown):
        in_transaction(lambda: returning.object_to(by=counter.rider, at=counter.clock()))


def test_also_when_the_invitation_is_out(counter: Counter):
    given = counter.invite(counter.ready())
    in_transaction(lambda: returning.object_to(by=counter.rider, at=counter.clock()))
    with pytest.raises(InviteNotFound):
        counter.come_back(**given)
    assert counter.standing() == (1, 1)


def test_an_invitation_is_good_once_for_half_an_hour_and_ended_by_the_next(counter: Counter):
    asked = counter.ready()
    first, second = counter.invite(asked), counter.invite(asked)
    with pytest.raises(InviteNotFound):
        counter.come_back(**first)
    counter.clock.advance(minutes=30)
    with pytest.raises(InviteNotFound):
        counter.come_back(**second)
    third = counter.invite(asked)
    counter.come_back(**third)
    with pytest.raises(InviteNotFound):
        counter.come_back(**third)
    with pytest.raises(ReturnEnded):
        counter.invite(asked)


def test_it_takes_a_second_person_who_is_not_the_rider(counter: Counter):
    asked = counter.ask(by=counter.boss)
    with pytest.raises(SecondPersonNeeded):
        counter.confirm(asked)
    counter.clock.at += DAY
    with pytest.raises(ReturnTooSoon):
        counter.invite(asked)


def becomes_staff(counter: Counter, role: str = "department") -> Actor:
    with transaction():
        place = {"region_code": make.CITY, "station_id": None}
        facts = {"person_id": counter.rider.id, "role": role, "by": SYSTEM, "at": counter.clock()}
        appointing.appoint(**place, **facts)
        return make.actor(session.get_one(Person, counter.rider.id))


def test_a_rider_who_has_become_staff_does_not_confirm_or_invite_themself(counter: Counter):
    asked = counter.ask()
    me = becomes_staff(counter)
    with pytest.raises(SecondPersonNeeded):
        counter.confirm(asked, by=me)
    counter.confirm(asked)
    counter.clock.at += DAY
    with pytest.raises(SecondPersonNeeded):
        counter.invite(asked, by=me)


def test_accounts_of_staff_are_not_let_in_at_a_counter(counter: Counter):
    given = counter.invite(counter.ready())
    becomes_staff(counter)
    with pytest.raises(InviteNotFound):
        counter.come_back(**given)
    with pytest.raises(StaffAccount):
        counter.clock.at += returning.ANSWER_WITHIN
        counter.ask()


def test_a_day_must_pass_from_the_asking_on(counter: Counter):
    asked = counter.confirm(counter.ask())
    counter.clock.at += DAY - timedelta(minutes=1)
    with pytest.raises(ReturnTooSoon):
        counter.invite(asked)
    counter.clock.advance(minutes=1)
    counter.invite(asked)


def test_what_nobody_answers_in_a_week_is_over_and_may_be_asked_again(counter: Counter):
    asked = counter.ready()
    counter.clock.at += returning.ANSWER_WITHIN - DAY - timedelta(minutes=1)
    given = counter.invite(asked)
    counter.clock.advance(minutes=1)
    with pytest.raises(InviteNotFound):
        counter.come_back(**given)
    for verb in (returning.confirm, returning.refuse):
        with pytest.raises(ReturnEnded):
            in_transaction(lambda verb=verb: verb(return_id=asked.id, by=counter.boss, at=counter.clock()))
    assert in_transaction(lambda: returning.open_of(counter.rider.id, at=counter.clock())) is None
    assert counter.ask().state == "asked"


def test_a_rider_is_found_by_the_station_that_invited_them_and_the_whole_name_only(counter: Counter):
    with transaction():
        other = make.station("别处")
        there = make.actor(make.staff("station-manager", station_id=other.id))
        make.rider("老王")  # by telephone
    for wrong in ({"nickname": "老"}, {"nickname": "老王"}, {"station_id": other.id, "by": there}):
        with pytest.raises(PersonNotFound):
            counter.ask(**wrong)
    with pytest.raises(Forbidden):
        counter.ask(by=there)


def test_whoever_has_a_number_goes_by_the_number(counter: Counter):
    with transaction():
        session.get_one(Person, counter.rider.id).phone = "+8613800138000"
    with pytest.raises(PersonNotFound):
        counter.ask()


def test_riders_called_the_same_are_told_apart_by_the_day_they_joined(counter: Counter):
    joined = counter.clock.at.date()
    counter.clock.at += timedelta(days=3)
    counter.joins()
    with pytest.raises(RidersAlike):
        counter.ask()
    assert counter.ask(joined_on=joined).person_id == counter.rider.id
    with pytest.raises(PersonNotFound):
        counter.ask(joined_on=date(2020, 1, 1))


def test_it_is_asked_for_once_at_a_time(counter: Counter):
    counter.ask()
    with pytest.raises(ReturnOpen):
        counter.ask()


def test_it_is_seen_and_decided_in_its_region_only(counter: Counter):
    asked = counter.ask()
    with transaction():
        elsewhere = make.actor(make.staff("department", region_code=make.QINHUAI))
        at = counter.clock()
        seen = {
            by: [each.id for each, *_ in returning.open_for(by, at=at)] for by in (counter.boss, elsewhere)
        }
    assert seen == {counter.boss: [asked.id], elsewhere: []}
    for verb in (returning.confirm, returning.refuse):
        with pytest.raises(Forbidden):
            in_transaction(lambda verb=verb: verb(return_id=asked.id, by=elsewhere, at=counter.clock()))
    counter.confirm(asked)
    counter.clock.at += DAY
    with pytest.raises(Forbidden):
        counter.invite(asked, by=elsewhere)


def test_each_step_is_written_down_and_the_rider_is_told(counter: Counter):
    counter.come_back(**counter.invite(counter.ready()))
    assert counter.kept() == [
        ("rider-return.asked", counter.manager.id),
        ("rider-return.confirmed", counter.boss.id),
        ("rider-return.invited", counter.manager.id),
        ("rider-return.done", counter.rider.id),
    ]
    assert counter.told() == ["return-asked", "rider-returned"]
    refused = counter.ask()
    in_transaction(lambda: returning.refuse(return_id=refused.id, by=counter.boss, at=counter.clock()))
    assert counter.kept()[-1] == ("rider-return.refused", counter.boss.id)
    assert counter.told()[-2:] == ["return-asked", "return-refused"]


def test_whoever_leaves_is_not_let_in_anew(counter: Counter):
    given = counter.invite(counter.ready())
    in_transaction(lambda: profile.close_account(by=counter.rider, at=counter.clock()))
    with pytest.raises(InviteNotFound):
        counter.come_back(**given)
    with transaction(write=False):
        assert session.query(RiderReturn).one().state == "refused"


def test_ones_data_say_that_it_was_asked_for_and_not_by_whom(counter: Counter):
    counter.ask()
    with transaction(write=False):
        (mine,) = rows_about(counter.rider.id)["rider_returns"]
    assert mine["reason"] == "常来的骑手"
    assert not {"asked_by", "confirmed_by"} & set(mine)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "confirmed"}, "two_people"),
        ({"state": "refused"}, "ended_at"),
        ({"state": "gone"}, "state"),
    ],
)
def test_the_database_refuses_what_no_step_leads_to(
    counter: Counter, values: dict[str, Any], constraint: str
):
    asked = counter.ask()
    with transaction(), pytest.raises(IntegrityError, match=constraint):
        session.execute(sa.update(RiderReturn).where(RiderReturn.id == asked.id).values(**values))


def test_the_database_holds_that_it_takes_two(counter: Counter):
    asked = counter.ask()
    for who in (counter.manager, counter.rider):
        with transaction(), pytest.raises(IntegrityError, match="two_people"):
            alone = {"state": "confirmed", "confirmed_by": who.id, "confirmed_at": counter.clock()}
            session.execute(sa.update(RiderReturn).where(RiderReturn.id == asked.id).values(**alone))


def test_the_database_keeps_no_invitation_back_without_whom_it_names(counter: Counter):
    asked = counter.ready()
    counter.invite(asked)
    with transaction(), pytest.raises(IntegrityError, match="whom_it_brings_back"):
        session.execute(sa.update(Invite).where(Invite.return_id == asked.id).values(person_id=None))


def test_going_back_before_0039_leaves_no_invitation_that_enrols_somebody_else(
    settings_env: dict[str, str], tmp_path, clock: StandingClock
):
    with older.installed("returns", settings_env, tmp_path, revision="0039"):
        with transaction():
            rider, manager, station, asked = (an_id() for _ in range(4))
            for each in (rider, manager):
                insert("people", id=each, created_at=a_moment(), locale="zh", large_type=False, is_demo=False)
            insert("regions", code="3201", name="南京市", level="city", path="3201/")
            insert(
                "stations", id=station, name="驿站", short_code="AAAAAA", region_code="3201", address="x", lat=32.0,
                lng=118.8, hours="[]", facilities="[]", active=True, is_demo=False, opened_at=a_moment(),
            )  # fmt: skip
            insert(
                "rider_returns", id=asked, person_id=rider, station_id=station, reason="x", state="asked",
                asked_by=manager, asked_at=a_moment(),
            )  # fmt: skip
            common = {"station_id": station, "made_by": manager, "pin_digest": "p", "tries": 0}
            common |= {"made_at": a_moment(), "expires_at": a_moment()}
            insert("invites", id=an_id(), token_digest="back", person_id=rider, return_id=asked, **common)
            insert("invites", id=an_id(), token_digest="new", **common)
        downgrade(revision="0038")
        with transaction(write=False):
            good = session.scalars(sa.text("SELECT token_digest FROM invites WHERE used_at IS NULL")).all()
            assert good == ["new"]
        upgrade()
