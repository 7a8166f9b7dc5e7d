"""Two at the same moment about one person: whoever waited reads what the other did, and nothing is written twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.audit.models import AuditRecord
from app.identity import (
    appointing,
    consent,
    moving,
    passing,
    profile,
    proposing,
    queries,
    returning,
    second_factor,
    sessions,
    signing_in,
)
from app.identity.actors import SYSTEM
from app.identity.models import Person
from app.kernel.db import dialect_name, session, transaction
from tests import make
from tests.crossing import crossed
from tests.identity.test_moving import NEW, OLD
from tests.identity.test_moving import Counter as Moving
from tests.identity.test_returning import Counter as Returning
from tests.identity.test_second_factor import code_at


@pytest.fixture
def admins(app):
    with transaction():
        make.regions()
        return [make.actor(make.staff("admin", region_code=make.CITY, name=name)) for name in ("甲", "乙")]


@pytest.fixture
def colleague(admins) -> Person:
    """With a name, a password and no second step."""
    with transaction():
        someone = appointing.add_staff(
            username="li", password="three rainy days", name="李同事", by=admins[0], at=make.clock.now()
        )
        held = {"role": "department", "region_code": make.CITY, "station_id": None}
        appointing.appoint(person_id=someone.id, **held, by=admins[0], at=make.clock.now())
        return someone


def closes(by, clock):
    return lambda: profile.close_account(by=by, at=clock.at)


# --- an account that is being closed ---------------------------------------------------------------------------------


def test_what_is_being_forgotten_is_not_written_back(app, clock):
    with transaction():
        rider = make.actor(make.rider("王师傅"))
    named = {"changes": {"nickname": "老王"}, "by": rider, "at": clock.at}
    both = crossed(closes(rider, clock), lambda: profile.change_profile(**named).nickname)
    assert both.then == "session-ended"


def test_whoever_is_leaving_agrees_to_nothing_more(app, clock):
    with transaction():
        rider = make.actor(make.rider("王师傅"))
    says = {"purpose": "publication", "given": True, "by": rider, "at": clock.at}
    both = crossed(closes(rider, clock), lambda: consent.answer_consent(**says).given)
    assert both.then == "session-ended"


def test_no_number_is_asked_for_where_the_account_is_being_closed(app, clock):
    counter = Moving(clock)
    code = counter.code()
    asked = {"old_phone": OLD, "new_phone": NEW, "code": code, "reason": "核对了身份证"}
    asked |= {"station_id": counter.station.id, "by": counter.manager, "at": clock.at}
    both = crossed(closes(counter.rider, clock), lambda: moving.ask_move(**asked).state)
    assert both.then == "person-not-found"


def test_nobody_is_let_in_anew_whose_account_is_being_closed(app, clock):
    counter = Returning(clock)
    asked = {"nickname": "老陈", "joined_on": None, "station_id": counter.station.id, "reason": "常来的"}
    both = crossed(
        closes(counter.rider, clock), lambda: returning.ask(**asked, by=counter.manager, at=clock.at).state
    )
    assert both.then == "person-not-found"


# --- staff -----------------------------------------------------------------------------------------------------------


def test_of_two_who_take_one_role_back_only_one_is_written_down(admins, colleague, clock):
    with transaction():
        (held,) = queries.grants_of(colleague.id)
    first, second = admins
    crossed(
        *(
            lambda by=by: appointing.take_back(grant_id=held.id, by=by, at=clock.at) and None
            for by in (first, second)
        )
    )
    with transaction(write=False):
        kept = session.query(AuditRecord).filter_by(action="role.taken-back")
        assert [each.actor_id for each in kept] == [first.id]


def test_a_proposal_that_is_being_declined_is_not_agreed_to(admins, colleague, clock):
    first, second = admins
    with transaction():
        made = proposing.propose(
            person_id=colleague.id, role="auditor", region_code=make.CITY, station_id=None, by=first, at=clock.at
        )  # fmt: skip
    both = crossed(
        lambda: proposing.decline(appointment_id=made.id, by=first, at=clock.at).state,
        lambda: proposing.agree(appointment_id=made.id, by=second, at=clock.at).state,
    )
    assert (both.first, both.then) == ("declined", "proposal-decided")


def test_one_administrator_does_not_give_both_steps_back_by_doing_so_at_once(admins, colleague, clock):
    which = {"person_id": colleague.id, "by": admins[0], "at": clock.at}
    for verbs in ((passing.give, second_factor.reset), (second_factor.reset, passing.give)):
        both = crossed(*(lambda verb=verb: verb(**which) and None for verb in verbs))
        assert both.then == "another-admin-needed"
        with transaction():
            second_factor.forget(colleague.id)


def test_a_second_step_is_confirmed_once(app, admins, colleague, clock):
    with transaction():
        family = sessions.open_session(person=colleague, device="desk", at=clock.at).family_id
        by = replace(make.actor(colleague), family_id=family)
        second_factor.begin(by=by, at=clock.at)
    code = code_at(colleague, clock.at)
    confirm = lambda: len(second_factor.confirm(code=code, by=by, at=clock.at))  # noqa: E731
    both = crossed(confirm, confirm)
    assert (both.first, both.then) == (10, "second-factor-known")


@pytest.mark.parametrize("where", ["region", "station"])
def test_of_two_who_propose_one_role_in_one_place_the_second_is_told_so(admins, colleague, clock, where):
    with transaction():
        station_id = make.station().id
    role = {"role": "auditor", "region_code": make.CITY, "station_id": None}
    if where == "station":
        role = {"role": "station-manager", "region_code": None, "station_id": station_id}
    proposes = [
        lambda by=by: proposing.propose(person_id=colleague.id, **role, by=by, at=clock.at).state
        for by in admins
    ]
    both = crossed(*proposes)
    assert (both.first, both.then) == ("waiting", "already-proposed")


def test_an_account_that_is_given_a_role_is_not_moved(app, clock):
    counter = Moving(clock)
    counter.confirm(counter.ask())
    clock.at += moving.OBJECTION
    held = {"role": "auditor", "region_code": make.CITY, "station_id": None}
    both = crossed(
        lambda: appointing.appoint(person_id=counter.rider.id, **held, by=SYSTEM, at=clock.at).role,
        lambda: moving.move_due(at=clock.at),
    )
    left = dialect_name() == "postgresql"  # for the next time: no sweep waits
    assert (both.then, counter.number()) == (0 if left else 1, OLD)
    with transaction():
        assert moving.move_due(at=clock.at) == (1 if left else 0)
    assert counter.number() == OLD


# --- somebody comes back ---------------------------------------------------------------------------------------------


def test_of_two_who_answer_what_a_station_asked_the_second_is_told_that_it_has_ended(app, clock):
    counter = Returning(clock)
    which = {"return_id": counter.ask().id, "by": counter.boss, "at": clock.at}
    both = crossed(lambda: returning.refuse(**which).state, lambda: returning.confirm(**which).state)
    assert (both.first, both.then) == ("refused", "return-ended")


@pytest.mark.parametrize("leaves", [True, False], ids=["leaves", "another-invitation"])
def test_who_comes_back_meets_nobody_who_holds_what_they_wait_for(app, clock, leaves):
    counter = Returning(clock)
    asked = counter.ready()
    used = counter.invite(asked) | {"nickname": None, "consent": False, "at": clock.at}
    goes = lambda: profile.close_account(by=counter.rider, at=clock.at) and None  # noqa: E731 -- beside the other
    another = lambda: returning.invite(return_id=asked.id, by=counter.manager, at=clock.at) and None  # noqa: E731
    both = crossed(
        lambda: queries.hold_person(counter.rider.id),
        lambda: signing_in.sign_in_with_invite(**used).id.hex,
        going_on=goes if leaves else another,
    )
    assert (both.then, both.tries) == ("invite-not-found", 1)


# --- whoever signs in while it is taken away -------------------------------------------------------------------------


def signs_in_as_li(clock):
    def sign_in() -> str:
        someone = signing_in.sign_in_with_password(username="li", password="three rainy days", at=clock.at)
        return sessions.open_session(person=someone, device="desk", at=clock.at).family_id.hex

    return sign_in


def test_an_old_password_opens_nothing_while_it_is_replaced(admins, colleague, clock):
    give = {"person_id": colleague.id, "by": admins[0], "at": clock.at}
    both = crossed(lambda: passing.give(**give) and None, signs_in_as_li(clock))
    assert both.then == "password-wrong"


def test_what_an_old_password_is_opening_ends_when_it_is_replaced(admins, colleague, clock):
    give = {"person_id": colleague.id, "by": admins[0], "at": clock.at}
    crossed(signs_in_as_li(clock), lambda: passing.give(**give) and None)
    with transaction(write=False):
        assert sessions.open_sessions(colleague.id, at=clock.at) == []


def test_a_first_step_leads_nowhere_while_the_password_is_replaced(admins, colleague, clock):
    with transaction(write=False):
        proof = signing_in.first_step_taken(queries.person(colleague.id), clock.at)
    give = {"person_id": colleague.id, "by": admins[0], "at": clock.at}
    both = crossed(
        lambda: passing.give(**give) and None, lambda: signing_in.after_first_step(proof, clock.at).username
    )
    assert both.then == "password-wrong"


def test_the_old_number_opens_nothing_while_the_account_is_moved(app, clock):
    counter = Moving(clock)
    counter.confirm(counter.ask())
    clock.at += moving.OBJECTION
    code = counter.code(OLD)
    entered = {"phone": OLD, "code": code, "consent": False, "at": clock.at}
    both = crossed(
        lambda: moving.move_due(at=clock.at), lambda: signing_in.sign_in_with_code(**entered).nickname
    )
    assert (both.first, both.then) == (1, "consent-needed")
