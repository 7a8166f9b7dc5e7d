"""The audit log: who looked at whom is kept with the look itself, readable by auditors of the whole city alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

import app as product
from app.audit.models import AuditRecord
from app.identity import queries as people
from app.identity.actors import SYSTEM
from app.identity.appointing import take_back
from app.identity.models import Person
from app.kernel import clock, i18n
from app.kernel.db import session, transaction
from app.ledger import reversing
from app.ledger.queries import statement
from app.rewards.books import closing
from app.rewards.books.closing import Counted
from tests import make
from tests.cases import make as cases
from tests.cases.make import Town
from tests.ledger.make import give
from tests.rewards import make as rewards
from tests.web.make import browser


@pytest.fixture
def town(app: Flask) -> Town:
    with transaction():
        return cases.town()


def kept() -> list[tuple[str, str]]:
    """What was written since the town stood: its builders gave roles, which the log keeps too."""
    with transaction(write=False):
        rows = session.scalars(
            select(AuditRecord).where(AuditRecord.action != "role.given").order_by(AuditRecord.id)
        ).all()
        return [(each.action, each.subject) for each in rows]


def test_a_look_of_staff_is_kept_and_one_of_the_reporter_is_not(app: Flask, town: Town) -> None:
    with transaction():
        case = cases.report(town.rider)
    path = f"/api/v1/cases/{case.id}"
    assert make.signed_in(app, town.rider).get(path).status_code == 200
    assert kept() == []
    assert make.signed_in(app, town.dispatcher).get(path).status_code == 200
    assert browser(app, town.dispatcher).get(f"/grid/{case.id}").status_code == 200
    assert kept() == [("case.seen", f"case:{case.id}")] * 2


def test_a_refused_look_saw_nothing_and_keeps_nothing(app: Flask, town: Town) -> None:
    with transaction():
        case = cases.report(town.rider)
    assert make.signed_in(app, town.elsewhere).get(f"/api/v1/cases/{case.id}").status_code == 404
    assert kept() == []


@pytest.mark.usefixtures("owned")
@pytest.mark.parametrize(
    "statement", ["UPDATE audit_records SET action = 'nothing'", "DELETE FROM audit_records"]
)
def test_the_log_is_never_changed(app: Flask, town: Town, statement: str) -> None:
    with transaction():
        case = cases.report(town.rider)
    make.signed_in(app, town.dispatcher).get(f"/api/v1/cases/{case.id}")
    with pytest.raises(DatabaseError, match="append-only"), transaction():
        session.execute(text(statement))
    assert kept() == [("case.seen", f"case:{case.id}")]


def test_an_auditor_of_the_city_reads_it_newest_first(app: Flask, town: Town) -> None:
    with transaction():
        first, second = cases.report(town.rider), cases.report(town.other)
        district = make.staff("auditor", region_code=make.XUANWU)
    dispatcher = make.signed_in(app, town.dispatcher)
    for each in (first, second):
        dispatcher.get(f"/api/v1/cases/{each.id}")
    auditor = make.signed_in(app, town.manager)
    found = auditor.get("/api/v1/audit/records?limit=1").json
    assert found is not None
    assert found["items"][0]["subject"] == f"case:{second.id}"
    assert found["items"][0]["words"] == "看了工单"
    about = auditor.get(f"/api/v1/audit/records?subject=case:{first.id}").json
    assert about is not None
    assert [each["actor_id"] for each in about["items"]] == [str(town.dispatcher.id)]
    assert make.signed_in(app, district).get("/api/v1/audit/records").status_code == 403


@pytest.mark.once
def test_an_auditor_asks_what_one_colleague_did(app: Flask, town: Town) -> None:
    with transaction():
        case = cases.report(town.rider)
    for someone in (town.dispatcher, town.colleague):
        make.signed_in(app, someone).get(f"/api/v1/cases/{case.id}")
    auditor = make.signed_in(app, town.manager)
    found = auditor.get(f"/api/v1/audit/records?actor_id={town.dispatcher.id}").json
    assert found is not None
    assert [each["actor_id"] for each in found["items"]] == [str(town.dispatcher.id)]


@pytest.mark.once
def test_a_role_taken_back_is_kept_as_that(app: Flask, town: Town) -> None:
    with transaction():
        (held,) = people.grants_of(town.dispatcher.id)
        take_back(grant_id=held.id, by=SYSTEM, at=clock.now())
    assert kept() == [("role.taken-back", f"person:{town.dispatcher.id}")]


@pytest.mark.once
@pytest.mark.parametrize(("approved", "ends"), [(True, "reversal.done"), (False, "reversal.refused")])
def test_a_reversal_is_kept_as_what_became_of_it(app: Flask, town: Town, approved: bool, ends: str) -> None:
    with transaction():
        colleague = make.actor(make.staff("department", region_code=make.CITY))
        give(town.rider.id, 500, kind="correction")
        entry_id = statement(town.rider.id).items[0].id
        wrong = {"reason": "记了两遍", "by": colleague, "at": clock.now()}
        asked = reversing.ask_to_reverse(entry_id=entry_id, **wrong)
        by = make.actor(town.department)
        reversing.decide_reversal(reversal_id=asked.id, approved=approved, by=by, at=clock.now())
    assert kept() == [(each, f"reversal:{asked.id}") for each in ("reversal.asked", ends)]


@pytest.mark.once
def test_a_look_names_what_was_looked_at_and_not_what_it_is_a_part_of(app: Flask) -> None:
    scene = rewards.scene()
    with transaction():
        closed = closing.close_day(
            station_id=scene.station.id,
            day=clock.city_day(clock.now()),
            counts=[Counted(scene.reward.id, 5, None)],
            by=scene.manager,
            at=clock.now(),
        )
        manager = session.get_one(Person, scene.manager.id)
    seen = browser(app, manager).get(f"/station/{scene.station.id}/day/{closed.id}")
    assert (seen.status_code, kept()[-1]) == (200, ("day.seen", f"close:{closed.id}"))


def test_the_page_says_it_in_words(app: Flask, town: Town) -> None:
    with transaction():
        case = cases.report(town.rider)
    browser(app, town.dispatcher).get(f"/grid/{case.id}")
    page = browser(app, town.manager).get("/desk/audit").text
    assert "看了工单" in page
    assert f"工单 …{str(case.id)[-8:]}" in page
    assert "陈一调" in page
    assert (
        "看了工单"
        not in browser(app, town.manager).get("/desk/audit?action=hours.seen").text.split("</form>")[-1]
    )


def test_what_every_record_is_about_has_words() -> None:
    told = re.compile(r'\bsubject(?:=|, | = ).*?f"([a-z-]+):')
    kinds = {
        kind
        for file in Path(product.__file__).parent.rglob("*.py")
        for kind in told.findall(file.read_text("utf-8"))
    }
    kinds.remove("roll")  # what an objection is about, not a record
    assert {"person", "selection", "voucher", "reversal"} <= kinds
    kinds |= {"list", "account", "activity", "candidate", "case", "close", "entry", "session"}  # of addresses
    assert [each for each in sorted(kinds) if not i18n.has(f"web.audit.about.{each}")] == []


def test_every_action_has_words() -> None:
    actions = set(_actions())
    assert len(actions) > 15
    assert [each for each in sorted(actions) if not i18n.has(f"audit.{each}")] == []


KEEPERS = (
    "traced",
    "leave_unless_own",
    "_note",
    "_trace",
)  # what hands an action on to the log as its first argument


def _actions() -> list[str]:
    found = []
    for file in Path(product.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = [word.value for word in node.keywords if name == "record" and word.arg == "action"]
            given += node.args[:1] if name in KEEPERS else []
            found += [str(each.value) for each in given if isinstance(each, ast.Constant)]
    return found
