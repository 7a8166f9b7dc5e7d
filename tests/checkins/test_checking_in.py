"""By the poster within reach and opening hours, by the counter without; once per four hours either way."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from app.checkins.checking_in import believed, check_in_by_code, check_in_by_poster
from app.checkins.events import CheckedIn
from app.checkins.models import BUCKETS_M, Checkin, RefusedScan, bucket_of, window_of
from app.checkins.queries import count_today
from app.kernel import clock as clock_module
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.places.hours import every_day
from app.places.models import Station
from tests.checkins import make
from tests.codes.make import at_once
from tests.volunteering.make import listening

OFFICE_HOURS = every_day("08:00", "20:00")


@pytest.mark.parametrize(
    ("metres", "accuracy_m", "said"),
    [
        (0, 5, "counted"),
        (149, 0, "counted"),
        (151, 0, "too-far"),
        (245, 100, "counted"),  # within reach as far as the phone can tell
        (255, 100, "too-far"),
        (5_000, 100, "too-far"),
        (0, 101, "location-vague"),
        (5_000, 100_000, "location-vague"),
    ],
)
def test_the_phone_must_stand_at_the_station(app, clock, metres, accuracy_m, said):
    station, rider = make.a_station(), make.a_rider()
    assert make.verdict(station, rider, make.metres_north(metres), accuracy_m) == said
    assert make.count() == (said == "counted")


@pytest.mark.parametrize(
    ("position", "accuracy_m"), [(None, 10), (Position(32.0435, 118.798), None), (None, None)]
)
def test_a_poster_without_a_place_proves_nothing(app, clock, position, accuracy_m):
    station, rider = make.a_station(), make.a_rider()
    assert make.verdict(station, rider, position, accuracy_m) == "location-needed"


def test_no_coordinates_are_kept_only_a_step(app, clock):
    station, rider = make.a_station(), make.a_rider()
    made = make.by_poster(station, rider, make.metres_north(80), 10)
    assert made.within_m == 100
    kept = {column.name for table in (Checkin.__table__, RefusedScan.__table__) for column in table.columns}
    assert not kept & {"lat", "lng", "position", "accuracy_m", "distance_m"}


def test_distances_fall_into_steps():
    assert [bucket_of(metres) for metres in (0, 25, 26, 150, 4_999, 9_000_000)] == [
        25,
        25,
        50,
        150,
        5_000,
        5_000,
    ]
    assert list(BUCKETS_M) == sorted(BUCKETS_M)


def test_the_poster_counts_while_the_station_is_open(app, clock):
    station, rider = make.a_station(hours=OFFICE_HOURS), make.a_rider()
    clock.advance(hours=7)  # 21:02
    with pytest.raises(Problem) as refused:
        make.by_poster(station, rider)
    assert refused.value.slug == "station-closed"
    assert clock_module.city_time(refused.value.facts["opens_at"]).strftime("%d %H:%M") == "25 08:00"
    clock.advance(hours=11)  # 08:02
    assert make.verdict(station, rider) == "counted"


def test_a_station_that_closed_for_good_leads_elsewhere(app, clock):
    station, rider = make.a_station(), make.a_rider()
    with transaction():
        session.get_one(Station, station.id).active = False
    assert make.verdict(station, rider) == "station-not-found"


def test_the_counter_needs_neither_place_nor_hours(app, clock):
    station, rider = make.a_station(hours=OFFICE_HOURS), make.a_rider()
    manager = make.a_manager(station)
    clock.advance(hours=7)
    with transaction():
        made = check_in_by_code(person_id=rider.id, station_id=station.id, by=manager, at=clock())
    assert (made.how, made.within_m, made.recorded_by) == ("scanned", None, manager.person_id)


def test_only_the_stations_staff_checks_in_at_its_counter(app, clock):
    station, rider = make.a_station(), make.a_rider()
    with transaction():
        elsewhere = make.make.station("别处")
        stranger = make.make.actor(make.make.staff("station-manager", station_id=elsewhere.id))
        district = make.make.actor(
            make.make.staff("station-manager", region_code=make.make.XUANWU, name="片区")
        )
    for by in (stranger, rider):
        with pytest.raises(Problem, match="not-allowed"), transaction():
            check_in_by_code(person_id=rider.id, station_id=station.id, by=by, at=clock())
    with transaction():
        check_in_by_code(person_id=rider.id, station_id=station.id, by=district, at=clock())
    assert make.count() == 1


def test_only_riders_check_in(app, clock):
    station = make.a_station()
    manager = make.a_manager(station)
    assert make.verdict(station, manager) == "not-a-rider"
    with pytest.raises(Problem, match="not-a-rider"), transaction():
        check_in_by_code(person_id=manager.id, station_id=station.id, by=manager, at=clock())


def test_once_per_station_and_four_hours(app, clock):
    station, rider = make.a_station(), make.a_rider()
    with transaction():
        next_door = make.make.station("隔壁驿站")
    assert make.verdict(station, rider) == "counted"  # 14:02
    clock.advance(minutes=117)  # 15:59
    with pytest.raises(Problem) as refused:
        make.by_poster(station, rider)
    assert refused.value.slug == "checked-in-already"
    assert clock_module.city_time(refused.value.facts["at"]).strftime("%H:%M") == "14:02"
    assert make.verdict(next_door, rider) == "counted"
    assert make.verdict(station, make.a_rider("李师傅")) == "counted"
    clock.advance(minutes=1)  # 16:00, the next window
    assert make.verdict(station, rider) == "counted"


def test_a_clock_that_runs_ahead_counts_in_no_window_that_has_not_begun(app, clock):
    station, rider = make.a_station(), make.a_rider()
    clock.advance(minutes=117)  # 15:59; at 16:00 the next window begins
    ahead = clock() + clock_module.timedelta(minutes=2)
    made = in_transaction(
        lambda: check_in_by_poster(
            station_id=station.id,
            position=station.position,
            accuracy_m=10,
            happened_at=ahead,
            by=rider,
            at=clock(),
        )
    )
    assert (made.happened_at, made.window_starts_at) == (clock(), window_of(clock()))
    clock.advance(seconds=30)
    assert make.verdict(station, rider) == "checked-in-already"


def test_a_check_in_may_come_seventy_two_hours_late_and_from_a_clock_five_minutes_ahead(clock):
    now, moment = clock(), clock_module.timedelta(microseconds=1)
    late, ahead = clock_module.timedelta(hours=72), clock_module.timedelta(minutes=5)
    assert believed(now - late, now) == now - late
    assert believed(now + ahead, now) == believed(None, now) == now
    for when, slug in ((now - late - moment, "checkin-too-late"), (now + ahead + moment, "checkin-ahead")):
        with pytest.raises(Problem, match=slug):
            believed(when, now)


def test_windows_begin_at_midnight_in_the_city(clock):
    hours = set()
    for _ in range(24):
        hours.add(clock_module.city_time(window_of(clock.advance(hours=1))).strftime("%H:%M"))
    assert hours == {"00:00", "04:00", "08:00", "12:00", "16:00", "20:00"}


def test_many_at_once_make_one_check_in(app, clock):
    station, rider = make.a_station(), make.a_rider()

    def scan():
        return check_in_by_poster(
            station_id=station.id, position=station.position, accuracy_m=10, by=rider, at=clock_module.now()
        ).id

    with listening(CheckedIn) as heard:
        results = at_once(app, [scan] * 10)
    assert results.count("checked-in-already") == 9
    assert (make.count(), len(heard)) == (1, 1)


def test_poster_and_counter_at_once_make_one_check_in(app, clock):
    station, rider = make.a_station(), make.a_rider()
    manager = make.a_manager(station)

    def poster():
        return check_in_by_poster(
            station_id=station.id, position=station.position, accuracy_m=10, by=rider, at=clock_module.now()
        ).id

    def counter():
        return check_in_by_code(
            person_id=rider.id, station_id=station.id, by=manager, at=clock_module.now()
        ).id

    results = at_once(app, [poster, counter] * 2)
    assert results.count("checked-in-already") == 3
    assert make.count() == 1


def test_what_happened_is_told_with_its_facts(app, clock):
    station, rider = make.a_station(), make.a_rider()
    with listening(CheckedIn) as heard:
        made = make.by_poster(station, rider)
    assert heard == [
        CheckedIn(
            checkin_id=made.id,
            person_id=rider.id,
            station_id=station.id,
            region_code=station.region_code,
            how="poster",
            happened_at=clock(),
            at=clock(),
        )
    ]


def test_a_subscriber_that_fails_leaves_no_check_in(app, clock):
    station, rider = make.a_station(), make.a_rider()

    def broken() -> None:
        make_it = check_in_by_poster(
            station_id=station.id, position=station.position, accuracy_m=10, by=rider, at=clock()
        )
        raise RuntimeError(make_it.id)

    with pytest.raises(RuntimeError):
        in_transaction(broken)
    assert make.count() == 0


@pytest.mark.usefixtures("owned")
@pytest.mark.parametrize("model", [Checkin, RefusedScan])
def test_presence_is_never_rewritten(app, clock, model):
    station, rider = make.a_station(), make.a_rider()
    make.by_poster(station, rider)
    make.verdict(station, rider)
    with pytest.raises(DBAPIError, match="append-only"), transaction():
        session.execute(update(model).values(station_id=None))
    with pytest.raises(DBAPIError, match="append-only"), transaction():
        session.query(model).delete()


def test_the_day_ends_at_midnight(app, clock):
    station, rider = make.a_station(), make.a_rider()
    make.by_poster(station, rider)
    clock.at = clock_module.city_midnight(clock_module.city_day(clock())) + clock_module.timedelta(days=1)
    make.by_poster(station, rider)  # 00:00 sharp belongs to the new day
    with transaction(write=False):
        before, after = clock() - clock_module.timedelta(seconds=1), clock()
        assert (count_today([station.id], before), count_today([station.id], after)) == (1, 1)
        assert count_today([], after) == 0  # nobody else's
