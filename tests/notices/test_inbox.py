"""What people are told: once, in their language, and only about what is theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.identity.actors import SYSTEM
from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger.events import PointsCorrected
from app.notices import channels, queries, subscribers
from app.notices.channels import null_sms
from app.notices.kinds import KINDS
from app.notices.telling import About, tell, text_of
from app.rules.paying import settle_due
from tests import make as people
from tests.rules import make


@pytest.fixture
def scene(app):
    return make.scene()


def texts(person, locale=None):
    with transaction(write=False):
        return [text_of(notice, locale) for notice in queries.inbox(person.id).items]


def told(person_id, source="award:1", slug="points-none", **facts):
    facts = facts or {"why": {"zh": "明天再来。", "en": "See you tomorrow."}}
    with transaction():
        about = About("award", new_id())
        return tell(
            person_id=person_id, slug=slug, source=source, facts=facts, about=about, at=clock_module.now()
        )


def test_it_is_told_once(scene):
    assert told(scene.rider.id) is not None
    assert told(scene.rider.id) is None
    assert texts(scene.rider) == ["明天再来。"]


def test_it_speaks_the_readers_language(scene):
    told(scene.rider.id)
    assert texts(scene.rider, "en") == ["See you tomorrow."]


def test_a_closed_account_and_an_unknown_person_are_told_nothing(scene):
    with transaction():
        session.get_one(Person, scene.rider.id).closed_at = clock_module.now()
    assert told(scene.rider.id) is None
    assert told(new_id()) is None
    assert told(None) is None


def test_every_kind_has_words_and_known_channels():
    from app.kernel.i18n import words

    for slug, ways in KINDS.items():
        assert set(words()[f"notices.{slug}"]) >= {"zh", "en"}
        assert set(ways) <= set(channels.CHANNELS)


def test_text_messages_that_are_not_connected_say_so(scene, monkeypatch):
    assert channels.not_connected() == ["短信还没接通，消息只进站内信箱。"]
    lines = []
    monkeypatch.setattr(
        null_sms._log, "warning", lambda *said, **facts: lines.append((said, facts)), raising=False
    )
    notice = told(scene.rider.id, slug="honour-consent")
    assert lines == [(("sms-not-connected",), {"notice_id": str(notice.id), "slug": "honour-consent"})]


# --- what is told --------------------------------------------------------------------------------------------------


def test_a_report_from_pending_to_usable(scene):
    case_id = new_id()
    make.judge(make.report(scene.rider, id=case_id))
    assert texts(scene.rider) == ["随手报被采纳 +5，办结后可用（规则 R-03 第 1 版）。"]


def test_points_that_wait_for_a_day_say_which_and_not_that_anything_is_resolved(app, clock):
    waits = make.rule("R-09", "training", 5, usable="after_days", usable_after_days=3)
    scene = make.scene([waits])
    make.judge(make.training(scene.rider))
    assert texts(scene.rider) == ["每天首次到站签到 +5，2026年11月27日起可用（规则 R-09 第 1 版）。"]
    assert texts(scene.rider, "en") == [
        "first check-in of the day +5, usable from 27 Nov 2026 (rule R-09 v1)."
    ]
    clock.advance(days=3)
    with transaction():
        settle_due(at=clock.at)
    assert texts(scene.rider)[0] == "到日子了，每天首次到站签到的 5 分可以用了（规则 R-09 第 1 版）。"
    assert texts(scene.rider, "en")[0].startswith("The day has come: 5 points")
    assert scene.points() == (5, 0)


def test_a_check_in_is_not_repeated_in_the_inbox(scene):
    make.judge(make.checkin(scene.rider))
    make.judge(make.checkin(scene.rider, first_of_day=False))
    assert texts(scene.rider) == []


def test_queued_points_are_promised_and_then_come(scene):
    with transaction():
        poor = people.rider("李师傅")
        make.in_force(scene, scene.version.rules, region_code=people.QINHUAI)
    at = clock_module.now() + timedelta(days=60)  # a quarter that nobody funded
    with transaction():
        from app.rules import awarding

        awarding.judge(make.checkin(poor, at=at, region="3201/320104/"), at=at)
    assert texts(poor) == ["每天首次到站签到 +5 已记下，等预算到了就发，一分不少（规则 R-01 第 1 版）。"]
    with transaction():
        from app.rules.paying import pay_queued

        assert pay_queued(at=clock_module.now()) == 1
    assert texts(poor)[0] == "每天首次到站签到 +5，已经可以用了（规则 R-01 第 1 版）。"


def test_hours_without_points_say_why(scene):
    make.judge(make.hours(scene.rider, minutes=20))
    assert texts(scene.rider) == ["这次 20 分钟，还不够最低的一档，没有积分，记录照样算数。"]


def test_a_correction_is_told_in_plain_words(scene):
    with transaction():
        for points in (-10, 3):
            subscribers.on_points_corrected(
                PointsCorrected(
                    correction_id=new_id(),
                    person_id=scene.rider.id,
                    region_path="",
                    points=points,
                    reason="同一次签到记了两遍",
                    by=SYSTEM,
                    at=clock_module.now(),
                )
            )
    assert texts(scene.rider) == [
        "少记了 3 分，已补上：同一次签到记了两遍。有疑问？可以来问。",
        "多记了 10 分，已更正：同一次签到记了两遍。有疑问？可以来问。",
    ]


# --- reading it ----------------------------------------------------------------------------------------------------


def test_reading_one_and_reading_all(app, scene):
    for number in range(3):
        told(scene.rider.id, source=f"award:{number}")
    rider = people.signed_in(app, scene.rider)
    assert rider.get("/api/v1/notices/unread").json == {"unread": 3}
    newest = rider.get("/api/v1/notices?limit=2").json
    assert (len(newest["items"]), newest["next_cursor"] is None) == (2, False)
    read = rider.post(f"/api/v1/notices/{newest['items'][0]['id']}/read").json
    assert (read["text"], read["read_at"] is not None) == ("明天再来。", True)
    assert rider.get("/api/v1/notices/unread").json == {"unread": 2}
    assert rider.post("/api/v1/notices/read").json == {"unread": 0}
    assert rider.get("/api/v1/notices/unread").json == {"unread": 0}


def test_the_first_reading_counts(app, scene, clock):
    notice = told(scene.rider.id)
    rider = people.signed_in(app, scene.rider)
    first = rider.post(f"/api/v1/notices/{notice.id}/read").json["read_at"]
    clock.advance(minutes=5)
    assert rider.post(f"/api/v1/notices/{notice.id}/read").json["read_at"] == first


def test_somebody_elses_inbox_is_closed(app, scene):
    notice = told(scene.rider.id)
    with transaction():
        stranger = people.rider("路人")
    other = people.signed_in(app, stranger)
    assert other.get("/api/v1/notices").json["items"] == []
    assert other.post(f"/api/v1/notices/{notice.id}/read").json["code"] == "notice-not-found"
    other.post("/api/v1/notices/read")
    with transaction(write=False):
        assert queries.unread_count(scene.rider.id) == 1
