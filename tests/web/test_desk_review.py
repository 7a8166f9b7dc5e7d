"""The reviewer's desk without script: marks by pseudonym, stepping aside, the end of the blind round, the case file."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.audit.models import AuditRecord
from app.honours.models import Honour, Mark, Selection
from app.identity.models import Person
from app.kernel.db import session, transaction
from tests.conftest import StandingClock
from tests.honours import make as honours
from tests.web.make import browser, form_on, person, read, send, wrong_fields

NAMES = ["王小明", "欧阳振华"]
PHONE = "13800001201"


def _here(app: Flask) -> tuple[honours.Setting, Selection, FlaskClient, str]:
    here = honours.setting(300, 200, names=NAMES)
    selection = honours.frozen(here)
    return here, selection, browser(app, person(here.reviewer)), f"/desk/honours/{selection.id}/review"


def _count(model: type[object]) -> int:
    with transaction(write=False):
        return session.scalar(select(func.count()).select_from(model)) or 0


def _sheets(client: FlaskClient, home: str) -> list[str]:
    given = [attributes.get("href") or "" for _, attributes in read(client.get(home).text).tags]
    return sorted({each for each in given if each.startswith(f"{home}/candidates/")})


def test_a_reviewer_marks_one_after_the_other_and_never_reads_a_name(app: Flask) -> None:
    _, selection, reviewer, home = _here(app)
    first = send_first = _sheets(reviewer, home)[0]
    refused = send(reviewer, first, f"{first}/mark", score="101")
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"score"})
    following = send(reviewer, first, f"{first}/mark", score="88", comment="服务扎实").headers["Location"]
    assert following != send_first
    assert "已评 1 / 2" in reviewer.get(home).text
    early = send(reviewer, home, f"{home}/names")
    assert early.status_code == 409
    assert "还有 1 位不够" in early.text
    assert send(reviewer, following, f"{following}/mark", score="61").headers["Location"] == home
    seen = "".join(reviewer.get(each).text for each in (home, first, following, f"{home}/file"))
    assert not any(each in seen for each in NAMES)
    assert send(reviewer, home, f"{home}/names").headers["Location"] == f"{home}/file"
    file = reviewer.get(f"{home}/file").text
    assert all(each in file for each in (*NAMES, "88", "61", "服务扎实"))
    assert f"{first}/mark" not in reviewer.get(first).text
    assert f"{home}/names" not in reviewer.get(home).text
    with transaction(write=False):
        looks = session.query(AuditRecord).filter_by(action="review.seen").count()
    assert looks == 2
    assert selection.id


def test_what_gives_no_points_is_told_beside_what_does(app: Flask) -> None:
    _, _, reviewer, home = _here(app)
    shown = reviewer.get(_sheets(reviewer, home)[0]).text
    assert '<dt>服务类别（类）</dt><dd>1 <span class="muted small">不计分</span></dd>' in shown
    assert shown.count("不计分") == 1
    assert "<dt>扫码时长（分钟）</dt><dd>" in shown
    assert (
        shown.split("<dt>扫码时长（分钟）</dt>", 1)[1].split("</dd>", 1)[0].count(">300<")
        + shown.count(">200<")
        == 1
    )


def test_marking_again_replaces_ones_own_mark(app: Flask) -> None:
    _, _, reviewer, home = _here(app)
    first = _sheets(reviewer, home)[0]
    for score in ("40", "60"):
        send(reviewer, first, f"{first}/mark", score=score)
    assert _count(Mark) == 1
    assert 'value="60"' in reviewer.get(first).text


def test_a_reviewer_steps_aside_on_the_sheet_or_by_number(app: Flask) -> None:
    here, _, reviewer, home = _here(app)
    with transaction():
        session.get_one(Person, here.riders[0].id).phone = f"+86{PHONE}"
    unsaid = send(reviewer, home, f"{home}/relations", phone=PHONE)
    assert (unsaid.status_code, wrong_fields(unsaid.text)) == (422, {"reason"})
    for phone in ("13900000000", PHONE):
        answer = send(reviewer, home, f"{home}/relations", phone=phone, reason="是我表弟")
        assert (answer.status_code, answer.headers["Location"]) == (303, home)
    (left,) = _sheets(reviewer, home)
    assert send(reviewer, left, f"{left}/recusal", reason="住一栋楼").headers["Location"] == home
    assert _sheets(reviewer, home) == []
    assert reviewer.get(left).status_code == 404


def test_the_department_has_no_reviewers_desk(app: Flask) -> None:
    here, selection, reviewer, home = _here(app)
    department = browser(app, person(here.department))
    assert department.get(home).status_code == 403
    assert home not in department.get(f"/desk/honours/{selection.id}").text
    assert home in reviewer.get(f"/desk/honours/{selection.id}").text
    token = form_on(department.get(f"/desk/honours/{selection.id}"), "/preferences").fields["csrf_token"]
    assert department.post(f"{home}/names", data={"csrf_token": token}).status_code == 403


def test_a_candidate_is_put_on_hold_and_honoured_later(app: Flask, clock: StandingClock) -> None:
    here = honours.setting(300, 200, names=NAMES)
    selection = honours.noticed(here)
    page = f"/desk/honours/{selection.id}"
    reviewer = browser(app, person(here.reviewer))
    sheet = _sheets(reviewer, f"{page}/review")[0]
    assert send(reviewer, sheet, f"{sheet}/hold", reason="工时有疑问").headers["Location"] == sheet
    assert "工时有疑问" in reviewer.get(sheet).text
    assert "核实中" in reviewer.get(page).text
    clock.advance(days=14)
    department, reviewer = (browser(app, person(each)) for each in (here.department, here.reviewer))
    for step in ("notice-end", "final"):
        assert send(department, page, f"{page}/{step}").status_code == 303
    honour = f"{page}/candidates/{sheet.rsplit('/', 1)[-1]}/honour"
    assert honour not in department.get(page).text
    assert send(reviewer, sheet, f"{sheet}/release", reason="查清了").status_code == 303
    assert send(department, page, honour).status_code == 303
    assert _count(Honour) == 2
    assert honour not in department.get(page).text


def test_somebody_is_taken_out_after_the_signature_with_a_reason(app: Flask) -> None:
    here = honours.setting(300, 200, names=NAMES)
    selection = honours.reviewed(here)
    page, reviewer = f"/desk/honours/{selection.id}", browser(app, person(here.reviewer))
    removal = next(
        each.action for each in read(reviewer.get(page).text).found if each.action.endswith("/removal")
    )
    assert send(reviewer, page, removal).status_code == 422
    assert send(reviewer, page, removal, reason="异议成立").status_code == 303
    assert removal not in reviewer.get(page).text
    assert "异议成立" in reviewer.get(page).text


def test_whoever_runs_the_selection_sets_a_reviewer_aside(app: Flask) -> None:
    here, selection, reviewer, home = _here(app)
    with transaction():
        session.get_one(Person, here.riders[0].id).phone = f"+86{PHONE}"
    page, department = f"/desk/honours/{selection.id}", browser(app, person(here.department))
    filled = {"reviewer_id": str(here.reviewer.id), "phone": PHONE, "reason": "同住一室"}
    assert send(department, page, f"{page}/recusals", **filled | {"reason": ""}).status_code == 422
    assert send(department, page, f"{page}/recusals", **filled).status_code == 303
    assert len(_sheets(reviewer, home)) == 1
    told = reviewer.get("/inbox").text
    assert "请你对一个人回避，原因：同住一室" in told
    assert home in told
    assert f"{page}/recusals" not in reviewer.get(page).text
