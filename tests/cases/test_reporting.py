from __future__ import annotations

from datetime import timedelta

import pytest

from app.cases import opening, queries, reporting
from app.cases import states as s
from app.cases.errors import (
    CaseMovedOn,
    CaseNotFound,
    OwnCase,
    PersonalNumbers,
    PlaceFarAway,
    PlaceMissing,
    UnknownCategory,
    UnlikelyTime,
)
from app.cases.events import CaseEvent, CaseReported
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.kernel.geo import Position
from app.media.errors import PhotoNotFree
from tests import make as city
from tests.cases import make
from tests.cases.make import POTHOLE, Town

pytestmark = pytest.mark.usefixtures("unit")
METRE = 1 / 111_195


def test_it_opens_a_case_for_the_unit_of_the_place(town: Town, heard: list[CaseEvent]):
    case = make.report(town.rider, description="右车道一个坑")

    assert (case.kind, case.state, case.grade) == ("report", s.SUBMITTED, "normal")
    assert (case.region_code, case.unit_region_code) == (city.COMMUNITY, city.MEIYUAN)
    assert case.accept_by == case.due_at == clock.now() + timedelta(hours=24)
    assert case.number[0].isalpha()
    assert len(case.number) == 5
    [event] = heard
    assert isinstance(event, CaseReported)
    assert (event.case_id, event.reporter_id, event.region_code) == (case.id, town.rider.id, city.COMMUNITY)


@pytest.mark.parametrize("category, hours", [("manhole", 2), ("street-light", 24), ("rubbish", 72)])
def test_its_category_says_how_soon_somebody_looks(town: Town, category: str, hours: int):
    case = make.report(town.rider, category=category)

    assert case.accept_by == clock.now() + timedelta(hours=hours)


def test_it_may_lack_a_position_if_words_say_where(town: Town):
    case = make.report(town.rider, position=None, place_words="珠江路地铁站 2 号口")

    assert case.position is None
    assert case.region_code == city.COMMUNITY  # the reporter's home


def test_without_a_home_the_city_takes_it(town: Town):
    assert make.report(town.other, position=None).unit_region_code == city.CITY


def test_it_asks_where(town: Town):
    with pytest.raises(PlaceMissing):
        make.report(town.rider, position=None, place_words="")


@pytest.mark.parametrize("position", [Position(0, 0), Position(39.9, 116.4), Position(-32.04, 118.79)])
def test_it_refuses_places_far_away(town: Town, position: Position):
    with pytest.raises(PlaceFarAway):
        make.report(town.rider, position=position)


MOMENT = timedelta(microseconds=1)
FROM, UNTIL = timedelta(days=30), timedelta(minutes=-5)  # a draft's age; phones' clocks go wrong a little


@pytest.mark.parametrize("ago", [FROM + MOMENT, UNTIL - MOMENT])
def test_it_refuses_unlikely_times(town: Town, ago: timedelta):
    with pytest.raises(UnlikelyTime):
        make.report(town.rider, happened_at=clock.now() - ago)


@pytest.mark.parametrize("ago", [FROM, UNTIL])
def test_a_draft_saved_days_ago_is_welcome(town: Town, ago: timedelta):
    assert make.report(town.rider, happened_at=clock.now() - ago).happened_at == clock.now() - ago


def test_it_knows_its_categories_only(town: Town):
    with pytest.raises(UnknownCategory):
        make.report(town.rider, category="person")


@pytest.mark.parametrize("field", ["description", "place_words"])
@pytest.mark.parametrize(
    "number",
    [
        "13912341204",
        "139 1234 1204",
        "139-1234-1204",
        "+8613912341204",
        "１３９１２３４１２０４",
        "32010219900101123X",
        "320102199001011234",
        "139  1234   1204",
        "139 - 1234 - 1204",
        "(139)1234-1204",
        "【139】（1234）1204",
        "139—1234–1204",
        "139−1234−1204",
        "139/1234/1204",
        "139\\1234|1204",
        "139.1234·1204",
        "139\u200b1234\ufeff1204",
        "139\u00ad1234\u20601204",
        "139\n1234\t1204",
        "1 3 9 1 2 3 4 1 2 0 4",
        "1️⃣3️⃣9️⃣12341204",
        "①③⑨ 1234 1204",
        "١٣٩١٢٣٤١٢٠٤",
        "1-391-234-1204",
        "13-91-23-41-20-4",
        "+86 (139) 1234 1204",
        "0086-139-1234-1204",
        "00 86 139 1234 1204",
        "8613912341204",
        "008613912341204",
        "12-8 139 1234 1204",
        "2026-11-24 139 1234 1204",
        "320102  19900101  1234",
        "320102-1990-01-01-123X",
        "320102 2005.12.31 (1234)",
        "320102\u200b19900101\u200b1234",
    ],
)
def test_it_refuses_numbers_of_persons(town: Town, field: str, number: str):
    with pytest.raises(PersonalNumbers) as refusal:
        make.report(town.rider, **{field: f"找他 {number}。"})

    assert list(refusal.value.fields) == [field]


