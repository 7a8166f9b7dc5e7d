"""Appointments by two: proposed by one administrator, in force when another agrees; a lone one's word stands."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditRecord
from app.identity import appointing, proposing, queries
from app.identity.actors import SYSTEM
from app.identity.errors import AlreadyProposed, ProposalDecided, SecondAdminNeeded
from app.identity.models import Appointment, Person
from app.identity.profile import close_account
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from tests import make


@pytest.fixture
def admins(app):
    with transaction():
        make.regions()
        return make.staff("admin", region_code=make.XUANWU), make.staff("admin", region_code=make.XUANWU)


def propose(person: Person, by: Person, clock, role="dispatcher", region_code=make.MEIYUAN) -> Appointment:
    return proposing.propose(
        person_id=person.id,
        role=role,
        region_code=region_code,
        station_id=None,
        by=make.actor(by),
        at=clock.at,
    )


def roles_of(person_id: UUID) -> list[str]:
    return [each.role for each in queries.grants_of(person_id)]


def test_a_lone_administrator_appoints_at_once(app, clock):
    with transaction():
        make.regions()
        lone, elsewhere = (
            make.staff("admin", region_code=make.XUANWU),
            make.staff("admin", region_code=make.QINHUAI),
        )
        someone = make.rider()
        made = propose(someone, lone, clock)
        assert (made.state, made.needs_second, made.decided_by) == ("given", False, None)
        assert roles_of(someone.id) == ["dispatcher"]
        assert elsewhere.id != made.asked_by


def test_where_there_are_two_the_second_must_agree(admins, clock):
    first, second = admins
    with transaction():
        someone = make.rider()
        made = propose(someone, first, clock)
        assert (made.state, roles_of(someone.id)) == ("waiting", [])
        with pytest.raises(SecondAdminNeeded):
            proposing.agree(appointment_id=made.id, by=make.actor(first), at=clock.at)
        proposing.agree(appointment_id=made.id, by=make.actor(second), at=clock.at)
        assert (made.state, made.decided_by, roles_of(someone.id)) == ("given", second.id, ["dispatcher"])
        with pytest.raises(ProposalDecided):
            proposing.agree(appointment_id=made.id, by=make.actor(second), at=clock.at)
        assert [each.facts["role"] for each in session.query(AuditRecord).filter_by(action="role.given")]


def test_the_appointed_is_no_second_administrator(admins, clock):
    first, second = admins
    with transaction():
        third = make.staff("admin", region_code=make.XUANWU)
        made = propose(second, first, clock, role="auditor")
        with pytest.raises(SecondAdminNeeded):
            proposing.agree(appointment_id=made.id, by=make.actor(second), at=clock.at)
        proposing.agree(appointment_id=made.id, by=make.actor(third), at=clock.at)


def test_whoever_was_an_administrator_is_waited_for_no_longer(admins, clock):
    first, second = admins
    with transaction():
        (held,) = queries.grants_of(second.id)
        appointing.take_back(grant_id=held.id, by=SYSTEM, at=clock.at)
        made = propose(make.rider(), first, clock)
        assert (made.state, made.needs_second) == ("given", False)


def test_whoever_closed_the_account_is_waited_for_no_longer(admins, clock):
    first, second = admins
    with transaction():
        close_account(by=make.actor(second), at=clock.at)
        assert propose(make.rider(), first, clock).state == "given"


def test_the_appointed_is_not_waited_for_where_there_is_no_third(admins, clock):
    first, second = admins
    with transaction():
        made = propose(second, first, clock, role="auditor")
        assert (made.state, made.needs_second) == ("given", False)


def test_an_administrator_of_elsewhere_neither_sees_nor_agrees(admins, clock):
    first, _ = admins
    with transaction():
        elsewhere = make.staff("admin", region_code=make.QINHUAI)
        made = propose(make.rider(), first, clock)
        assert proposing.waiting(by=make.actor(elsewhere)) == []
        for verb in (proposing.agree, proposing.decline):
            with pytest.raises(Forbidden):
                verb(appointment_id=made.id, by=make.actor(elsewhere), at=clock.at)


def test_a_proposal_is_made_once_and_may_be_taken_back(admins, clock):
    first, _ = admins
    with transaction():
        someone = make.rider()
        made = propose(someone, first, clock)
        with pytest.raises(AlreadyProposed):
            propose(someone, first, clock)
        proposing.decline(appointment_id=made.id, by=make.actor(first), at=clock.at)
        assert (made.state, roles_of(someone.id)) == ("declined", [])
        assert propose(someone, first, clock).state == "waiting"


@pytest.mark.parametrize("who", ["nobody", "the one who asked", "the one appointed"])
def test_the_database_itself_asks_for_a_second_administrator(admins, clock, who):
    first, second = admins
    with transaction():
        someone = make.rider()
        made = propose(someone, first, clock)
        proposing.agree(appointment_id=made.id, by=make.actor(second), at=clock.at)
        forger = {"nobody": None, "the one who asked": first.id, "the one appointed": someone.id}[who]
        with pytest.raises(IntegrityError, match="second_admin"), session.begin_nested():
            session.execute(update(Appointment).values(decided_by=forger))


def test_by_the_api_and_the_page(app, admins, clock):
    first, second = admins
    with transaction():
        someone = make.staff("reviewer", region_code=make.XUANWU)
    body = {"person_id": str(someone.id), "role": "auditor", "region_code": make.XUANWU}
    made = make.signed_in(app, first).post("/api/v1/appointments", json=body, headers=make.once())
    assert (made.status_code, made.json["state"]) == (201, "waiting")
    other = make.signed_in(app, second)
    assert [each["id"] for each in other.get("/api/v1/appointments").json] == [made.json["id"]]
    assert "待第二位管理员同意" in other.get(f"/desk/people/{someone.id}").text
    agreed = other.post(f"/api/v1/appointments/{made.json['id']}/agree")
    assert (agreed.status_code, agreed.json["state"]) == (200, "given")
    assert other.get("/api/v1/appointments").json == []
