"""The case desk in a browser without script: every step a handler can take, and what each of them sees."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.cases import asking
from app.cases.models import Case
from app.kernel import geo
from app.kernel.db import transaction
from tests import make
from tests.cases import make as cases
from tests.conftest import StandingClock
from tests.media.make import jpeg
from tests.web.make import browser, form_on, one, read, send, wrong_fields


@dataclass
class Desk:
    """A town with its first report, and the dispatcher in front of it."""

    town: cases.Town
    case: Case
    dispatcher: FlaskClient

    @property
    def page(self) -> str:
        return f"/grid/{self.case.id}"


@pytest.fixture
def desk(app: Flask) -> Desk:
    with transaction():
        town = cases.town()
        case = cases.report(town.rider)
    return Desk(town, case, browser(app, town.dispatcher))


def now(case: Case) -> Case:
    with transaction():
        return cases.fresh(case)


def test_a_case_is_accepted_started_and_resolved_with_a_photo(desk: Desk) -> None:
    page = desk.page
    assert page in desk.dispatcher.get("/grid?show=waiting").text
    assert send(desk.dispatcher, page, f"{page}/accept", grade="urgent").status_code == 303
    assert page in desk.dispatcher.get("/grid?show=working").text
    assert send(desk.dispatcher, page, f"{page}/start", words="师傅在路上了").status_code == 303
    assert page in desk.dispatcher.get("/grid?show=working").text
    photo = (io.BytesIO(jpeg()), "done.jpg")
    assert send(desk.dispatcher, page, f"{page}/resolve", note="坑补好了", photo=photo).status_code == 303
    shown = desk.dispatcher.get(page).text
    assert "坑补好了" in shown
    assert one(Case).state == "resolved"
    assert "已办结" in shown
    assert (
        "请你看看" not in shown + desk.dispatcher.get("/grid?show=done").text
    )  # that is asked of the reporter
    assert page in desk.dispatcher.get("/grid?show=done").text
    assert page not in desk.dispatcher.get("/grid").text


def test_a_note_for_colleagues_comes_back_in_its_own_form_and_in_no_other(desk: Desk) -> None:
    page, long = desk.page, "只给同事看" * 101
    send(desk.dispatcher, page, f"{page}/accept", grade="urgent")
    refused = send(desk.dispatcher, page, f"{page}/reassign", note=long)
    assert refused.status_code == 422
    assert refused.text.count(long) == 1  # the reporter reads what the form beside it says
    ids = [attributes["id"] for _, attributes in read(refused.text).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_a_photo_that_is_none_is_refused_beside_its_field(desk: Desk) -> None:
    page = desk.page
    send(desk.dispatcher, page, f"{page}/accept", grade="urgent")
    strange = (io.BytesIO(b"%PDF-1.4"), "IMG_0001.jpg")
    refused = send(desk.dispatcher, page, f"{page}/resolve", note="坑补好了", photo=strange)
    assert refused.status_code == 415
    assert 'href="#f-photo"' in refused.text
    assert "坑补好了" in refused.text
    none_chosen = (io.BytesIO(b""), "")  # what a browser sends for a field left empty
    assert (
        send(desk.dispatcher, page, f"{page}/resolve", note="坑补好了", photo=none_chosen).status_code == 303
    )


def test_a_refused_word_comes_back_in_the_form_it_was_sent_from(desk: Desk) -> None:
    page = desk.page
    refused = send(desk.dispatcher, page, f"{page}/reject", reason="长" * 501)
    assert refused.status_code == 422
    assert wrong_fields(refused.text) == {"reason"}
    tags = read(refused.text).tags
    assert [given.get("id") for tag, given in tags if tag == "details" and "open" in given] == ["reject"]
    assert "长" * 501 in refused.text
    named = send(desk.dispatcher, page, f"{page}/reject", reason="问 139 - 1234 - 1204")
    assert (named.status_code, wrong_fields(named.text)) == (422, {"reason"})
    assert send(desk.dispatcher, page, f"{page}/reject", reason="照片看不清，可以重拍").status_code == 303
    assert one(Case).state == "rejected"


def test_what_the_same_rider_told_near_by_is_merged_from_the_page(desk: Desk) -> None:
    with transaction():
        place = geo.Position(cases.POTHOLE.lat + 0.002, cases.POTHOLE.lng)
        again = cases.report(desk.town.rider, category="rubbish", position=place)
        cases.report(desk.town.other, category="rubbish", position=place)
    page = f"/grid/{again.id}"
    shown = desk.dispatcher.get(page).text
    assert "还报了 1 件" in shown
    assert desk.case.number in shown
    assert send(desk.dispatcher, page, f"{page}/merge").status_code == 303
    assert now(again).duplicate_of == desk.case.id


def test_no_field_of_a_page_has_the_id_of_another(desk: Desk) -> None:
    for step in ({}, {"grade": "normal"}):
        if step:
            send(desk.dispatcher, desk.page, f"{desk.page}/accept", **step)
        shown = read(desk.dispatcher.get(desk.page).text)
        ids = [given["id"] for _, given in shown.tags if given.get("id")]
        assert len(ids) == len(set(ids))


def test_a_dispatcher_elsewhere_does_not_see_a_case(app: Flask, desk: Desk) -> None:
    assert browser(app, desk.town.elsewhere).get(desk.page).status_code == 404


def test_the_same_thing_nearby_is_offered_for_merging(app: Flask, desk: Desk) -> None:
    with transaction():
        again = cases.report(desk.town.other, place_words="路口往东十米")
    page = f"/grid/{again.id}"
    form = form_on(desk.dispatcher.get(page), f"{page}/merge")
    assert form.fields["number"] == desk.case.number
    done = desk.dispatcher.post(f"{page}/merge", data=form.fields)
    assert done.headers["Location"] == desk.page
    assert now(again).duplicate_of == desk.case.id


def test_a_merge_needs_a_number_that_one_may_see(app: Flask, desk: Desk) -> None:
    with transaction():
        far = cases.report(desk.town.other, category="rubbish", position=geo.Position(32.02, 118.79))
    page = f"/grid/{far.id}"
    handler = browser(app, desk.town.department)
    for number in ("NJ-000000-000", far.number):
        refused = send(handler, page, f"{page}/merge", number=number)
        assert refused.status_code in (404, 409)
        assert wrong_fields(refused.text) == {"number"}
    assert now(far).state == "submitted"


def test_the_number_of_a_case_is_taken_as_it_is_typed(app: Flask, desk: Desk) -> None:
    with transaction():
        again = cases.report(desk.town.other)
    page = f"/grid/{again.id}"
    handler = browser(app, desk.town.department)
    wide = "".join(chr(0xFEE0 + ord(each)) for each in desk.case.number.lower())  # all of it ASCII
    assert send(handler, page, f"{page}/merge", number=f" {wide}　").status_code == 303
    assert now(again).duplicate_of == desk.case.id


def test_a_case_goes_to_another_unit_or_a_colleague(app: Flask, desk: Desk) -> None:
    page = desk.page
    department = browser(app, desk.town.department)
    shown = department.get(page)
    offered = [given.get("value") for tag, given in read(shown.text).tags if tag == "option"]
    assert str(desk.town.colleague.id) in offered
    assert str(desk.town.rider.id) not in offered
    assert str(desk.town.elsewhere.id) not in offered
    to = {"unit_region_code": make.XUANWU, "handler_id": str(desk.town.colleague.id), "note": "归区里管"}
    assert send(department, page, f"{page}/reassign", **to).status_code == 303
    assert (now(desk.case).unit_region_code, now(desk.case).handler_id) == (
        make.XUANWU,
        desk.town.colleague.id,
    )
    unfit = {"handler_id": str(desk.town.elsewhere.id), "note": "请看"}
    refused = send(department, page, f"{page}/reassign", **unfit)
    assert wrong_fields(refused.text) == {"handler_id"}


def test_what_the_reporter_calls_unsolved_is_opened_again(app: Flask, desk: Desk) -> None:
    with transaction():
        cases.bring(desk.case, desk.town, "accept", "resolve")
    page = desk.page
    assert f"{page}/reopen" not in desk.dispatcher.get(page).text
    rider = browser(app, desk.town.rider)
    answer = form_on(rider.get(f"/reports/{desk.case.id}"), f"/reports/{desk.case.id}/answer")
    question = '<details class="ask" id="reopen"'
    assert f"{question}>" in rider.get(f"/reports/{desk.case.id}").text
    rider.post(answer.action, data=answer.fields | {"answer": "not_solved"})
    assert f"{question} open>" in rider.get(f"/reports/{desk.case.id}").text  # where the answer leads to
    assert page in desk.dispatcher.get("/grid?show=disputed").text
    assert send(desk.dispatcher, page, f"{page}/reopen", reason="换人再看").status_code == 303
    assert now(desk.case).state == "reopened"


def test_a_mediator_sees_appeals_and_nothing_else(app: Flask, desk: Desk) -> None:
    with transaction():
        appeal = cases.appeal(desk.town)
    mediator, page = browser(app, desk.town.mediator), f"/grid/{appeal.id}"
    listed = mediator.get("/grid").text
    assert page in listed
    assert desk.page not in listed
    assert mediator.get(desk.page).status_code == 404
    assert desk.dispatcher.get(page).status_code == 404
    assert page not in desk.dispatcher.get("/grid").text
    assert "少算了三单。" in mediator.get(page).text
    assert send(mediator, page, f"{page}/accept").status_code == 303
    assert send(mediator, page, f"{page}/resolve", note="平台补发了三单").status_code == 303
    assert "平台补发了三单" in browser(app, desk.town.rider).get(f"/reports/{appeal.id}").text


def test_a_reporter_does_not_handle_their_own_case(app: Flask, desk: Desk) -> None:
    rider = browser(app, desk.town.rider)
    assert rider.get(desk.page).status_code == 403
    token = form_on(desk.dispatcher.get(desk.page), f"{desk.page}/accept").fields
    for verb in ("accept", "reject", "start", "resolve", "merge", "reassign", "hand-back"):
        filled = {"words": "x", "reason": "x", "note": "x", "number": desk.case.number}
        response = rider.post(f"{desk.page}/{verb}", data=token | filled)
        assert response.status_code >= 400, verb
    assert now(desk.case).state == "submitted"


def test_little_time_left_is_shown(desk: Desk, clock: StandingClock) -> None:
    """The last fifth of the time that runs is marked, and what is late is called late."""
    due = now(desk.case).due_at
    assert due is not None
    fifth = (due - clock.at) / 5
    clock.at = due - fifth
    assert "快到时限" not in desk.dispatcher.get("/grid").text
    clock.advance(seconds=1)
    assert "快到时限" in desk.dispatcher.get("/grid").text
    clock.at = due
    clock.advance(seconds=1)
    assert "快到时限" not in desk.dispatcher.get("/grid").text
    assert "超时" in desk.dispatcher.get("/grid").text


def test_kinds_are_told_apart(app: Flask, desk: Desk, clock: StandingClock) -> None:
    with transaction():
        suggestion = asking.suggest(
            words="门口放个打气筒", category="station", by=make.actor(desk.town.rider), at=clock.at
        )
    only = browser(app, desk.town.department).get("/grid?kind=suggestion").text
    assert f"/grid/{suggestion.id}" in only
    assert desk.page not in only


def test_the_numbers_are_those_of_the_kind_that_was_picked(desk: Desk) -> None:
    waiting = "待受理 <b>{}</b>"
    for kind, count in (("", 1), ("&kind=report", 1), ("&kind=suggestion", 0)):
        assert waiting.format(count) in desk.dispatcher.get(f"/grid?show=open{kind}").text
