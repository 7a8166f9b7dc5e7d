"""The audit log: who looked at whom is kept with the look itself, readable by auditors of the whole city alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

import app as product
from app.audit.models import AuditRecord
from app.kernel import i18n
from app.kernel.db import session, transaction
from tests import make
from tests.cases import make as cases
from tests.cases.make import Town
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


def test_the_page_says_it_in_words(app: Flask, town: Town) -> None:
    with transaction():
        case = cases.report(town.rider)
    browser(app, town.dispatcher).get(f"/grid/{case.id}")
    page = browser(app, town.manager).get("/desk/audit").text
    assert "看了工单" in page
    assert "陈一调" in page
    assert (
        "看了工单"
        not in browser(app, town.manager).get("/desk/audit?action=hours.seen").text.split("</form>")[-1]
    )


def test_every_action_has_words() -> None:
    actions = set(_actions())
    assert len(actions) > 15
    assert [each for each in sorted(actions) if not i18n.has(f"audit.{each}")] == []


KEEPERS = ("traced", "_note", "_trace")  # what hands an action on to the log as its first argument


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
