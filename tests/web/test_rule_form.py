"""The form of a rule says every rule there is, and a mistake is told at its field."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from app.identity.models import Person
from app.identity.queries import person
from app.kernel.db import transaction
from app.rules.drafting import checked
from app.rules.starter import STARTER_RULES
from app.web.desk import rule_form
from tests.make import CITY
from tests.rules import make
from tests.rules.make import cap, rule, when
from tests.web.make import browser, form_on, read, send
from tests.web.test_desk import wrong_fields

TIERS = {
    "kind": "tiered",
    "field": "minutes",
    "tiers": [{"at_least": 60, "points": 8}, {"at_least": 240, "points": 30}],
}
EVERY_SORT = [
    rule(points=5, when=[when("time", ["22:00", "06:00"], "between"), when("weekday", [6, 7], "one_of")]),
    rule(points=5, when=[when("how", "poster", "is_not"), when("region", "320104", "inside")]),
    rule(points=5, when=[when("day", ["weekend", "holiday"], "none_of"), when("first_of_day", False)]),
    rule("R-02", "hours", TIERS, when=[when("minutes", 10, "at_least"), when("minutes", 600, "at_most")]),
    rule("R-03", "report", 6, usable="on_outcome", caps=[cap(per="all", period="campaign", times=3)]),
    rule("R-04", "training", 20, usable="after_days", usable_after_days=7, expires_after_days=365),
    rule(points=5, when=[when("weather", True), when("emergency", False), when("grid_member", True)]),
    rule(points=5, caps=[cap(points=3), cap(per="station", period="month", times=9)]),
    *STARTER_RULES,
]


def as_sent(values: dict[str, Any]) -> MultiDict[str, str]:
    """What a browser sends for a form that shows these values."""
    sent: MultiDict[str, str] = MultiDict()
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            sent.add(name, str(each))
    return sent


@pytest.mark.parametrize("one", EVERY_SORT)
def test_a_rule_comes_back_as_it_was_shown(built_app: Flask, one: dict[str, Any]) -> None:
    (whole,) = checked([one])
    sent = rule_form.read(as_sent(rule_form.values_of(whole)), whole["fact"])
    assert not sent.problems
    (again,) = checked([sent.rule])
    assert sorted(again["when"], key=str) == sorted(whole["when"], key=str)
    assert {**again, "when": 0} == {**whole, "when": 0}


@pytest.mark.parametrize(
    "filled, at_fault",
    [
        ({"points": ""}, "points"),
        ({"points": "many"}, "points"),
        ({"name_zh": ""}, "name_zh"),
        ({"key": "first"}, "key"),
        ({"time-from": "07:00"}, "time-from"),
        ({"cap-0-per": "rider", "cap-0-period": "day"}, "cap-0-amount"),
        ({"cap-1-amount": "5"}, "cap-1-per"),
        ({"usable": "after_days"}, "usable-days"),
        ({"worth": "multiplier", "times": "1.5"}, "times"),
        ({"worth": "multiplier", "times": "half"}, "times"),
        ({"worth": "multiplier", "times": "0.5"}, "times"),
        ({"worth": "multiplier", "times": "9e999999"}, "times"),
        ({"expires-days": "99999"}, "expires-days"),
    ],
)
def test_a_mistake_is_told_at_its_field(app: Flask, filled: dict[str, str], at_fault: str) -> None:
    assert at_fault in wrong_fields(_refused(app, filled))


@pytest.mark.parametrize("sent", ["9" * 5_000, "Monday"])
def test_a_number_that_no_box_has_is_told_at_its_boxes(app: Flask, sent: str) -> None:
    assert 'id="e-weekday"' in _refused(app, {"weekday": sent})


def _refused(app: Flask, filled: dict[str, str]) -> str:
    scene = make.scene([rule(points=5)])
    assert scene.version is not None
    client = browser(app, _person(scene.editor))
    path = f"/desk/rule-sets/{scene.version.rule_set_id}/new/checkin"
    sound = {"name_zh": "签到", "name_en": "check-in", "worth": "fixed", "points": "5", "usable": "at_once"}
    form = form_on(client.get(path), path)
    refused = client.post(path, data=form.fields | sound | filled)
    assert refused.status_code == 422
    return refused.text


@pytest.mark.parametrize(("fact", "counted"), [("hours", True), ("checkin", False)])
def test_points_for_each_of_something_only_where_it_is_counted(app: Flask, fact: str, counted: bool) -> None:
    scene = make.scene([rule(points=5)])
    assert scene.version is not None
    client, path = (
        browser(app, _person(scene.editor)),
        f"/desk/rule-sets/{scene.version.rule_set_id}/new/{fact}",
    )
    assert ("count" in form_on(client.get(path), path).names) == counted


def test_a_rule_may_be_for_any_district_of_its_region(app: Flask) -> None:
    scene = make.scene([rule(points=5)])
    assert scene.version is not None
    client = browser(app, _person(scene.editor))
    shown = client.get(f"/desk/rule-sets/{scene.version.rule_set_id}/new/checkin").text
    offered = {at.get("value"): "" for tag, at in read(shown).tags if tag == "option"}
    assert {CITY, "320102", "320104"} <= set(offered)


def test_a_multiplier_multiplies_rules_and_no_multiplier_and_choices_have_words(app: Flask) -> None:
    times = {"kind": "multiplier", "percent": 200, "of": ["R-01"]}
    scene = make.scene([rule(key="R-01", points=5), rule(key="R-02", points=times)])
    assert scene.version is not None
    client = browser(app, _person(scene.editor))
    shown = f"/desk/rules/{scene.version.id}"
    draft = send(client, shown, f"{shown}/draft").headers["Location"]
    tags = read(page := client.get(f"{draft}/new/checkin").text).tags
    assert [at.get("value") for tag, at in tags if tag == "input" and at.get("name") == "of"] == ["R-01"]
    assert all(words in page for words in ("周一", "周日"))


def test_a_rule_sent_again_is_made_once_and_another_choice_is_no_second_sending(app: Flask) -> None:
    scene = make.scene([rule(key="R-01", points=5), rule(key="R-02", points=3)])
    assert scene.version is not None
    client = browser(app, _person(scene.editor))
    shown, path = f"/desk/rules/{scene.version.id}", f"/desk/rules/{scene.version.id}/draft"
    draft = send(client, shown, path).headers["Location"]
    form = form_on(client.get(f"{draft}/new/checkin"), f"{draft}/new/checkin")
    filled = form.fields | {
        "name_zh": "雨天",
        "name_en": "Rain",
        "worth": "multiplier",
        "times": "2",
        "usable": "at_once",
    }
    one, both = (client.post(form.action, data=filled | {"of": of}) for of in (["R-01"], ["R-01", "R-02"]))
    assert (one.status_code, one.headers["Location"]) == (303, draft)
    assert (both.status_code, "R-03" in client.get(draft).text) == (422, True)  # the key stands for the first
    again = client.post(form.action, data=filled | {"of": ["R-01"]})
    assert (again.status_code, again.headers["Location"]) == (303, draft)


def test_a_rule_of_an_unknown_fact_has_no_form(app: Flask) -> None:
    scene = make.scene([rule(points=5)])
    assert scene.version is not None
    client = browser(app, _person(scene.editor))
    assert client.get(f"/desk/rule-sets/{scene.version.rule_set_id}/new/appeal").status_code == 404


def _person(actor: Any) -> Person:
    with transaction():
        return person(actor.person_id)


def test_numbers_are_read_as_an_input_method_types_them() -> None:
    wide = MultiDict({"worth": "multiplier", "times": "１．５", "expires-days": "３６５　"})
    sent = rule_form.read(wide, "checkin")
    assert not sent.problems
    assert (sent.rule["points"]["percent"], sent.rule["expires_after_days"]) == (150, 365)


def test_a_second_rule_set_is_told_at_its_region(app: Flask) -> None:
    scene = make.scene([rule(points=5)])
    client, page = browser(app, _person(scene.editor)), "/desk/rules"
    refused = send(
        client, page, page, region_code=CITY, title_zh="又一套", title_en="One more", starts_on="2026-11-24"
    )
    assert refused.status_code == 409
    assert wrong_fields(refused.text) == {"region_code"}
    assert "又一套" in refused.text
