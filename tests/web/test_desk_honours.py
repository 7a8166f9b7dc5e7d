"""The selection desk without script: criteria, sealed data, a second person's signature, the notice, the exports."""

from __future__ import annotations

import io
import zipfile
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.honours.criteria import of as criteria_of
from app.honours.models import Selection
from app.identity.models import Grant
from app.identity.permissions import AUDITOR
from app.identity.queries import FEW
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from tests import make
from tests.conftest import StandingClock
from tests.honours import make as honours
from tests.web.make import Form, browser, form_on, read, send
from tests.web.test_desk import desk, person, wrong_fields


def criteria(**changes: str) -> dict[str, str]:
    return {
        "title_zh": "十月最美骑手",
        "purpose": "example",
        "region_code": make.CITY,
        "period_start_on": "2026-10-01",
        "period_end_on": "2026-10-31",
        "seats": "2",
        "minimum_marks": "1",
    } | changes


NEW = "/desk/honours/new"


def build(client: FlaskClient, **filled: str) -> TestResponse:
    """Through the five steps, each form sent as it stands but for what is filled in; the last answer."""
    answer = client.get(NEW)
    for _ in range(5):
        form = _step_on(answer)
        mine = {name: text for name, text in filled.items() if name in form.names - _hidden(answer)}
        answer = client.post(form.action, data=form.fields | mine | {"to": "on"})
        if answer.status_code != 200:
            break
    return answer


def _step_on(answer: TestResponse) -> Form:
    (step,) = [each for each in read(answer.text).found if each.action.startswith(NEW)]
    return step


def _hidden(answer: TestResponse) -> set[str]:
    return {
        str(at.get("name"))
        for tag, at in read(answer.text).tags
        if tag == "input" and at.get("type") == "hidden"
    }


def links(client: FlaskClient, page: str) -> list[str]:
    return [
        attributes.get("href") or "" for tag, attributes in read(client.get(page).text).tags if tag == "a"
    ]


def form_on_trial(html: str) -> list[str | None]:
    """The days in the form of a trial."""
    return [at.get("value") for tag, at in read(html).tags if tag == "input" and at.get("type") == "date"]


@pytest.mark.once
def test_a_trial_of_few_counts_and_lists_nobody(app: Flask) -> None:
    few = honours.setting(*range(100, 109))
    department = browser(app, person(few.department))
    page = build(department, **criteria()).headers["Location"] + "/trial"
    shown = department.get(page).text
    assert shown.count("不到 10 人，不显示") == 3
    assert "免得认出是谁" in shown
    assert " · C" not in shown
    with transaction():
        for minutes in range(200, 211):
            honours.rider(few.activity, None, minutes)
    shown = department.get(page).text
    assert shown.count("不到 10 人，不显示") == 1  # two seats
    assert shown.count(" · C") == 20
    assert '<span class="tag' not in shown.split("<main")[1]


