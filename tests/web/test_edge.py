"""The page edge: tokens and origins of forms, renewed sessions, forms that count once, GETs that cannot write."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from app.identity.edge import ACCESS_COOKIE
from app.identity.models import Person
from app.kernel.db import session, transaction
from app.web import pages
from tests.conftest import StandingClock
from tests.web.make import form_on, send


def test_it_refuses_a_form_without_its_token(rider: FlaskClient, wang: Person) -> None:
    response = rider.post("/me/profile", data={"nickname": "别人"})
    assert response.status_code == 403
    with transaction(write=False):
        assert session.get_one(Person, wang.id).nickname == "王师傅"


def test_it_refuses_a_form_from_another_site(rider: FlaskClient) -> None:
    fields = form_on(rider.get("/me/profile"), "/me/profile").fields
    others = [{"Origin": each} for each in ("https://evil.example", "null", "http://[", "http://a]b")]
    # A sister under the same domain is another site to us: what it is told to send is not sent by our pages.
    others += [{"Sec-Fetch-Site": each} for each in ("cross-site", "same-site")]
    for headers in others:
        assert rider.post("/me/profile", data=fields, headers=headers).status_code == 403


def test_it_refuses_a_forced_sign_in(guest: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example"}
    assert guest.post("/sign-in", data={"phone": "13800138000"}, headers=headers).status_code == 403


def test_it_renews_a_session_in_passing(rider: FlaskClient, clock: StandingClock) -> None:
    before = rider.get_cookie(ACCESS_COOKIE)
    clock.advance(minutes=16)
    assert rider.get("/me").status_code == 200
    after = rider.get_cookie(ACCESS_COOKIE)
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert send(rider, "/me/profile", "/me/profile", nickname="老王").status_code == 303


def test_it_asks_to_sign_in_once_the_session_is_over(rider: FlaskClient, clock: StandingClock) -> None:
    clock.advance(days=31)
    response = rider.get("/me")
    assert response.status_code == 303
    assert response.headers["Location"] == "/sign-in?next=/me"
    assert rider.get("/welcome").status_code == 200


def test_a_form_that_counts_once_is_answered_the_same_again(rider: FlaskClient) -> None:
    form = form_on(rider.get("/talk"), "/talk")
    filled = form.fields | {"category": "station", "words": "热水器坏了"}
    first, second = rider.post("/talk", data=filled), rider.post("/talk", data=filled)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]


def test_a_script_gets_the_address_instead_of_the_page(rider: FlaskClient) -> None:
    fields = form_on(rider.get("/talk"), "/talk").fields | {"category": "station", "words": "热水器坏了"}
    answer = rider.post("/talk", data=fields, headers={"Accept": "application/json"})
    assert answer.get_json()["location"].startswith("/reports/")
    refused = rider.post("/talk", data=fields | {"words": ""}, headers={"Accept": "application/json"})
    assert refused.status_code == 422


def test_a_script_without_a_session_is_told_so(app: Flask, guest: FlaskClient) -> None:
    answer = guest.post("/talk", data={}, headers={"Accept": "application/json"})
    assert answer.status_code == 401


def test_a_fault_is_named_at_its_field_and_what_was_typed_is_kept(rider: FlaskClient) -> None:
    fields = form_on(rider.get("/talk"), "/talk").fields
    response = rider.post("/talk", data=fields | {"words": "热水器坏了"})
    assert response.status_code == 422
    assert 'href="#f-category"' in response.text
    assert "热水器坏了</textarea>" in response.text


def test_only_named_pages_may_write_when_looked_at() -> None:
    writing = {rule for each in pages.ALL for rule in each.writing_gets}
    assert writing == {
        "/code",  # renews the code that the server keeps for a phone without script
        "/desk/ledger/accounts/<uuid:account_id>/statement.csv",  # exports are audited
        "/desk/ledger/accounts/<uuid:account_id>/statement.xlsx",
        "/desk/ledger/trial-balance.csv",
        "/desk/honours/exports/<uuid:export_id>/file",
        "/desk/ledger/trial-balance.xlsx",
        "/photos/<uuid:media_id>",  # a look at somebody else's is written down
    }


def test_every_page_says_who_may_see_it(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if str(rule.endpoint).startswith("web-"):
            assert getattr(app.view_functions[rule.endpoint], "__access__", None), rule


def test_a_kept_page_is_kept_anew_once_anything_it_was_drawn_by_has_changed(
    rider: FlaskClient, wang: Person
) -> None:
    def tag() -> str:
        return rider.get("/report").headers["X-Keep"]

    tags = [tag()]
    assert tag() == tags[0]
    for name, value in (("lang", "en"), ("large", "yes")):
        rider.set_cookie(name, value)
        tags.append(tag())
    with transaction():
        session.get_one(Person, wang.id).agrees_to_location = False
    tags.append(tag())
    assert len(set(tags)) == len(tags)
