"""An activity that was made up: what counted is taken back, what waits is settled, and nothing later counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.identity.actors import Actor
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden, Problem
from app.ledger.verify import verify
from app.notices import queries as inbox
from app.notices.telling import text_of
from app.rules import unwinding
from app.rules.models import Award, RecordedFact
from app.rules.replay import replay
from app.volunteering import confirming, organising
from app.volunteering.attendance import LATE_SIGN_OUT, close_forgotten, scan_shift
from app.volunteering.guards import FOR_GOOD, MADE_UP
from app.volunteering.heads import confirm_counted
from app.volunteering.models import Activity, Attendance, Hours, Shift, SignUp
from app.volunteering.signing_up import sign_up
from tests import make as people
from tests.crossing import crossed
from tests.rules import make
from tests.rules.make import rule
from tests.volunteering import make as volunteering

pytestmark = pytest.mark.once
REASON = "照片和名单都是编的"


@dataclass
class Town:
    """An activity with a shift that is over, one that runs and one ahead, and who had to do with each."""

    rules: make.Scene
    organiser: Actor
    asker: Actor
    decider: Actor
    activity: Activity
    over: Shift
    runs: Shift
    ahead: Shift
    riders: dict[str, Actor]

    def rider(self, name: str) -> Actor:
        return self.riders[name]


@pytest.fixture
def town(app, clock):
    rules = make.scene([rule("R-02", "hours", 40)])
    with transaction():
        organiser = people.actor(people.staff("organiser", region_code=people.XUANWU, name="赵组织"))
        asker, decider = (
            people.actor(people.staff("department", region_code=people.CITY, name=name))
            for name in ("周部门", "吴部门")
        )
        about = volunteering.activity(organiser)
        shifts = [
            volunteering.shift(about, organiser, starts_in=hours * 60, minutes=120) for hours in (1, 4, 30)
        ]
        riders = {name: volunteering.a_rider(name) for name in "甲乙丙丁戊己"}
    yield Town(rules, organiser, asker, decider, about, *shifts, riders)
    with transaction(write=False):
        assert list(verify()) == []
        assert replay().agrees


def asked(town):
    with transaction():
        return unwinding.ask_to_unwind(
            fact_kind=unwinding.ACTIVITY,
            fact_id=town.activity.id,
            reason=REASON,
            by=town.asker,
            at=clock_module.now(),
        ).id


def decides(town, asked_id, by=None):
    return lambda: (
        unwinding.decide_unwinding(
            unwinding_id=asked_id, approved=True, by=by or town.decider, at=clock_module.now()
        ).outcome
    )


def found_made_up(town):
    decide = decides(town, asked(town))
    with transaction():
        return decide()


def attended(town, name, shift):
    return volunteering.attend(shift, town.rider(name))


def hours_of(rider):
    with transaction(write=False):
        return list(
            session.scalars(select(Hours).where(Hours.person_id == rider.person_id).order_by(Hours.id))
        )


def told(rider, locale="zh"):
    with transaction(write=False):
        return {each.slug: text_of(each, locale) for each in inbox.inbox(rider.person_id).items}


def confirms(town, of, by=None):
    return lambda: (
        confirming.confirm_attendance(
            attendance_id=of.id, by=by or town.organiser, at=clock_module.now()
        ).state
    )


def enters(town, name, shift):
    """Hours of a rider are entered afterwards, for the span of a shift."""
    return lambda: confirming.back_fill(
        activity_id=town.activity.id,
        person_id=town.rider(name).person_id,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        reason="名单漏了",
        by=town.organiser,
        at=clock_module.now(),
    )


def entered(town, name, shift):
    with transaction():
        return enters(town, name, shift)().id


def slug_of(call):
    try:
        with transaction():
            call()
    except Problem as problem:
        return problem.slug
    return "done"


def test_what_waits_is_settled_and_each_rider_reads_why(town, clock):
    counted, waits, late = (town.rider(name) for name in ("甲", "乙", "丙"))
    of_first = attended(town, "甲", town.over)
    attended(town, "乙", town.over)
    clock.at = town.over.ends_at
    with transaction():
        confirms(town, of_first)()
    entered(town, "丙", town.over)
    outcome = found_made_up(town)
    assert (outcome["facts"], outcome["minutes"], outcome["waiting"], outcome["points"]) == (1, 120, 2, 40)
    for rider in (counted, waits, late):
        assert [(each.state, each.rejected_because) for each in hours_of(rider)] == [("rejected", REASON)]
    assert "fact-unwound" in told(counted)
    for rider in (waits, late):
        assert REASON in told(rider)["hours-rejected"]
        assert told(rider, "en")["hours-rejected"].endswith(f"Reason: {REASON}")


def test_whoever_is_inside_is_out_and_whoever_had_a_place_has_none_and_both_read_why(town, clock):
    inside, later, over = town.rider("甲"), town.rider("乙"), town.rider("丙")
    with transaction():
        sign_up(shift_id=town.ahead.id, by=later, at=clock.at)
    volunteering.scan(town.over, over, town.over.starts_at)
    volunteering.scan(town.over, over, town.over.ends_at)
    came = volunteering.scan(town.runs, inside, town.runs.starts_at)
    clock.at = town.runs.starts_at + timedelta(minutes=30)
    found_made_up(town)
    for rider in (inside, later):
        assert told(rider)["activity-void"] == (
            f"“路口文明劝导”查实并没有做，不记时长和积分，名额已退，不用去了。有疑问请找驿站。原因：{REASON}"
        )
        assert told(rider, "en")["activity-void"].endswith(f"Reason: {REASON}")
    assert "activity-void" not in told(over)
    with transaction(write=False):
        kept = session.get_one(Attendance, came.id)
        assert (kept.signed_out_at, kept.out_how) == (clock.at, "closed")
        assert [session.get_one(Shift, each.id).taken for each in (town.over, town.runs, town.ahead)] == [
            1,
            0,
            0,
        ]
        states = session.scalars(select(SignUp.state).where(SignUp.shift_id == town.ahead.id)).all()
    assert states == ["cancelled"]
    assert hours_of(inside) == []
    assert slug_of(lambda: scan_shift(shift_id=town.runs.id, by=inside, at=clock.at)) == "activity-found-void"


LATER = {
    "witnessed": lambda town, clock, _kept: confirming.witness(
        shift_id=town.over.id,
        person_id=town.rider("丁").person_id,
        reason="在场",
        by=town.organiser,
        at=clock.at,
    ),
    "entered": lambda town, _clock, _kept: enters(town, "丁", town.over)(),
    "approved": lambda town, clock, kept: confirming.approve(
        hours_id=kept["entered"], by=town.asker, at=clock.at
    ),
    "confirmed": lambda town, clock, kept: confirming.confirm_hours(
        hours_id=kept["pending"], by=town.organiser, at=clock.at
    ),
    "confirmed by its attendance": lambda town, _clock, kept: confirms(town, kept["attended"])(),
    "a sign-out set right": lambda town, clock, kept: confirming.confirm_attendance(
        attendance_id=kept["forgotten"].id,
        signed_out_at=town.over.starts_at + timedelta(minutes=50),
        by=town.organiser,
        at=clock.at,
    ),
    "rejected": lambda town, clock, kept: confirming.reject(
        hours_id=kept["pending"], reason="没到", by=town.organiser, at=clock.at
    ),
    "confirmed together": lambda town, clock, _kept: confirm_counted(
        shift_id=town.over.id, by=town.organiser, at=clock.at
    ),
    "published": lambda town, clock, _kept: organising.publish_activity(
        activity_id=town.activity.id, by=town.organiser, at=clock.at
    ),
    "called off": lambda town, clock, _kept: organising.cancel_activity(
        activity_id=town.activity.id, by=town.organiser, at=clock.at
    ),
    "one more shift": lambda town, _clock, _kept: volunteering.shift(town.activity, town.organiser),
}


def _gone_through(town: Town, clock: Any) -> dict[str, Any]:
    """One confirmed, one pending, one forgotten and one entered; then the activity is found made up."""
    forgotten = volunteering.scan(town.over, town.rider("戊"), town.over.starts_at)
    of_first = attended(town, "甲", town.over)
    attended(town, "乙", town.over)
    clock.at = town.over.ends_at + LATE_SIGN_OUT
    with transaction():
        assert close_forgotten(at=clock.at) == 1
        confirms(town, of_first)()
    late = entered(town, "丙", town.over)
    pending = hours_of(town.rider("乙"))[0].id
    found_made_up(town)
    return {"attended": of_first, "forgotten": forgotten, "entered": late, "pending": pending}


@pytest.mark.parametrize("later", LATER)
def test_nothing_that_comes_later_counts_and_staff_read_why(town, clock, later):
    kept = _gone_through(town, clock)
    with pytest.raises(Problem) as refused, transaction():
        LATER[later](town, clock, kept)
    assert (refused.value.slug, refused.value.facts["reason"]) == ("activity-found-void", REASON)
    with transaction(write=False):
        assert session.scalar(select(func.count()).select_from(Hours).where(Hours.state != "rejected")) == 0
        assert session.scalars(select(Award.state)).all() == ["void"]
        assert session.scalar(select(func.count()).select_from(RecordedFact)) == 1


def test_nobody_signs_up_or_in_and_a_stranger_is_told_no_reason(town, clock):
    _gone_through(town, clock)
    stranger = town.rider("己")
    for call in (sign_up, scan_shift):
        assert (
            slug_of(lambda call=call: call(shift_id=town.runs.id, by=stranger, at=clock.at))
            == "activity-closed"
        )


def test_a_sign_out_that_was_left_open_before_this_was_settled_makes_no_hours(town, clock):
    came, rider = volunteering.scan(town.over, town.rider("甲"), town.over.starts_at), town.rider("甲")
    clock.at = town.over.ends_at
    found_made_up(town)
    with transaction():  # as an older version of the programme left it
        attendance = session.get_one(Attendance, came.id)
        attendance.signed_out_at = attendance.out_how = None
    clock.at = town.over.ends_at + LATE_SIGN_OUT
    with transaction():
        assert close_forgotten(at=clock.at) == 1
    assert hours_of(rider) == []


def test_whoever_has_hours_waiting_there_has_no_hand_in_it(town, clock):
    with transaction():
        own = people.staff("department", region_code=people.CITY, name="郑部门")
        own.enrolled_at = clock.at
        own_rider = people.actor(own)
    asked_id = asked(town)
    volunteering.attend(town.over, own_rider)
    clock.at = town.over.ends_at
    with pytest.raises(Forbidden), transaction():
        decides(town, asked_id, by=own_rider)()


def test_the_database_lets_no_hours_wait_or_count_in_what_was_made_up(town, clock):
    attended(town, "甲", town.over)
    clock.at = town.over.ends_at
    found_made_up(town)
    (hours,) = hours_of(town.rider("甲"))
    with pytest.raises(IntegrityError, match=MADE_UP), transaction():
        session.get_one(Hours, hours.id).state = "pending"
    with pytest.raises(IntegrityError, match=MADE_UP), transaction():
        values = {
            "starts_at": clock.at - timedelta(days=2),
            "ends_at": clock.at - timedelta(days=1, hours=23),
        }
        session.add(
            Hours(
                person_id=hours.person_id,
                activity_id=town.activity.id,
                minutes=60,
                basis="proven",
                state="pending",
                created_at=clock.at,
                **values,
            )
        )


def test_in_the_database_what_was_made_up_stays_it_and_is_settled_before(town, clock):
    attended(town, "甲", town.over)
    clock.at = town.over.ends_at
    with pytest.raises(IntegrityError, match=FOR_GOOD), transaction():
        session.get_one(Activity, town.activity.id).find_void(REASON)
    found_made_up(town)
    with pytest.raises(IntegrityError, match=FOR_GOOD), transaction():
        activity = session.get_one(Activity, town.activity.id)
        activity.state, activity.void_because = "open", None


# --- two at once -----------------------------------------------------------------------------------------------------


def test_hours_that_are_confirmed_at_that_moment_are_taken_back_with_the_others(town, clock):
    of_rider = attended(town, "甲", town.over)
    clock.at = town.over.ends_at
    both = crossed(confirms(town, of_rider), decides(town, asked(town)))
    assert (both.first, both.then["facts"], both.then["points"]) == ("confirmed", 1, 40)
    assert [each.state for each in hours_of(town.rider("甲"))] == ["rejected"]


def test_hours_entered_at_that_moment_are_settled_with_the_others(town, clock):
    clock.at = town.over.ends_at
    both = crossed(enters(town, "甲", town.over), decides(town, asked(town)))
    assert both.then["waiting"] == 1
    assert [each.state for each in hours_of(town.rider("甲"))] == ["rejected"]


def test_what_is_being_found_made_up_confirms_no_hours(town, clock):
    of_rider = attended(town, "甲", town.over)
    clock.at = town.over.ends_at
    both = crossed(decides(town, asked(town)), confirms(town, of_rider))
    assert both.then == "activity-found-void"
    assert [each.state for each in hours_of(town.rider("甲"))] == ["rejected"]


def test_whoever_signs_out_at_that_moment_reads_why_it_gives_no_hours(town, clock):
    rider = town.rider("甲")
    volunteering.scan(town.over, rider, town.over.starts_at)
    clock.at = town.over.ends_at
    both = crossed(
        decides(town, asked(town)),
        lambda: scan_shift(shift_id=town.over.id, by=rider, at=clock.at).out_how,
    )
    assert both.then == "activity-found-void"
    assert hours_of(rider) == []
