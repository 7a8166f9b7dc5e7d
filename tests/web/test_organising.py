"""The organiser's desk in a browser without script: activities, who was there, hours confirmed or entered later."""

from __future__ import annotations

from flask import Flask

from app.kernel.db import session, transaction
from app.kernel.paging import DEFAULT_LIMIT
from app.volunteering import signing_up
from app.volunteering.models import Activity, Hours, Shift
from app.volunteering.voiding import find_made_up
from tests import make
from tests.conftest import StandingClock
from tests.volunteering import make as volunteering
from tests.web.make import browser, desk, form_on, one, person, read, send, staff, typed, wrong_fields


def test_an_activity_is_drafted_timed_published_attended_and_confirmed(
    app: Flask, city: object, clock: StandingClock
) -> None:
    organiser = desk(app, "organiser")
    home = "/activities/desk"
    page = send(
        organiser, home, home, title_zh="路口劝导", category="safety", region_code=make.COMMUNITY, place_words="中山路"
    ).headers["Location"]  # fmt: skip
    backwards = {"starts_at": "2026-11-24T15:00", "ends_at": "2026-11-24T14:30", "places": "5"}
    refused = send(organiser, page, f"{page}/shifts", **backwards)
    assert refused.status_code == 422
    assert wrong_fields(refused.text) == {"ends_at"}
    assert typed(refused.text, "starts_at") == "2026-11-24T15:00"
    assert (
        send(organiser, page, f"{page}/shifts", **backwards | {"ends_at": "2026-11-24T17:00"}).status_code
        == 303
    )
    assert send(organiser, page, f"{page}/publish").status_code == 303
    assert one(Activity).state == "open"
    shift = one(Shift)
    about = f"/desk/shifts/{shift.id}"
    assert "<svg" in organiser.get(f"{about}/code").text
    with transaction():
        rider = volunteering.a_rider()
    clock.advance(hours=1)
    volunteering.scan(shift, rider, clock.at)
    later = browser(app, staff("organiser"))
    clock.advance(minutes=20)
    assert "1 人" in later.get(about).text
    heads = f"{about}/heads"
    asked = form_on(later.get(heads), heads)
    assert asked.ticked == {"heads.0.seen"}
    unticked = later.post(heads, data=asked.fields | {"here": "1"})
    assert (unticked.status_code, wrong_fields(unticked.text)) == (422, {"here"})
    assert form_on(unticked, heads).ticked == set()
    assert send(later, heads, heads, here="1", **{"heads.0.seen": "yes"}).status_code == 303
    assert "点到" in later.get(about).text
    assert "都点到了" in later.get(heads).text
    volunteering.scan(shift, rider, clock.advance(hours=2))
    assert "王师傅" in later.get("/desk/hours").text
    assert send(later, about, f"{about}/confirm").status_code == 303
    assert one(Hours).state == "confirmed"
    assert "全部确认" not in later.get(about).text


def test_an_activity_and_a_shift_sent_twice_are_made_once(app: Flask, city: object) -> None:
    organiser = desk(app, "organiser")
    home = "/activities/desk"
    words = {
        "title_zh": "路口劝导",
        "category": "safety",
        "region_code": make.COMMUNITY,
        "place_words": "中山路",
    }
    drafted = form_on(organiser.get(home), home).fields | words
    pages = {organiser.post(home, data=drafted).headers["Location"] for _ in range(2)}
    page = f"{home}/{one(Activity).id}"
    assert pages == {page}
    times = {"starts_at": "2026-11-24T15:00", "ends_at": "2026-11-24T17:00", "places": "5"}
    timed = form_on(organiser.get(page), f"{page}/shifts").fields | times
    assert [organiser.post(f"{page}/shifts", data=timed).status_code for _ in range(2)] == [303, 303]
    assert one(Shift).places == 5


def test_an_organiser_of_many_activities_comes_to_the_first_of_them(app: Flask) -> None:
    here = volunteering.setting()
    with transaction():
        for _ in range(DEFAULT_LIMIT):
            volunteering.activity(here.organiser)
    organiser = browser(app, person(here.organiser))
    first, shown = f'href="/activities/desk/{here.activity.id}"', organiser.get("/activities/desk").text
    assert first not in shown
    onward = next(given["href"] for tag, given in read(shown).tags if "cursor=" in (given.get("href") or ""))
    assert first in organiser.get(onward).text


def test_hours_are_confirmed_or_rejected_one_by_one(app: Flask) -> None:
    here = volunteering.setting()
    with transaction():
        rider = volunteering.a_rider()
    volunteering.attend(here.shift, rider)
    hours = one(Hours)
    organiser = browser(app, person(here.organiser))
    no = f"/desk/hours/{hours.id}/reject"
    refused = send(organiser, "/desk/hours", no, reason=" ")
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"reason"})
    assert send(organiser, "/desk/hours", no, reason="中途走了").status_code == 303
    assert one(Hours).state == "rejected"


def test_whoever_signs_in_or_out_during_a_refused_count_takes_no_tick_of_others(
    app: Flask, clock: StandingClock
) -> None:
    here = volunteering.setting()
    clock.at = here.shift.starts_at
    first, second, third = (volunteering.new_rider(name) for name in ("甲师傅", "乙师傅", "丙师傅"))
    gone, missed = (volunteering.scan(here.shift, rider, clock.at) for rider in (first, second))
    organiser = browser(app, person(here.organiser))
    page = f"/desk/shifts/{here.shift.id}/heads"
    shown = form_on(organiser.get(page), page)
    came = volunteering.scan(here.shift, third, clock.advance(minutes=20))
    volunteering.scan(here.shift, first, clock.advance(minutes=20))
    refused = organiser.post(page, data=shown.fields | {"here": "2", "heads.0.seen": "yes"})
    assert wrong_fields(refused.text) == {"here"}
    again = form_on(refused, page)
    ticked = {again.fields[each.replace("seen", "attendance_id")] for each in again.ticked}
    assert str(gone.id) not in again.fields.values()
    assert str(missed.id) in again.fields.values()
    assert ticked == {str(came.id)}


