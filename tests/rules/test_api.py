"""Rule sets for everybody to read, two persons to change; awards for their owner."""

from __future__ import annotations

import pytest

from app.kernel.db import transaction
from app.kernel.ids import new_id
from app.rules import queries
from tests import make as people
from tests.rules import make
from tests.rules.make import rule, when


@pytest.fixture
def scene(app):
    return make.scene()


@pytest.fixture
def signed_in(app):
    return lambda actor_or_person: people.signed_in(app, actor_or_person)


def person(actor):
    from app.identity.queries import person as find

    with transaction():
        return find(actor.person_id)


def test_anybody_reads_the_rules_in_force_as_sentences(scene, client):
    (one,) = client.get("/api/v1/rule-sets").json
    assert (one["region_code"], one["title"], one["version"]["number"]) == (people.CITY, "规则", 1)
    first = one["version"]["sentences"][0]
    assert first["key"] == "R-01"
    assert first["sentence"].startswith(
        "R-01 每天首次到站签到：签到方式是到站出码、当天第一次；每次 5 分；马上可用"
    )
    english = client.get(f"/api/v1/rule-sets/{one['id']}", headers={"Accept-Language": "en"}).json
    assert english["version"]["sentences"][0]["name"] == "first check-in of the day"


def test_two_persons_publish_a_version(scene, client, signed_in, clock):
    editor, reviewer = signed_in(person(scene.editor)), signed_in(person(scene.reviewer))
    rule_set_id = client.get("/api/v1/rule-sets").json[0]["id"]
    drafted = editor.post(
        f"/api/v1/rule-sets/{rule_set_id}/versions", json={"rules": [rule(points=9)]}, headers=people.once()
    )
    assert (drafted.status_code, drafted.json["state"], drafted.json["number"]) == (201, "draft", 2)
    at = f"/api/v1/rule-set-versions/{drafted.json['id']}"
    assert client.get(at).status_code == 404  # a draft is nobody's business yet
    assert editor.put(at, json={"rules": [rule(points=8)]}).json["rules"][0]["points"]["points"] == 8
    assert editor.post(f"{at}/review").status_code == 403
    assert reviewer.post(f"{at}/review").json["code"] == "rule-dry-run-needed"
    tried = editor.post(
        f"{at}/dry-runs", json={"from_on": "2026-11-01", "until_on": "2026-11-24"}, headers=people.once()
    )
    assert (tried.status_code, tried.json["result"]["facts"]) == (201, 0)
    assert client.get(at).status_code == 404
    assert reviewer.post(f"{at}/review").json["state"] == "reviewed"
    assert reviewer.post(f"{at}/publish", json={}).json["state"] == "published"
    assert editor.put(at, json={"rules": [rule()]}).json["code"] == "rule-version-not-open"
    assert client.get(at).json["rules"][0]["points"]["points"] == 8
    assert [each["number"] for each in client.get(f"/api/v1/rule-sets/{rule_set_id}/versions").json] == [2, 1]
    clock.advance(minutes=5)
    assert reviewer.post(f"{at}/retire", json={}).json["state"] == "retired"


def test_a_mistake_is_named_by_its_field(scene, client, signed_in):
    editor = signed_in(person(scene.editor))
    rule_set_id = client.get("/api/v1/rule-sets").json[0]["id"]
    wrong = {"rules": [rule(when=[when("streak", 7)])]}
    answer = editor.post(f"/api/v1/rule-sets/{rule_set_id}/versions", json=wrong, headers=people.once())
    assert answer.status_code == 422
    (problem,) = answer.json["errors"]
    assert problem["field"] == "rules.0.when.0.field"
    assert problem["message"].startswith("这类事情没有这一项条件，可以选：region, time, hour")


def test_a_region_gets_its_rule_set_once(scene, signed_in):
    editor = signed_in(person(scene.editor))
    body = {"region_code": people.XUANWU, "title_zh": "玄武规则", "title_en": "Xuanwu rules"}
    opened = editor.post("/api/v1/rule-sets", json=body, headers=people.once())
    assert (opened.status_code, opened.json["version"]) == (201, None)
    assert (
        editor.post("/api/v1/rule-sets", json=body, headers=people.once()).json["code"] == "rule-set-exists"
    )
    assert (
        editor.post(
            "/api/v1/rule-sets", json=body | {"region_code": "999999"}, headers=people.once()
        ).status_code
        == 404
    )


def test_riders_do_not_write_rules(scene, signed_in):
    rider = signed_in(scene.rider)
    assert (
        rider.post(
            f"/api/v1/rule-sets/{new_id()}/versions", json={"rules": [rule()]}, headers=people.once()
        ).status_code
        == 403
    )


def test_an_award_says_why_to_its_owner_and_to_the_book_keepers(scene, client, signed_in):
    one = make.checkin(scene.rider)
    make.judge(one)
    with transaction():
        (award,) = queries.awards_of_fact("checkin", one.id)
    at = f"/api/v1/awards/{award.id}"
    read = signed_in(scene.rider).get(at).json
    assert read["why"] == "为什么：每天首次到站签到 +5（规则 R-01 第 1 版）"
    assert (read["points"], read["usable"], read["facts"]["how"]) == (5, True, "scanned")
    assert signed_in(person(scene.reviewer)).get(at).status_code == 200
    with transaction():
        stranger, elsewhere = people.rider("路人"), people.staff("department", region_code=people.QINHUAI)
    assert signed_in(stranger).get(at).json["code"] == "award-not-found"
    assert signed_in(elsewhere).get(at).status_code == 404
    assert client.get(at).status_code == 401


def test_a_fact_says_what_it_gave_or_why_nothing(scene, signed_in):
    first, second = make.checkin(scene.rider), make.checkin(scene.rider, first_of_day=False)
    make.judge(first)
    make.judge(second)
    rider = signed_in(scene.rider)
    gave = rider.get(f"/api/v1/facts/checkin/{first.id}/award").json
    assert (gave["points"], len(gave["awards"]), gave["why_not"]) == (5, 1, None)
    nothing = rider.get(f"/api/v1/facts/checkin/{second.id}/award").json
    assert (nothing["points"], nothing["awards"]) == (0, [])
    assert nothing["why"] == nothing["why_not"] == "今天的签到分已领过，明天再来。"
    with transaction():
        stranger = people.rider("路人")
    for who, kind, fact_id in ((stranger, "checkin", first.id), (scene.rider, "streak", first.id)):
        answer = signed_in(who).get(f"/api/v1/facts/{kind}/{fact_id}/award")
        assert answer.json["code"] == "fact-not-found"
