"""A refused form is shown again: to whoever may see its page, and as one more look at it."""

from __future__ import annotations

from unittest.mock import ANY
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from app.audit.models import AuditRecord
from app.kernel.db import session, transaction
from tests import make
from tests.cases import make as cases
from tests.web.make import browser, form_on, send, staff


def looks(action: str) -> int:
    with transaction(write=False):
        count = sa.select(sa.func.count()).select_from(AuditRecord).where(AuditRecord.action == action)
        return session.scalar(count) or 0


def post(client, path, **filled):
    csrf = client.get_cookie("csrf_access_token").value
    return client.post(path, data={"csrf_token": csrf} | filled)


def test_whoever_may_not_see_the_page_is_not_shown_it_by_its_form(app: Flask):
    with transaction():
        make.regions()
        rider = make.rider("王师傅")
    staff("admin", name="欧阳管理")
    for stranger in (browser(app, rider), browser(app, staff("dispatcher"))):
        answer = post(stranger, "/desk/people", name="我", role="admin")
        assert answer.status_code == 403
        assert "欧阳管理" not in answer.text
        assert 'name="username"' not in answer.text


def test_whoever_may_sees_the_form_again(app: Flask):
    with transaction():
        make.regions()
    admin = browser(app, staff("admin", name="欧阳管理"))
    answer = post(admin, "/desk/people", name="")
    assert answer.status_code == 422
    assert "欧阳管理" in answer.text


def test_a_refused_form_with_a_rider_on_it_is_a_look_at_that_rider(app: Flask):
    with transaction():
        town = cases.town()
        case = cases.report(town.rider)
    desk, page = browser(app, town.dispatcher), f"/grid/{case.id}"
    refused = send(desk, page, f"{page}/reject", reason="")
    assert refused.status_code == 422
    assert "王*明" in refused.text
    assert looks("case.seen") == 2  # the page, and the page with its fault


@pytest.mark.parametrize(
    ("page", "filled"),
    [("/me/devices", {"session_id": "1"}), ("/me/consents", {"purpose": "x", "given": "yes"})],
)
def test_what_was_refused_is_said_on_every_page_that_is_shown_again(
    app: Flask, page: str, filled: dict[str, str]
):
    with transaction():
        make.regions()
        rider = make.rider("王师傅")
    assert 'id="faults"' in post(browser(app, rider), page, **filled).text


def test_what_another_form_of_the_page_offers_is_not_emptied_by_a_refusal(app: Flask):
    with transaction():
        make.regions()
    page = "/desk/debt-policies"
    desk = browser(app, staff("department"))
    offered = form_on(desk.get(page), page).fields
    refused = post(desk, f"{page}/{uuid4()}", decision="agree")
    assert 'id="faults"' in refused.text
    assert offered["share_percent"] == "0"
    assert form_on(refused, page).fields == offered | {"csrf_token": ANY, "idempotency_key": ANY}


def test_a_refused_form_stays_about_the_rider_it_was_opened_for(app: Flask):
    with transaction():
        make.regions()
        rider = make.rider("王师傅")
    page = f"/desk/ledger/corrections?person_id={rider.id}"
    refused = send(browser(app, staff("department")), page, page, reason="少")
    assert refused.status_code == 422
    assert form_on(refused, page).fields["person_id"] == str(rider.id)


def test_from_a_refused_form_the_language_leads_back_to_its_page(app: Flask):
    with transaction():
        town = cases.town()
        case = cases.report(town.rider)
    phone, page = browser(app, town.rider), f"/reports/{case.id}"
    assert send(phone, page, f"{page}/withdraw").status_code == 303
    refused = post(phone, f"{page}/withdraw")
    assert refused.status_code == 409
    assert form_on(refused, "/preferences").fields["back"] == page
    assert form_on(post(phone, f"{page}/me-too"), "/preferences").fields["back"] == page


def test_whoever_has_to_sign_in_comes_back_to_the_page_of_the_form(app: Flask):
    with transaction():
        make.regions()
    guest = app.test_client()
    some = "0192f0c4-0000-7000-8000-000000000000"
    ways = {f"/reports/{some}/reopen": f"/reports/{some}", f"/honours/{some}/objections": f"/honours/{some}"}
    for sent_to, page in {
        **ways,
        f"/reports/{some}/me-too": f"/reports/{some}",
        "/inbox/read": "/inbox",
    }.items():
        assert guest.post(sent_to).headers["Location"] == f"/sign-in?next={page}"
