"""The desks in a browser without script: who may enter, what a form does, what only a second person may do."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.identity.models import Grant, Person
from app.identity.permissions import AUDITOR, ROLES
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.ledger.accounts import quarter
from app.places.models import Station
from app.rewards.models import Reward
from app.rules.models import RuleSetVersion
from app.web.menus import DESKS, landing_of
from tests import make
from tests.rules import make as rules
from tests.web.make import browser, desk, form_on, one, person, read, send, staff, typed, wrong_fields

ENTERS = {
    "overview": {"department", "rule-editor", "reviewer", "auditor", "admin"},
    "station": {"station-manager"},
    "cases": {"dispatcher", "department", "mediator", "reviewer"},
    "activities": {"organiser", "department"},
    "hours": {"organiser", "department"},
    "rules": {"department", "rule-editor", "auditor"},
    "rewards": {"department"},
    "ledger": {"department", "rule-editor", "auditor"},
    "reversals": {"department", "admin"},
    "honours": {"department", "reviewer"},
    "audit": {"auditor", "admin"},
    "conflicts": {"department", "admin"},
    "doubts": {"department", "admin"},
    "people": {"admin"},
    "moves": {"department", "admin"},
}
FIRST = {
    "grid-member": "/",
    "station-manager": "/station",
    "dispatcher": "/grid",
    "organiser": "/activities/desk",
    "mediator": "/grid",
}


# --- who may enter ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_role_enters_its_desks_and_no_other(app: Flask, city: object, role: str) -> None:
    client = desk(app, role)
    for each in DESKS:
        response = client.get(each.path, follow_redirects=each.key == "station")
        let_in = response.status_code == 200
        led_away = each.key == "overview" and response.status_code == 303
        assert let_in == (role in ENTERS[each.key]), each.path
        assert let_in or led_away or response.status_code == 403, each.path
        assert not let_in or read(response.text).inline == []


def test_a_rider_enters_no_desk_and_a_guest_is_asked_to_sign_in(
    rider: FlaskClient, guest: FlaskClient
) -> None:
    for each in DESKS:
        assert rider.get(each.path).status_code == 403, each.path
        assert guest.get(each.path).headers["Location"].startswith("/sign-in"), each.path


@pytest.mark.parametrize("role", ROLES)
def test_staff_land_at_their_first_desk(app: Flask, city: object, role: str) -> None:
    someone = staff(role)
    with transaction(write=False):
        assert landing_of(session.merge(someone, load=False)) == FIRST.get(role, "/desk")


def test_the_menu_shows_only_what_opens(app: Flask, city: object) -> None:
    page = desk(app, AUDITOR).get("/desk").text
    assert 'href="/desk/ledger"' in page
    assert 'href="/desk/people"' not in page
    assert 'href="/grid"' not in page


# --- rules -----------------------------------------------------------------------------------------------------------


def test_rules_are_drafted_by_one_and_published_by_another(app: Flask) -> None:
    scene = rules.scene()
    editor, reviewer = (browser(app, person(each)) for each in (scene.editor, scene.reviewer))
    assert scene.version is not None
    before = f"/desk/rules/{scene.version.id}"
    draft = send(editor, before, f"{before}/draft").headers["Location"]
    first = f"{draft}/rules/R-01"
    chosen = {"how": "scanned", "first_of_day": "yes", "worth": "fixed", "usable": "at_once"}
    chosen |= {"cap-0-per": "rider", "cap-0-period": "day", "cap-0-what": "points"}
    chosen |= {"cap-1-per": "station", "cap-1-period": "day", "cap-1-what": "times"}
    refused = send(editor, first, first, **(chosen | {"points": "many"}))
    assert refused.status_code == 422
    assert wrong_fields(refused.text) == {"points"}
    assert typed(refused.text, "points") == "many"
    assert send(editor, first, first, **(chosen | {"points": "8"})).status_code == 303
    assert f"{draft}/review" not in editor.get(draft).text
    assert first not in reviewer.get(draft).text
    assert reviewer.get(first).status_code == 403
    assert f"{draft}/review" not in reviewer.get(draft).text
    assert send(editor, draft, f"{draft}/dry-run").status_code == 303
    assert send(reviewer, draft, f"{draft}/review").status_code == 303
    assert send(reviewer, draft, f"{draft}/publish").status_code == 303
    with transaction(write=False):
        found = session.scalars(select(RuleSetVersion).order_by(RuleSetVersion.number)).all()[-1]
        assert (found.state, found.rules[0]["points"]["points"]) == ("published", 8)


def test_nobody_reviews_what_they_wrote(app: Flask) -> None:
    scene = rules.scene()
    assert scene.version is not None
    with transaction():
        both = make.staff("rule-editor", region_code=make.CITY, name="两职")
        session.add(
            Grant(person_id=both.id, role="department", region_code=make.CITY, given_at=clock_module.now())
        )
    client = browser(app, both)
    before = f"/desk/rules/{scene.version.id}"
    draft = send(client, before, f"{before}/draft").headers["Location"]
    token = form_on(client.get(draft), f"{draft}/dry-run").fields["csrf_token"]
    assert f"{draft}/review" not in client.get(draft).text
    assert client.post(f"{draft}/review", data={"csrf_token": token}).status_code == 403


# --- the books, the catalogue ----------------------------------------------------------------------------------------


def test_a_budget_is_funded_once(app: Flask, city: object) -> None:
    department = desk(app, "department")
    page = "/desk/ledger"
    form = form_on(department.get(page), f"{page}/budgets")
    filled = form.fields | {"region_code": make.CITY, "points": "5000"}
    for _ in range(2):
        assert department.post(f"{page}/budgets", data=filled).status_code == 303
    with transaction(write=False):
        assert rules.budget_left() == 5000
    refused = send(department, page, f"{page}/budgets", region_code=make.CITY, period="soon", points="5")
    assert refused.status_code == 422
    assert wrong_fields(refused.text) == {"period"}
    assert quarter(clock_module.now()) in department.get(page).text
    wide = send(
        department, page, f"{page}/budgets", region_code=make.CITY, period="２０２７ｑ１ ", points="5"
    )
    assert wide.status_code == 303


def test_a_reward_is_offered_and_withdrawn(app: Flask, city: object) -> None:
    department = desk(app, "department")
    page = "/desk/rewards"
    offer = {
        "name_zh": "雨衣",
        "name_en": "Raincoat",
        "kind": "goods",
        "points": "40",
        "region_code": make.CITY,
    }
    refused = send(department, page, page, **offer | {"points": "0"})
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"points"})
    assert typed(refused.text, "name_zh") == "雨衣"
    assert send(department, page, page, **offer).status_code == 303
    shown = department.get(page)
    action = next(each.action for each in read(shown.text).found if each.action.endswith("/withdraw"))
    assert send(department, page, action).status_code == 303
    assert "雨衣" not in department.get(page).text


def test_a_reward_sent_twice_is_offered_once(app: Flask, city: object) -> None:
    department = desk(app, "department")
    page = "/desk/rewards"
    offer = {
        "name_zh": "雨衣",
        "name_en": "Raincoat",
        "kind": "goods",
        "points": "40",
        "region_code": make.CITY,
    }
    filled = form_on(department.get(page), page).fields | offer
    assert [department.post(page, data=filled).status_code for _ in range(2)] == [303, 303]
    assert one(Reward).name_zh == "雨衣"


# --- people ----------------------------------------------------------------------------------------------------------


def test_staff_are_added_appointed_and_their_role_taken_back(app: Flask, city: object) -> None:
    admin = desk(app, "admin")
    page = "/desk/people"
    newcomer = {"name": "新同事", "username": "newcomer", "password": "three rainy days"}
    refused = send(admin, page, page, **newcomer | {"username": "No"})
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"username"})
    assert "three rainy days" not in refused.text
    as_phones_write = newcomer | {"username": "Newcomer "}
    about = send(admin, page, page, **as_phones_write).headers["Location"]
    assert one(Person, username="newcomer").name == "新同事"
    unplaced = send(admin, about, f"{about}/roles", role="dispatcher")
    assert (unplaced.status_code, wrong_fields(unplaced.text)) == (422, {"region_code"})
    assert send(admin, about, f"{about}/roles", role="dispatcher", region_code=make.XUANWU).status_code == 303
    again = send(admin, about, f"{about}/roles", role="dispatcher", region_code=make.XUANWU)
    assert (again.status_code, wrong_fields(again.text)) == (409, {"role"})
    grant = one(Grant, role="dispatcher")
    assert send(admin, about, f"{about}/roles/{grant.id}/take-back").status_code == 303
    assert one(Grant, role="dispatcher").revoked_at is not None


def test_nobody_appoints_themself(app: Flask, city: object) -> None:
    me = staff("admin")
    about = f"/desk/people/{me.id}"
    refused = send(browser(app, me), about, f"{about}/roles", role="auditor", region_code=make.CITY)
    assert refused.status_code == 403


def test_whoever_holds_no_role_is_led_to_no_desk(app: Flask, city: Station) -> None:
    with transaction():
        nobody = make.staff("auditor", region_code=make.CITY)
        held = session.scalars(select(Grant).where(Grant.person_id == nobody.id)).one()
        held.revoked_at = clock_module.now()
    shown = browser(app, nobody).get("/").text
    assert ("还没有给你分岗位" in shown, "从这里进" in shown) == (True, False)