def test_where_nobody_counted_heads_hours_are_confirmed_one_by_one(app: Flask, clock: StandingClock) -> None:
    here = volunteering.setting()
    with transaction():
        rider = volunteering.a_rider()
    attended = volunteering.attend(here.shift, rider)
    organiser = browser(app, person(here.organiser))
    page = f"/desk/shifts/{here.shift.id}"
    shown = organiser.get(page).text
    assert "全部确认" not in shown
    assert "一个一个确认" in shown
    assert "没在进行" in organiser.get(f"{page}/heads").text
    assert send(organiser, page, f"/desk/attendances/{attended.id}/confirm").status_code == 303
    assert one(Hours).state == "confirmed"


def test_anothers_activity_is_not_mine(app: Flask) -> None:
    here = volunteering.setting()
    with transaction():
        elsewhere = make.staff("organiser", region_code=make.QINHUAI)
    client = browser(app, elsewhere)
    for path in (f"/activities/desk/{here.activity.id}", f"/desk/shifts/{here.shift.id}"):
        assert client.get(path).status_code == 403


def test_hours_without_a_scan_are_entered_and_approved_by_a_second_person(
    app: Flask, clock: StandingClock
) -> None:
    here = volunteering.setting()
    with transaction():
        rider = volunteering.a_rider()
    with transaction():
        signing_up.sign_up(shift_id=here.shift.id, by=rider, at=clock.at)
    clock.advance(days=1)
    page = f"/activities/desk/{here.activity.id}"
    organiser = browser(app, person(here.organiser))
    filled = {
        "person_id": str(rider.person_id),
        "starts_at": "2026-11-24T15:00",
        "ends_at": "2026-11-24T17:00",
        "reason": "手机进水",
    }
    backwards = send(organiser, page, f"{page}/hours", **filled | {"ends_at": "2026-11-24T14:00"})
    assert (backwards.status_code, wrong_fields(backwards.text)) == (422, {"starts_at"})
    assert typed(backwards.text, "reason") == "手机进水"
    assert send(organiser, page, f"{page}/hours", **filled).status_code == 303
    assert one(Hours).state == "pending"
    assert "手机进水" not in organiser.get("/desk/hours").text
    department = desk(app, "department")
    shown = department.get("/desk/hours").text
    assert "手机进水" in shown
    assert "补录" in shown
    assert send(department, "/desk/hours", f"/desk/hours/{one(Hours).id}/confirm").status_code == 303
    assert (one(Hours).state, one(Hours).basis) == ("confirmed", "backfilled")


def test_a_rider_who_did_not_sign_up_is_found_by_the_whole_number(app: Flask, clock: StandingClock) -> None:
    here = volunteering.setting()
    with transaction():
        make.rider("赵师傅", phone="+8613800138777")
    clock.advance(days=1)
    page = f"/activities/desk/{here.activity.id}"
    organiser = browser(app, person(here.organiser))
    times = {"starts_at": "2026-11-24T15:00", "ends_at": "2026-11-24T17:00", "reason": "补录"}
    for phone, status in (("138", 422), ("13800138776", 404)):
        refused = send(organiser, page, f"{page}/hours", phone=phone, **times)
        assert (refused.status_code, wrong_fields(refused.text)) == (status, {"phone"}), phone
    assert send(organiser, page, f"{page}/hours", phone="13800138777", **times).status_code == 303
    assert one(Hours).minutes == 120


def test_entered_hours_need_one_rider(app: Flask, clock: StandingClock) -> None:
    here = volunteering.setting()
    with transaction():
        volunteering.a_rider()
    clock.advance(days=1)
    page = f"/activities/desk/{here.activity.id}"
    organiser = browser(app, person(here.organiser))
    times = {"starts_at": "2026-11-24T15:00", "ends_at": "2026-11-24T17:00", "reason": "补录"}
    refused = send(organiser, page, f"{page}/hours", **times)
    assert refused.status_code == 422
    with transaction(write=False):
        assert session.query(Hours).count() == 0


def test_what_was_found_made_up_says_so_and_takes_no_more_hours(
    app: Flask, city: object, clock: StandingClock
) -> None:
    organiser = desk(app, "organiser")
    with transaction():
        by = make.actor(make.staff("organiser", region_code=make.XUANWU, name="赵组织"))
        activity = volunteering.activity(by)
        shift = volunteering.shift(activity, by)
    page = f"/activities/desk/{activity.id}"
    assert f"{page}/hours" in organiser.get(page).text
    rider = volunteering.new_rider()
    volunteering.scan(shift, rider, shift.starts_at)
    with transaction():
        find_made_up(activity_id=activity.id, reason="名单是编的", by=make.SYSTEM, at=shift.starts_at)
    shown = organiser.get(page).text
    assert "名单是编的" in shown
    assert f"{page}/hours" not in shown
    for where, reads in ((browser(app, person(rider)), True), (browser(app), False)):
        told = where.get(f"/shifts/{shift.id}").text
        assert ("名单是编的" in told) is reads
