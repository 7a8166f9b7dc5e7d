"""A lost phone is ended, a changed number moved: by two people, after a day, and never against the rider's will."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditRecord
from app.codes.models import PersonalHandle
from app.identity import appointing, moving, profile, queries, sessions, signing_in
from app.identity.actors import SYSTEM
from app.identity.errors import (
    CodeExpired,
    CodeWrong,
    MovedLately,
    MoveEnded,
    MoveOpen,
    MoveUnknown,
    NumberTaken,
    PersonNotFound,
    SecondPersonNeeded,
    StaffAccount,
)
from app.identity.models import NumberMove, Person, SessionFamily
from app.kernel.db import dialect_name, in_transaction, session, transaction
from app.kernel.errors import Forbidden
from app.notices.models import Notice
from tests import make
from tests.codes.make import phone as enrol_phone
from tests.crossing import crossed
from tests.identity.test_signing_in import Kept

OLD, NEW = "+8613800138000", "+8613900139111"
DAY = moving.OBJECTION


class Counter:
    """A station, its manager, somebody of the department, and a rider with a phone and a session."""

    def __init__(self, clock) -> None:
        self.clock = clock
        with transaction():
            make.regions()
            self.station = make.station("驿站")
            self.manager = make.actor(make.staff("station-manager", station_id=self.station.id))
            self.boss = make.actor(make.staff("department", region_code=make.CITY))
            self.rider = make.actor(make.rider("王师傅", phone=OLD))
            sessions.open_session(person=session.get_one(Person, self.rider.id), device="old", at=clock())
            enrol_phone(self.rider)

    def code(self, phone: str = NEW) -> str:
        kept = Kept()
        with signing_in.senders.use(kept), transaction():
            signing_in.request_code(phone=phone, at=self.clock())
        return kept.codes[-1]

    def ask(self, by=None, old=OLD, new=NEW, code=None):
        code = code or self.code(new)
        return in_transaction(
            lambda: moving.ask_move(
                old_phone=old,
                new_phone=new,
                code=code,
                station_id=self.station.id,
                reason="核对了身份证",
                by=by or self.manager,
                at=self.clock(),
            )
        )

    def confirm(self, move, by=None):
        return in_transaction(
            lambda: moving.confirm_move(move_id=move.id, by=by or self.boss, at=self.clock())
        )

    def sweep(self) -> int:
        return in_transaction(lambda: moving.move_due(at=self.clock()))

    def number(self) -> str | None:
        with transaction():
            return session.get_one(Person, self.rider.id).phone

    def signed_in(self) -> int:
        with transaction():
            return session.query(SessionFamily).filter_by(person_id=self.rider.id, revoked_at=None).count()

    def codes(self) -> int:
        with transaction():
            return session.query(PersonalHandle).filter_by(person_id=self.rider.id, revoked_at=None).count()

    def told(self) -> list[str]:
        with transaction():
            return [
                each.slug
                for each in session.query(Notice).filter_by(person_id=self.rider.id).order_by(Notice.id)
            ]

    def kept(self) -> list[str]:
        with transaction():
            actions = [each.action for each in session.query(AuditRecord).order_by(AuditRecord.id)]
            return [each for each in actions if not each.startswith("role.")]


@pytest.fixture
def counter(app, clock) -> Counter:
    return Counter(clock)


def end_phone(counter, by=None, phone=OLD):
    return in_transaction(
        lambda: moving.end_phone(
            phone=phone,
            station_id=counter.station.id,
            reason="常来的骑手",
            by=by or counter.manager,
            at=counter.clock(),
        )
    )


def test_a_lost_phone_is_signed_out_and_its_codes_end(counter):
    end_phone(counter)
    assert (counter.signed_in(), counter.codes(), counter.number()) == (0, 0, OLD)
    assert counter.told() == ["phone-ended"]
    assert counter.kept() == ["phone.ended-on-behalf"]


def test_a_number_moves_after_two_people_and_a_day(counter, clock):
    move = counter.ask()
    assert counter.told() == ["number-move-asked"]
    counter.confirm(move)
    clock.advance(hours=24, microseconds=-1)
    assert counter.sweep() == 0
    assert (counter.number(), counter.signed_in(), counter.codes()) == (OLD, 1, 1)
    clock.advance(microseconds=1)
    assert counter.sweep() == 1
    assert (counter.number(), counter.signed_in(), counter.codes()) == (NEW, 0, 0)
    assert counter.told() == ["number-move-asked", "number-moved"]
    assert counter.kept() == ["number-move.asked", "number-move.confirmed", "number-move.done"]
    with transaction():
        found = session.query(NumberMove).one()
        assert (found.state, found.new_phone) == ("moved", None)
    assert counter.sweep() == 0


def test_the_account_with_its_points_is_the_one_that_signs_in_with_the_new_number(counter, clock):
    counter.confirm(counter.ask())
    clock.advance(days=1)
    counter.sweep()
    code = counter.code(NEW)
    with transaction():
        someone = signing_in.sign_in_with_code(phone=NEW, code=code, consent=False, at=clock())
        assert someone.id == counter.rider.id


def test_unconfirmed_it_never_moves_and_is_dropped_after_a_week(counter, clock):
    counter.ask()
    clock.advance(days=7, microseconds=-1)
    assert counter.sweep() == 0
    clock.advance(microseconds=1)
    assert counter.sweep() == 1
    assert counter.number() == OLD
    assert counter.told()[-1] == "number-move-refused"


def test_after_a_week_it_is_not_confirmed_though_nobody_has_swept(counter, clock):
    move = counter.ask()
    clock.advance(days=7)
    with pytest.raises(MoveEnded):
        counter.confirm(move)
    clock.advance(microseconds=-1)
    assert counter.confirm(move).state == "confirmed"


def test_whoever_asked_does_not_confirm(counter):
    move = counter.ask(by=counter.boss)
    with pytest.raises(SecondPersonNeeded):
        counter.confirm(move, by=counter.boss)
    with pytest.raises(Forbidden):
        counter.confirm(move, by=counter.manager)


def test_the_database_holds_that_it_takes_two(counter):
    move = counter.ask()
    with pytest.raises(IntegrityError, match="two_people"), transaction():
        found = session.get_one(NumberMove, move.id)
        found.state, found.confirmed_by, found.confirmed_at = "confirmed", found.asked_by, counter.clock()
        session.flush()


def test_the_rider_stops_it_in_time(counter, clock):
    counter.confirm(counter.ask())
    in_transaction(lambda: moving.object_to_move(by=counter.rider, at=clock()))
    clock.advance(days=2)
    assert counter.sweep() == 0
    assert (counter.number(), counter.signed_in()) == (OLD, 1)
    with pytest.raises(MoveUnknown):
        in_transaction(lambda: moving.object_to_move(by=counter.rider, at=clock()))


def test_what_was_refused_is_not_confirmed_later(counter, clock):
    move = counter.ask()
    in_transaction(lambda: moving.refuse_move(move_id=move.id, by=counter.boss, at=clock()))
    with pytest.raises(MoveEnded):
        counter.confirm(move)


def test_a_refusal_is_kept_as_a_refusal(counter, clock):
    move = counter.confirm(counter.ask())
    in_transaction(lambda: moving.refuse_move(move_id=move.id, by=counter.boss, at=clock()))
    assert counter.kept() == ["number-move.asked", "number-move.confirmed", "number-move.refused"]


def test_the_new_phone_must_be_in_the_riders_hand(counter, clock):
    code = counter.code()
    wrong = "000000" if code != "000000" else "111111"
    with pytest.raises(CodeWrong):
        counter.ask(code=wrong)
    with pytest.raises(CodeExpired):
        counter.ask(new="+8613900139222", code=code)  # sent to another phone
    clock.advance(minutes=6)
    with pytest.raises(CodeExpired):
        counter.ask(code=code)


def test_nobody_gets_a_number_that_somebody_has(counter, clock):
    with transaction():
        make.rider("李师傅", phone=NEW)
    with pytest.raises(NumberTaken):
        counter.ask()


def test_a_number_taken_in_the_meantime_stays_where_it_is(counter, clock):
    counter.confirm(counter.ask())
    with transaction():
        make.rider("李师傅", phone=NEW)
    clock.advance(days=1)
    assert counter.sweep() == 1
    assert (counter.number(), counter.signed_in()) == (OLD, 1)


def test_one_request_is_open_for_an_account_and_for_a_number(counter):
    counter.ask()
    for again in (NEW, "+8613900139222"):  # one's own request is no other account
        with pytest.raises(MoveOpen):
            counter.ask(new=again)
    with transaction():
        make.rider("李师傅", phone="+8613800138999")
    with pytest.raises(NumberTaken):
        counter.ask(old="+8613800138999")


def test_an_account_is_not_passed_around(counter, clock):
    counter.confirm(counter.ask())
    clock.advance(days=1)
    counter.sweep()
    clock.advance(days=30, microseconds=-1)
    with pytest.raises(MovedLately):
        counter.ask(old=NEW, new=OLD)
    clock.advance(microseconds=1)
    assert counter.ask(old=NEW, new=OLD).state == "asked"


def test_what_was_refused_moved_nothing_and_may_be_asked_again(counter, clock):
    move = counter.ask()
    in_transaction(lambda: moving.refuse_move(move_id=move.id, by=counter.boss, at=clock()))
    assert counter.ask().state == "asked"


def test_an_account_with_a_role_is_not_helped_at_a_counter(counter):
    with transaction():
        appointing.appoint(
            person_id=counter.rider.id,
            role="auditor",
            region_code=make.CITY,
            station_id=None,
            by=SYSTEM,
            at=counter.clock(),
        )
    with pytest.raises(StaffAccount):
        end_phone(counter)
    with pytest.raises(StaffAccount):
        counter.ask()


@pytest.mark.once
def test_a_grid_member_is_a_rider_and_helped_like_one(counter, clock):
    with transaction():
        held = {"role": "grid-member", "region_code": make.COMMUNITY, "station_id": None}
        appointing.appoint(person_id=counter.rider.id, **held, by=SYSTEM, at=clock())
    end_phone(counter)
    counter.confirm(counter.ask())
    clock.advance(days=1)
    assert (counter.sweep(), counter.number(), counter.signed_in()) == (1, NEW, 0)


@pytest.mark.once
def test_each_time_they_are_signed_out_they_are_told_and_the_log_says_by_whom_and_why(counter, clock):
    for by in (counter.manager, counter.boss):
        end_phone(counter, by=by)
        clock.advance(hours=1)
    counter.ask()
    assert counter.told() == ["phone-ended", "phone-ended", "number-move-asked"]
    with transaction(write=False):
        kept = session.query(AuditRecord).order_by(AuditRecord.id)
        traces = [(each.actor_id, each.facts["reason"]) for each in kept if "reason" in each.facts]
    assert traces == [
        (counter.manager.id, "常来的骑手"),
        (counter.boss.id, "常来的骑手"),
        (counter.manager.id, "核对了身份证"),
    ]


@pytest.mark.parametrize("phone", ["+8613800138999", "+8613900139111"])
def test_a_number_nobody_has_says_so(counter, phone):
    with pytest.raises(PersonNotFound):
        end_phone(counter, phone=phone)


def test_another_stations_manager_and_the_rider_cannot_help(counter):
    with transaction():
        other = make.station("远站", position=make.STATION_POSITION)
        stranger = make.actor(make.staff("station-manager", station_id=other.id))
    for by in (stranger, counter.rider):
        with pytest.raises(Forbidden):
            end_phone(counter, by=by)
        with pytest.raises(Forbidden):
            counter.ask(by=by)


def test_closing_the_account_forgets_the_new_number_too(counter, clock):
    counter.ask()
    in_transaction(lambda: profile.close_account(by=counter.rider, at=clock() + timedelta(hours=1)))
    with transaction():
        found = session.query(NumberMove).one()
        assert (found.state, found.new_phone) == ("refused", None)


def test_of_two_who_end_a_change_at_once_the_second_is_told_that_it_has_ended(counter):
    move = counter.ask()
    at = counter.clock()
    both = crossed(
        lambda: moving.refuse_move(move_id=move.id, by=counter.boss, at=at).state,
        lambda: moving.confirm_move(move_id=move.id, by=counter.boss, at=at).state,
    )
    assert (both.first, both.then) == ("refused", "move-ended")


def test_whoever_sweeps_leaves_a_change_that_is_being_refused(counter):
    move = counter.ask()
    counter.confirm(move)
    at = counter.clock.advance(seconds=DAY.total_seconds())
    both = crossed(
        lambda: moving.refuse_move(move_id=move.id, by=counter.boss, at=at).state,
        lambda: moving.move_due(at=at),
    )
    assert (both.then, both.waited) == (0, False)
    assert counter.number() == OLD


@pytest.mark.parametrize("due", [True, False], ids=["due", "refused"])
def test_whoever_leaves_meets_nobody_who_holds_their_change_and_waits_for_them(counter, due):
    move = counter.ask()
    counter.confirm(move)
    at = counter.clock.advance(seconds=DAY.total_seconds())
    refuses = lambda: moving.refuse_move(move_id=move.id, by=counter.boss, at=at).state  # noqa: E731 -- beside the job
    both = crossed(
        lambda: queries.self_to_change(counter.rider).id,
        (lambda: moving.move_due(at=at)) if due else refuses,
        going_on=lambda: profile.close_account(by=counter.rider, at=at),
    )
    assert (both.then, both.tries) == (0 if due else "move-ended", 1)
    assert both.waited is (dialect_name() == "postgresql" and not due)


def test_the_database_lets_one_open_change_reach_for_a_number(counter):
    move = counter.ask()
    with transaction():
        other = make.rider("李师傅", phone="+8613700137000")

    def asks():
        session.add(
            NumberMove(
                person_id=other.id, station_id=counter.station.id, new_phone=NEW, reason="换号", state="asked",
                asked_by=counter.manager.id, asked_at=counter.clock(),
            )
        )  # fmt: skip
        session.flush()

    with pytest.raises(IntegrityError, match=r"one_target|number_moves\.new_phone"), transaction():
        asks()
    with transaction():
        moving.refuse_move(move_id=move.id, by=counter.boss, at=counter.clock())
        asks()
