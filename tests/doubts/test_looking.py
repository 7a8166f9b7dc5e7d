"""Which facts do not go together, and which do: a second look is for contradictions, never for a person's habits."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import select

from app.cases.models import Case
from app.checkins.annulling import annul_check_in
from app.doubts import looking
from app.doubts.models import Doubt
from app.doubts.wording import why
from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.media.forgetting import erase_gone, forget_photos
from app.media.models import Media
from app.volunteering import confirming
from app.volunteering.attendance import close_forgotten
from app.volunteering.heads import Looked, count_heads
from app.volunteering.models import Hours
from tests import make as people
from tests.doubts import make
from tests.media.make import encoded, scene
from tests.rules.make import rule, when
from tests.volunteering import make as volunteering


@pytest.fixture
def town(app, clock):
    return make.town()


def kinds(found: list[Doubt]) -> list[str]:
    return [f"{each.ground} {each.fact_kind}" for each in found]


# --- two places ------------------------------------------------------------------------------------------------------


def test_nobody_is_at_two_stations_fifteen_kilometres_apart_within_three_minutes(town, clock):
    first = town.check_in(town.here)
    clock.advance(minutes=3)
    second = town.check_in(town.there)
    found = make.look(clock)
    assert kinds(found) == ["two-places checkin"] * 2
    assert {each.fact_id for each in found} == {first, second}
    assert all(each.against["seconds"] == 180 and 14_900 < each.against["metres"] < 15_100 for each in found)


def test_whoever_rides_there_is_not_doubted(town, clock):
    town.check_in(town.here)
    clock.advance(
        minutes=9
    )  # 15 km in 9 minutes: fast, but the first two kilometres are the benefit of the doubt
    town.check_in(town.there)
    assert make.look(clock) == []


def test_the_round_may_come_between_the_two(town, clock):
    town.check_in(town.here)
    assert make.look(clock) == []
    town.check_in(town.there)
    assert len(make.look(clock)) == 2


def test_what_was_brought_later_carries_a_phones_idea_of_the_time(town, clock):
    town.check_in(town.here)
    clock.advance(hours=1)
    town.check_in(town.there, happened_at=clock.at - timedelta(hours=1))
    assert make.look(clock) == []


def test_a_scan_that_was_taken_back_contradicts_nothing(town, clock):
    made = town.check_in(town.here)
    with transaction():
        annul_check_in(
            checkin_id=made, station_id=town.here.id, reason="扫错了", by=town.at_the_counter, at=clock.at
        )
    town.check_in(town.there)
    assert make.look(clock) == []


def test_two_riders_are_two_riders(town, clock):
    town.check_in(town.here)
    with transaction():
        other = people.rider("李师傅", name="李大力")
    town.rider = other
    town.check_in(town.there)
    assert make.look(clock) == []


# --- away from the shift ---------------------------------------------------------------------------------------------


def test_hours_and_a_check_in_far_away_in_the_middle_of_them(town, clock):
    hours_id = town.volunteer(clock, town.here, elsewhere_after_min=60)
    found = make.look(clock)
    assert kinds(found) == ["away-from-shift hours"]
    assert found[0].fact_id == hours_id


@pytest.mark.parametrize("minutes", [10, 110])
def test_coming_from_somewhere_and_going_on_is_not_being_away(town, clock, minutes):
    town.volunteer(clock, town.here, elsewhere_after_min=minutes)
    assert make.look(clock) == []


def test_a_break_at_the_station_of_the_shift_is_fine(town, clock):
    town.volunteer(clock, town.here)
    town.check_in(town.here)
    assert make.look(clock) == []


def test_time_that_was_rejected_already_is_not_doubted_too(town, clock):
    attended = town.attend(clock, town.here, elsewhere_after_min=60)
    with transaction():
        hours = session.scalars(select(Hours).where(Hours.attendance_id == attended.id)).one()
        confirming.reject(hours_id=hours.id, reason="那天他不在", by=town.organiser, at=clock.at)
    assert make.look(clock) == []


# --- not seen --------------------------------------------------------------------------------------------------------


def test_hours_of_whoever_was_not_seen_when_heads_were_counted(town, clock):
    hours_id = town.serve(clock, (50, False))
    found = make.look(clock)
    assert kinds(found) == ["not-seen hours"]
    assert found[0].fact_id == hours_id
    with transaction(write=False):
        chinese, english = (why(found[0], locale) for locale in ("zh", "en"))
        assert found[0].happened_at == session.get_one(Hours, hours_id).ends_at
    assert "路口文明劝导" in chinese
    assert "点人数" in chinese
    assert "counted heads" in english
    assert town.balance().held == 20


@pytest.mark.parametrize("looks", [(), ((50, True),), ((30, False), (50, True))])
def test_whoever_was_seen_in_the_end_or_not_looked_for_is_not_doubted(town, clock, looks):
    town.serve(clock, *looks)
    assert make.look(clock) == []


def test_a_count_as_the_hours_begin_falls_into_them(town, clock):
    town.serve(clock, (0, False))
    assert kinds(make.look(clock)) == ["not-seen hours"]


def test_hours_that_were_rejected_need_no_second_look(town, clock):
    with transaction():
        about = volunteering.activity(town.organiser)
        shift = volunteering.shift(about, town.organiser, starts_in=1, minutes=120)
        by = people.actor(town.rider)
    attended = volunteering.scan(shift, by, clock.at)
    clock.advance(minutes=30)
    with transaction():
        unseen = [Looked(attended.id, False)]
        count_heads(shift_id=shift.id, here=0, heads=unseen, by=town.organiser, at=clock.at)
    clock.advance(minutes=91)
    volunteering.scan(shift, by, clock.at)
    with transaction():
        hours = session.scalars(select(Hours).where(Hours.attendance_id == attended.id)).one()
        confirming.reject(hours_id=hours.id, reason="没有来", by=town.organiser, at=clock.at)
    assert make.look(clock) == []


def test_whoever_left_in_the_middle_without_signing_out(town, clock):
    town.serve(clock, (30, True), (100, False))
    assert kinds(make.look(clock)) == ["not-seen hours"]


@pytest.mark.parametrize("stayed", [60, 90])
def test_a_count_before_or_after_the_hours_that_count_says_nothing(town, clock, stayed):
    """The organiser has said when the rider really left; heads were counted later."""
    with transaction():
        about = volunteering.activity(town.organiser)
        shift = volunteering.shift(about, town.organiser, starts_in=1, minutes=120)
        by = people.actor(town.rider)
    attended = volunteering.scan(shift, by, clock.at)
    with transaction():
        counted_at = shift.starts_at + timedelta(minutes=90)
        count_heads(
            shift_id=shift.id, here=0, heads=[Looked(attended.id, False)], by=town.organiser, at=counted_at
        )
    with transaction():
        close_forgotten(at=shift.ends_at + timedelta(hours=1))
        left = shift.starts_at + timedelta(minutes=stayed)
        confirming.confirm_attendance(
            attendance_id=attended.id, signed_out_at=left, by=town.organiser, at=shift.ends_at
        )
    clock.at = shift.ends_at + timedelta(hours=2)
    assert make.look(clock) == []


# --- one matter ------------------------------------------------------------------------------------------------------


def test_the_same_thing_told_three_times_in_ten_minutes(town, clock):
    first = town.report()
    told = []
    for metres in (30, 60):
        clock.advance(minutes=5)
        told.append(town.report(metres=metres))
    found = make.look(clock)
    assert kinds(found) == ["one-matter report"] * 2
    assert {each.fact_id for each in found} == set(told)
    assert first not in {each.fact_id for each in found}


@pytest.mark.parametrize(
    ("minutes", "metres", "category"),
    [(5, 30, "street-light"), (5, 600, "pothole"), (90, 30, "pothole"), (5, 400, "pothole")],
    ids=["another kind", "another street", "an hour later, once", "down the street, once"],
)
def test_two_things_on_one_way_are_two_things(town, clock, minutes, metres, category):
    town.report()
    clock.advance(minutes=minutes)
    town.report(metres=metres, category=category)
    assert make.look(clock) == []


def test_the_second_such_pair_in_a_fortnight_is_looked_at(town, clock):
    town.report()
    clock.advance(hours=2)
    town.report(metres=100)
    clock.advance(days=3)
    town.report(metres=3_000)
    clock.advance(hours=2)
    last = town.report(metres=3_100)
    assert [each.fact_id for each in make.look(clock)] == [last]


def test_a_street_told_piece_by_piece_is_looked_at(town, clock):
    told = [town.report()]
    for number in range(1, 4):
        clock.advance(minutes=15)
        told.append(town.report(metres=300 * number))
    assert [each.fact_id for each in make.look(clock)] == told[2:]


def test_what_was_mended_and_is_there_again_is_worth_a_report(town, clock):
    told = town.report()
    town.accept(told)
    town.resolve(told)
    clock.advance(minutes=20)
    town.report(metres=10)
    assert make.look(clock) == []


def test_two_riders_who_tell_of_the_same_thing_are_two_witnesses(town, clock):
    with transaction():
        other = people.rider("李师傅", name="李大力")
    town.report()
    clock.advance(minutes=2)
    town.report(by=other)
    assert make.look(clock) == []


# --- one photo -------------------------------------------------------------------------------------------------------

POTHOLE, LAMP, NIGHT = (
    encoded(picture) for picture in (scene(1), scene(2), Image.new("RGB", (640, 480), "black"))
)
SAVED_AGAIN = encoded(scene(1).resize((400, 300)), quality=40)


def elsewhere_later(town, clock, photo: bytes, *, by: Person | None = None) -> UUID:
    """Another matter, far away, days later."""
    clock.advance(days=5)
    return town.report(metres=5_000, category="street-light", photos=[photo], by=by)


@pytest.mark.parametrize("photo", [POTHOLE, SAVED_AGAIN], ids=["the same file", "saved again, smaller"])
def test_a_picture_that_came_with_another_report_before(town, clock, photo):
    first = town.report(photos=[LAMP, POTHOLE])
    second = elsewhere_later(town, clock, photo)
    (found,) = make.look(clock)
    assert (found.ground, found.fact_kind, found.fact_id) == ("one-photo", "report", second)
    assert found.against["other"] == str(first)
    assert found.against["bits"] <= 8


def test_the_picture_of_somebody_else_and_the_words_do_not_say_whose(town, clock):
    with transaction():
        other = people.rider("李师傅", name="李四", phone="+8613900139000")
    first = town.report(photos=[POTHOLE], by=other)
    assert make.look(clock) == []
    second = elsewhere_later(town, clock, SAVED_AGAIN)
    (found,) = make.look(clock)
    assert (found.fact_id, found.person_id) == (second, town.rider.id)
    with transaction(write=False):
        numbers = {each: session.get_one(Case, each).number for each in (first, second)}
        for locale in ("zh", "en"):
            said = why(found, locale)
            assert numbers[second] in said
            assert numbers[first] not in said


def test_two_pictures_are_two_pictures(town, clock):
    town.report(photos=[POTHOLE])
    elsewhere_later(town, clock, LAMP)
    assert make.look(clock) == []


def test_a_band_in_common_is_not_enough(town, clock):
    town.report(photos=[POTHOLE])
    elsewhere_later(town, clock, LAMP)
    with transaction():
        for photo in session.scalars(select(Media)):  # the same in the last band, otherwise the opposite
            photo.likeness = ("0" if photo.created_at < clock.at else "f") * 28 + "0000"
    assert make.look(clock) == []


def test_two_alike_in_one_report_are_of_one_matter(town, clock):
    town.report(photos=[POTHOLE, SAVED_AGAIN])
    assert make.look(clock) == []


def test_the_night_looks_like_the_night(town, clock):
    town.report(photos=[NIGHT])
    elsewhere_later(town, clock, NIGHT)
    assert make.look(clock) == []


def test_what_came_to_nothing_may_be_sent_again_with_its_photo(town, clock):
    town.reject(town.report(photos=[POTHOLE]))
    elsewhere_later(town, clock, SAVED_AGAIN)
    assert make.look(clock) == []


def test_a_photo_that_somebody_else_sent_in_vain_is_still_theirs(town, clock):
    with transaction():
        other = people.rider("李师傅", name="李四", phone="+8613900139000")
    town.reject(town.report(photos=[POTHOLE], by=other))
    elsewhere_later(town, clock, SAVED_AGAIN)
    assert len(make.look(clock)) == 1


def test_a_forgotten_photo_is_forgotten(town, clock):
    town.report(photos=[POTHOLE])
    with transaction():
        forget_photos(photo_ids=list(session.scalars(select(Media.id))), at=clock.at)
        erase_gone(at=clock.at)
    elsewhere_later(town, clock, SAVED_AGAIN)
    assert make.look(clock) == []


# --- what is set aside ------------------------------------------------------------------------------------------------


def test_all_that_a_doubted_fact_gave_step_by_step_waits_and_is_free_again(app, clock):
    town = make.town(rule("R-06", "report", 3, when=[when("stage", "resolved")]))
    town.report()
    again = town.report(metres=20)
    make.look(clock)
    town.accept(again)
    make.look(clock)
    town.resolve(again)
    (doubt,) = make.look(clock)
    assert (town.balance().usable, town.balance().held) == (0, 13)
    make.in_order(doubt, town.first)
    assert (town.balance().usable, town.balance().held) == (13, 0)


# --- rounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("owned")
def test_of_one_fact_there_is_one_doubt_however_often_it_is_looked_at(town, clock):
    town.check_in(town.here)
    town.check_in(town.there)
    assert len(make.look(clock)) == 2
    with transaction():
        session.query(looking.LookedUntil).delete()
    assert len(make.look(clock)) == 2


def test_a_long_backlog_is_taken_in_parts(town, clock, monkeypatch):
    monkeypatch.setattr(looking, "AT_MOST", 1)
    town.check_in(town.here)
    town.check_in(town.there)
    assert [len(make.look(clock)) for _ in range(3)][-1] == 2


def test_what_is_still_being_written_is_not_passed_over(town, clock):
    town.check_in(town.here)
    town.check_in(town.there)
    with transaction():
        assert looking.look_for_doubts(at=clock_module.now()) == 0
    assert len(make.look(clock)) == 2