def test_a_selection_runs_is_signed_announced_made_final_and_exported(
    app: Flask, clock: StandingClock
) -> None:
    here = honours.setting(120, 60, names=["王小明", "李大力"])
    department, reviewer = (browser(app, person(each)) for each in (here.department, here.reviewer))
    refused = build(department, **criteria(period_end_on="2026-09-01"))
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"period_end_on"})
    page = build(department, **criteria()).headers["Location"]
    assert f"{page}/run" not in department.get(page).text
    assert "会入选" in department.get(f"{page}/trial?start_on=2026-09-01&end_on=2026-09-30").text
    turned = department.get(f"{page}/trial?start_on=2026-09-30&end_on=2026-09-01").text
    assert wrong_fields(turned) == {"end_on"}
    assert form_on_trial(turned) == ["2026-09-30", "2026-09-01"]
    assert send(reviewer, page, f"{page}/criteria").status_code == 303
    assert send(department, page, f"{page}/run").status_code == 303
    assert f"{page}/sign" not in department.get(page).text
    assert "roll.csv" not in department.get(page).text
    shown = reviewer.get(page)
    decide = next(each.action for each in read(shown.text).found if "/candidates/" in each.action)
    unsaid = send(reviewer, page, decide, decision="out")
    assert (unsaid.status_code, wrong_fields(unsaid.text)) == (422, {"reason"})
    assert send(reviewer, page, decide, decision="in", reason="材料齐全").status_code == 303
    assert f"{page}/sign" not in reviewer.get(page).text
    desk = f"{page}/review"
    following = next(each for each in links(reviewer, desk) if "/candidates/" in each)
    while following != desk:
        following = send(reviewer, following, f"{following}/mark", score="85").headers["Location"]
    assert send(reviewer, desk, f"{desk}/names").status_code == 303
    assert send(reviewer, page, f"{page}/sign").status_code == 303
    assert f"{page}/notice" not in [each.action for each in read(department.get(page).text).found]
    meeting = {
        "held_on": "2026-11-24",
        "present": "吴评审、 孙部门，",
        "votes_for": "3",
        "decision": "同意名单",
    }
    file = f"{desk}/file"
    refused = send(reviewer, file, f"{desk}/meetings", **meeting)
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"votes_for"})
    assert send(reviewer, file, f"{desk}/meetings", **meeting | {"votes_for": "2"}).status_code == 303
    assert "吴评审、孙部门" in reviewer.get(file).text
    refused = send(department, page, f"{page}/notice", **honours.CONTACT | {"contact_place": ""})
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"contact_place"})
    typed = honours.CONTACT | {"contact_phone": "０２５－１２３４ ５６７８　"}
    assert send(department, page, f"{page}/notice", **typed).status_code == 303
    assert '"tel:025-12345678"' in department.get(page.replace("/desk", "")).text
    assert send(department, page, f"{page}/notice-end").status_code == 409
    clock.advance(days=14)
    later = browser(app, person(here.department))
    assert send(later, page, f"{page}/notice-end").status_code == 303
    assert send(later, page, f"{page}/final").status_code == 303
    assert send(later, page, f"{page}/exports", kind="roll.csv").status_code == 422
    table = send(later, page, f"{page}/exports", kind="roll.csv", reason="月度上报")
    assert "十月最美骑手" in table.text or "姓名" in table.text
    book = send(later, page, f"{page}/exports", kind="roll.xlsx", reason="月度上报")
    assert zipfile.is_zipfile(io.BytesIO(book.data))
    assert "attachment" in book.headers["Content-Disposition"]


def test_whoever_began_a_selection_does_not_sign_it(app: Flask) -> None:
    here = honours.setting(120)
    with transaction():
        session.add(
            Grant(
                person_id=here.department.id,
                role="reviewer",
                region_code=make.CITY,
                given_at=clock_module.now(),
            )
        )
    selection = honours.frozen(here)
    client = browser(app, person(here.department))
    page = f"/desk/honours/{selection.id}"
    assert f"{page}/sign" not in client.get(page).text
    token = form_on(client.get(page), "/preferences").fields["csrf_token"]
    assert client.post(f"{page}/sign", data={"csrf_token": token}).status_code == 403


def test_an_auditor_cannot_open_a_selection(app: Flask) -> None:
    here = honours.setting(120)
    selection = honours.frozen(here)
    client = desk(app, AUDITOR)
    assert client.get(f"/desk/honours/{selection.id}").status_code == 403
    assert client.post(f"/desk/honours/{selection.id}/exports").status_code in (400, 403)


def test_going_back_loses_nothing_and_a_fault_is_shown_at_its_step(app: Flask) -> None:
    here = honours.setting(120)
    client = browser(app, person(here.department))
    first = form_on(client.get(NEW), NEW)
    second = client.post(
        NEW,
        data=first.fields | {"to": "on", "title_zh": "雨天", "purpose": "example", "region_code": make.CITY},
    )
    back = client.post(NEW, data=form_on(second, NEW).fields | {"to": "back", "seats": "7"})
    assert 'value="雨天"' in back.text
    assert 'name="seats" value="7"' in back.text
    again = client.post(
        NEW,
        data=form_on(back, NEW).fields
        | {"to": "on", "purpose": "example", "region_code": make.CITY, "title_zh": ""},
    )
    assert (again.status_code, wrong_fields(again.text)) == (422, {"title_zh"})
    assert 'name="seats" value="7"' in again.text