@pytest.mark.parametrize(
    "words",
    [
        "灯杆 320102 号",
        "2026-11-24 看到，宽 120 厘米",
        "杆号 139123412",
        "热线 025-12345678",
        "和 A2061、A1399、B18001 是同一处",
        "2026-11-24 – 2026-11-30 18:30 都积水",
        "2026.1.5-2026.1.12 18:30",
        "2026/1/3 2026/1/5 13 点",
        "20261124 13:02 到 20261130",
        "1/3 1/5 1/7 1/9 1/11 都有",
        "136/137/158/30 路站牌倒了",
        "18/136/137/158 路公交",
        "bus lines 136/137/158/30",
        "13、15、18、22、31、5 路",
        "门牌 13-15-17-19-21-3 号",
        "修一次 150.50 - 1800.00 元",
        "1500.50-800.00 元",
        "约 ¥15000 - 180000",
        "15000–180000 元",
        "96889 转 13800138",
        "139123412041 是杆号",
    ],
)
def test_it_lets_other_numbers_be(town: Town, words: str):
    assert make.report(town.rider, description=words).description == words


def test_the_same_draft_sent_twice_is_one_case(town: Town, heard: list[CaseEvent]):
    first = make.report(town.rider, client_ref="draft-1")
    again = make.report(town.rider, client_ref="draft-1", description="改了")

    assert again.id == first.id
    assert len(heard) == 1
    assert make.report(town.other, client_ref="draft-1").id != first.id


def test_a_draft_that_arrives_between_look_and_insert_is_one_case(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    first = make.report(town.rider, client_ref="draft-1")
    seen = iter([None])
    look = opening._same_draft
    monkeypatch.setattr(opening, "_same_draft", lambda *args: next(seen, look(*args)))

    assert make.report(town.rider, client_ref="draft-1").id == first.id


def test_a_taken_number_is_not_given_twice(town: Town, monkeypatch: pytest.MonkeyPatch):
    numbers = iter(["A2061", "A2061", "A20618"])
    monkeypatch.setattr(opening, "new_number", lambda _attempt: next(numbers))

    assert [make.report(town.rider).number, make.report(town.rider).number] == ["A2061", "A20618"]


def test_visitors_do_not_report(town: Town):
    from app.identity.actors import ANONYMOUS

    with pytest.raises(Forbidden):
        reporting.report(category="pothole", position=POTHOLE, place_words=None, by=ANONYMOUS, at=clock.now())


def test_its_photos_belong_to_it(town: Town):
    photo_id = make.photo(town.rider)
    case = make.report(town.rider, photo_ids=[photo_id])

    assert list(queries.photos_of(case).values()) == [[photo_id]]
    with pytest.raises(PhotoNotFree):
        make.report(town.rider, photo_ids=[photo_id])


def test_photos_of_others_are_not_taken(town: Town):
    with pytest.raises(PhotoNotFree):
        make.report(town.rider, photo_ids=[make.photo(town.other)])


def test_similar_ones_are_within_sixty_metres_nearest_first(town: Town):
    def at(metres: float) -> Position:
        return Position(POTHOLE.lat + metres * METRE, POTHOLE.lng)

    far, near, _outside = (make.report(town.rider, position=at(each)) for each in (55, 10, 62))
    make.report(town.rider, position=at(5), category="rubbish")
    make.bring(make.report(town.rider, position=at(1)), town, s.REJECT)

    found = reporting.similar_near(POTHOLE, "pothole")

    assert [(each.case.id, each.distance_m) for each in found] == [(near.id, 10), (far.id, 55)]


def test_sixty_metres_are_a_circle_and_not_a_box(town: Town):
    corner = Position(
        POTHOLE.lat + 50 * METRE, POTHOLE.lng + 50 * METRE / 0.8477
    )  # 71 m away, within the box
    make.report(town.rider, position=corner)

    assert reporting.similar_near(POTHOLE, "pothole") == []


def test_what_the_same_rider_told_around_is_shown_whatever_it_was_called(clock, town: Town):
    def at(metres: float) -> Position:
        return Position(POTHOLE.lat + metres * METRE, POTHOLE.lng)

    make.report(town.other, position=at(2))
    old = make.report(town.rider, position=at(3))
    clock.advance(hours=23)
    first = make.report(town.rider, position=at(300), category="rubbish")
    make.report(town.rider, position=at(820))
    make.bring(make.report(town.rider, position=at(1)), town, s.REJECT)
    clock.advance(hours=2)
    case = make.report(town.rider, position=POTHOLE)

    assert [(each.case.id, each.distance_m) for each in reporting.told_around(case)] == [(first.id, 300)]
    assert {each.case.id for each in reporting.told_around(first)} == {old.id, case.id}


def test_me_too_counts_once(town: Town):
    case = make.report(town.rider)
    for _ in range(2):
        reporting.me_too(case_id=case.id, by=city.actor(town.other), at=clock.now())

    assert queries.followers(case.id) == [town.other.id]
    assert [each.id for each in queries.followed_cases(town.other.id).items] == [case.id]


def test_nobody_seconds_their_own_report(town: Town):
    with pytest.raises(OwnCase):
        reporting.me_too(case_id=make.report(town.rider).id, by=city.actor(town.rider), at=clock.now())


def test_what_is_over_is_not_seconded(town: Town):
    with pytest.raises(CaseMovedOn):
        reporting.me_too(
            case_id=make.report_in(s.REJECTED, town).id, by=city.actor(town.other), at=clock.now()
        )


def test_a_private_case_is_not_seconded(town: Town):
    with pytest.raises(CaseNotFound):
        reporting.me_too(case_id=make.appeal(town).id, by=city.actor(town.other), at=clock.now())
