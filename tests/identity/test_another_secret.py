"""The second step after a change of the installation's secret, and where no administrator can help another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.audit.models import AuditRecord
from app.identity import second_factor
from app.identity.actors import SYSTEM
from app.identity.models import SecondFactor
from app.kernel import settings
from app.kernel.db import session, transaction
from tests import make
from tests.identity.test_second_factor import enter, named, set_up


@pytest.fixture
def boss(app):
    with transaction():
        make.regions()
        return named("boss", make.staff("department", region_code=make.CITY))


@pytest.fixture
def another_secret(app):
    """What the operator does when the installation's secret may have leaked."""
    before = settings.current()

    def change() -> None:
        settings.use(replace(before, secret_key="another secret, thirty-two characters or more"))

    yield change
    settings.use(before)


def test_after_a_change_of_the_secret_signing_in_says_what_to_do(app, client, boss, clock, another_secret):
    papers = set_up(app, boss, clock)
    another_secret()
    for code in (None, "123456", papers[0]):
        answer = enter(client, code) if code else enter(client)
        assert (answer.status_code, answer.json["code"]) == (401, "second-factor-unreadable")
    with transaction():
        second_factor.reset(person_id=boss.id, by=SYSTEM, at=clock.at)
    assert enter(client).status_code == 200


def test_what_was_begun_under_another_secret_is_begun_anew(app, boss, clock, another_secret):
    with transaction():
        session.add(SecondFactor(person_id=boss.id, sealed_secret="gAAA", begun_at=clock.at))
    client = make.signed_in(app, boss)
    assert client.get("/api/v1/me/second-factor").status_code == 200
    begun = client.post("/api/v1/me/second-factor")
    assert (begun.status_code, len(begun.json["secret"])) == (201, 32)


def test_whoever_runs_the_product_helps_administrators_and_nobody_else(app, boss, clock):
    with transaction():
        admin = named("root", make.staff("admin", region_code=make.CITY))
    for someone in (boss, admin):
        set_up(app, someone, clock)

    def run(name: str) -> tuple[int, str]:
        session.remove()
        done = app.test_cli_runner().invoke(args=["people", "reset-second-step", name])
        return done.exit_code, done.output

    assert run("nobody")[0] == 1
    code, said = run("boss")
    assert (code, "for administrators" in said) == (1, True)
    assert run("Root")[0] == 0
    with transaction(write=False):
        assert second_factor.state_of(boss.id).is_set
        assert not second_factor.state_of(admin.id).is_set
        kept = session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
        assert (kept.action, kept.actor_id) == ("second-factor.reset", None)