def test_the_last_step_shows_everything_and_nothing_is_kept_before_it(app: Flask) -> None:
    here = honours.setting(120)
    client = browser(app, person(here.department))
    answer = client.get(NEW)
    for _ in range(4):
        form = form_on(answer, NEW)
        mine = {name: text for name, text in criteria().items() if name in form.names - _hidden(answer)}
        answer = client.post(NEW, data=form.fields | mine | {"to": "on"})
    assert "十月最美骑手" in answer.text
    assert "<dt>用途</dt><dd>" in answer.text
    assert "南京市" in answer.text
    assert ">南京市</option>" in client.get(NEW).text
    assert selections() == 0
    last = _step_on(answer)
    sent = last.fields | {"to": "on", "marks_rule": "mean"}
    jumped = client.post(last.action, data=sent | {"seats": "0"})
    assert (jumped.status_code, wrong_fields(jumped.text)) == (422, {"seats"})
    made, again = client.post(last.action, data=sent), client.post(last.action, data=sent)  # pressed twice
    assert made.status_code == 303
    assert made.headers["Location"] == again.headers["Location"]
    assert selections() == 1


def selections() -> int:
    with transaction(write=False):
        return session.query(Selection).count()


def test_the_builder_sets_finer_weights_ties_and_groups_of_which_some_are_chosen(app: Flask) -> None:
    here = honours.setting(120, 60)
    with transaction():
        for number in range(FEW):
            make.rider(phone=f"+861390000000{number}").platform = "甲"
    department = browser(app, person(here.department))
    filled = criteria(
        weight_points_checkin="7", weight_reports_urgent="9", rescue_weight="0", tie_1="points.report", tie_2="-",
        tie_3="enrolled_days",
        training_hours="2", least_of_1="occupation:courier", least_1="1", least_of_2="platform:甲", least_2="1",
    )  # fmt: skip
    first = form_on(department.get(NEW), NEW).fields | {"to": "on"} | criteria()
    assert 'value="platform:甲"' in department.post(NEW, data=first).text
    page = build(department, **filled).headers["Location"]
    with transaction(write=False):
        wording = criteria_of(session.get_one(Selection, UUID(page.rsplit("/", 1)[1])))
    weights = {each["source"]: each["weight"] for each in wording["components"]}
    assert weights == {
        "hours.proven": 50, "hours.witnessed": 50, "reports.resolved": 30, "breadth.categories": 10,
        "reports.urgent": 9, "points.checkin": 7,
    }  # fmt: skip
    assert wording["eligibility"]["training_minutes"] == 120
    assert wording["tie_break"] == ["points.report", "enrolled_days"]
    assert [(each["by"], each["group"], each["at_least"]) for each in wording["quotas"]] == [
        ("occupation", "courier", 1),
        ("platform", "甲", 1),
    ]


@pytest.mark.parametrize(
    ("typed", "faulty"),
    [
        ({"tie_1": "enrolled_days", "tie_2": "-", "tie_3": "enrolled_days"}, "tie_3"),
        ({"least_of_1": "occupation:courier"}, "least_1"),
        ({"least_2": "1"}, "least_of_2"),
        ({"least_of_1": "occupation:courier", "least_1": "3"}, "seats"),
        (
            {
                "least_of_1": "occupation:courier",
                "least_1": "1",
                "least_of_2": "occupation:courier",
                "least_2": "1",
            },
            "least_of_2",
        ),
    ],
)
def test_the_builder_names_the_field_of_what_cannot_be(
    app: Flask, typed: dict[str, str], faulty: str
) -> None:
    here = honours.setting(120)
    refused = build(browser(app, person(here.department)), **criteria(**typed))
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {faulty})


def test_a_commendation_without_its_number_is_refused_at_the_step_that_asks_for_it(app: Flask) -> None:
    client = browser(app, person(honours.setting(120).department))
    first = form_on(client.get(NEW), NEW)
    told = {"title_zh": "十佳", "purpose": "commendation", "region_code": make.CITY, "to": "on"}
    refused = client.post(NEW, data=first.fields | told)
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"approval_number"})
    assert (
        _step_on(client.post(NEW, data=first.fields | told | {"approval_number": "〔2026〕1号"})).fields[
            "step"
        ]
        == "2"
    )


def test_whoever_puts_himself_forward_is_told_at_the_number_and_keeps_the_story(app: Flask) -> None:
    here = honours.setting(120)
    selection = honours.draft(here)
    with transaction():
        rider = make.rider("李师傅", phone="+8613800138055")
    page = f"/honours/{selection.id}/nominate"
    refused = send(browser(app, rider), page, page, phone="13800138055", story="我自己")
    assert (refused.status_code, wrong_fields(refused.text)) == (409, {"phone"})
    assert "我自己" in refused.text
