"""Opening hours on the city's wall clock, and stations by distance."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.kernel.db import session, transaction
from app.kernel.geo import Position, distance_m, from_edge, to_gcj02
from app.places import queries
from app.places.hours import every_day
from app.places.models import Region, Station
from tests import make


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-24T{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "time", "expected"),
    [
        (every_day(), "03:00", True),
        (every_day("08:00", "22:00"), "07:59", False),
        (every_day("08:00", "22:00"), "08:00", True),
        (every_day("08:00", "22:00"), "22:00", False),
        (every_day("18:00", "02:00"), "23:59", True),
        (every_day("18:00", "02:00"), "01:59", True),
        (every_day("18:00", "02:00"), "02:00", False),
    ],
)
def test_it_knows_when_it_is_open(hours, time, expected):
    assert Station(hours=hours, active=True).is_open(at(time)) is expected


def test_it_says_when_it_opens_next():
    station = Station(hours=every_day("08:00", "22:00"), active=True)
    assert station.next_opening(at("23:00")) == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)


ON_TUESDAYS = [[], [["17:00", "19:00"], ["10:00", "12:00"]], *[[]] * 5]


@pytest.mark.parametrize(
    ("time", "opens"),
    [
        ("08:00", "2026-11-24T10:00+08:00"),
        ("10:00", "2026-11-24T17:00+08:00"),
        ("20:00", "2026-12-01T10:00+08:00"),
    ],
    ids=["the earliest span, however they are written", "not the one that opens right now", "in a week"],
)
def test_the_next_opening_is_found_within_a_week(time, opens):
    assert Station(hours=ON_TUESDAYS).next_opening(at(time)) == datetime.fromisoformat(opens)


def test_a_station_never_open_has_no_next_opening():
    assert Station(hours=[[]] * 7).next_opening(at("08:00")) is None


@pytest.mark.once
def test_a_station_that_has_closed_for_good_is_found_nowhere(app):
    with transaction():
        make.regions()
        make.station("停用驿站").active = False
        open_ = make.station("新街口驿站")
    with transaction(write=False):
        assert [each.station.id for each in queries.stations_near(make.STATION_POSITION)] == [open_.id]
        assert [each.id for each in queries.stations()] == [open_.id]
        assert [each.id for each in queries.stations("3201/320102/")] == [open_.id]


@pytest.mark.once
def test_a_position_lies_in_the_community_of_a_station_within_five_kilometres(app):
    with transaction():
        make.regions()
        make.station()
    lat, lng = make.STATION_POSITION.lat, make.STATION_POSITION.lng
    with transaction(write=False):
        assert queries.nearest_community(Position(lat + 0.04, lng)) == make.COMMUNITY
        assert queries.nearest_community(Position(lat + 0.05, lng)) is None
        assert queries.nearest_community(None) is None


@pytest.mark.once
def test_districts_around_a_region_are_those_inside_it_or_the_one_it_lies_in(app):
    with transaction():
        make.regions()
    for code, expected in (
        (make.CITY, [make.XUANWU, make.QINHUAI]),
        (make.QINHUAI, [make.QINHUAI]),
        (make.COMMUNITY, [make.XUANWU]),
        ("9999", []),
    ):
        with transaction(write=False):
            assert [each.code for each in queries.districts_around(code)] == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], []),
        (["3201/320104/"], ["320104"]),
        (["3201/320102/"], ["320102", "320102002", "320102002001"]),
        (["3201/320102/320102002/", "3201/320104/"], ["320102002", "320102002001", "320104"]),
        (["3201/"], ["3201", "320102", "320102002", "320102002001", "320104"]),
        (["%/"], []),
        (["____/"], []),
    ],
)
def test_a_region_lies_in_itself_and_in_those_above_it(app, paths, expected):
    with transaction():
        make.regions()
    with transaction(write=False):
        chosen = select(Region.code).where(queries.inside(Region.path, paths)).order_by(Region.code)
        assert session.scalars(chosen).all() == expected


def test_it_lists_stations_nearest_first(app):
    with transaction():
        make.regions()
        far = make.station("远", position=Position(32.09, 118.80))
        near = make.station("近", position=Position(32.044, 118.798))
    with transaction(write=False):
        found = queries.stations_near(make.STATION_POSITION)
        assert [each.station.id for each in found] == [near.id, far.id]
        assert found[0].distance_m < 100 < found[1].distance_m


def test_gcj02_comes_back_to_the_same_place():
    shifted = to_gcj02(make.STATION_POSITION)
    assert distance_m(make.STATION_POSITION, Position(*shifted)) > 300
    assert distance_m(make.STATION_POSITION, from_edge(*shifted, "gcj02")) < 0.1


def test_impossible_positions_are_refused(client):
    for query in ("lat=91&lng=0", "lat=nan&lng=0", "lat=1e400&lng=0", "lat=x&lng=0", "lat=32"):
        answer = client.get(f"/api/v1/places/stations?{query}")
        assert answer.status_code == 422, query
        assert answer.json["errors"][0]["field"] in ("lat", "lng")


@pytest.mark.parametrize("lat", [-90.0, -45.5, 0.0, 5e-324, 60.0, 90.0])
@pytest.mark.parametrize("lng", [-180.0, -46.6, 0.0, 139.7, 180.0])
def test_outside_china_the_two_datums_are_the_same(lat: float, lng: float):
    assert from_edge(lat, lng, "gcj02") == Position(lat, lng)
    assert to_gcj02(Position(lat, lng)) == (lat, lng)
