"""Which region, which station, how far and when open: where lists begin and end, and what a code finds."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert

from app.kernel.db import session, transaction
from app.kernel.geo import Position, to_gcj02
from app.kernel.ids import new_id
from app.places import hours, queries
from app.places.errors import RegionNotFound, StationNotFound
from app.places.models import Station
from tests import make

pytestmark = pytest.mark.once
METRE = 1 / 111_195  # degrees of latitude
HERE = make.STATION_POSITION


def north(metres: float, east: float = 0) -> Position:
    return Position(HERE.lat + metres * METRE, HERE.lng + east * METRE / 0.8477)


def at(day: int, time: str) -> datetime:
    """An instant of the week whose Monday is 23 November 2026, by the city's clock."""
    return datetime.fromisoformat(f"2026-11-{23 + day}T{time}+08:00").astimezone(UTC)


@pytest.fixture
def city(app):
    with transaction():
        make.regions()


MONDAY_NIGHT = [[["18:00", "02:00"]], *[[]] * 6]
ALL_MONDAY = [[["00:00", "24:00"]], *[[]] * 6]


@pytest.mark.parametrize(
    ("week", "day", "time", "expected"),
    [
        (MONDAY_NIGHT, 0, "17:59", False),
        (MONDAY_NIGHT, 0, "18:00", True),
        (MONDAY_NIGHT, 1, "01:59", True),
        (MONDAY_NIGHT, 1, "02:00", False),
        (MONDAY_NIGHT, 0, "01:59", False),
        (MONDAY_NIGHT, 1, "18:30", False),
        (MONDAY_NIGHT, 2, "01:00", False),
        (ALL_MONDAY, 0, "00:00", True),
        (ALL_MONDAY, 0, "23:59", True),
        (ALL_MONDAY, 1, "00:00", False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(week, day, time, expected):
    assert Station(hours=week, active=True).is_open(at(day, time)) is expected
    assert not Station(hours=week, active=False).is_open(at(day, time))


def test_days_with_and_without_hours():
    assert [hours.opens_on(MONDAY_NIGHT, date(2026, 11, 23 + day)) for day in range(3)] == [
        True,
        False,
        False,
    ]
    station = Station(hours=MONDAY_NIGHT)
    assert (station.spans_on(at(0, "00:00")), station.spans_on(at(1, "00:00"))) == ([["18:00", "02:00"]], [])
    assert [Station(hours=each).always_open for each in (hours.every_day(), ALL_MONDAY)] == [True, False]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("10:00-14:00, 17:00–19:30", [["10:00", "14:00"], ["17:00", "19:30"]]),
        ("09:00至24:00", [["09:00", "24:00"]]),
        ("22:00 ~ 06:00；12:00-13:00", [["22:00", "06:00"], ["12:00", "13:00"]]),
        ("10:00 - 14:00 17:00 – 19:30", [["10:00", "14:00"], ["17:00", "19:30"]]),
        ("08:00-08:00", None),
        ("08:00 09:00", None),
        ("08:00-24:01", None),
        ("24:00-08:00", None),
        ("8:00-12:00", [["08:00", "12:00"]]),
        ("９：００～１４：００，１７：００－１９：３０", [["09:00", "14:00"], ["17:00", "19:30"]]),
        ("10：00——14：00　17：00到9:30", [["10:00", "14:00"], ["17:00", "09:30"]]),
        ("8:00-08:00", None),
        ("٠٨:٠٠-١٢:٠٠", None),
        ("08:00-12:00, 13:00", None),
        ("", None),
    ],
)
def test_hours_are_read_as_people_write_them(text, spans):
    assert hours.read_spans(text) == spans


def test_days_with_the_same_hours_are_said_together_in_the_order_of_the_week():
    two = [["17:00", "19:00"], ["10:00", "12:00"]]
    assert hours.said([two, [["08:00", "09:00"]], two, [], [], [], two]) == [
        ((0, 2, 6), "10:00–12:00, 17:00–19:00"),
        ((1,), "08:00–09:00"),
    ]


def test_the_nearest_is_the_nearest_though_another_lies_in_the_corner_of_the_square(city):
    with transaction():
        corner, nearest = make.station(position=north(790, 790)), make.station(position=north(900))
        edge = make.station(position=north(49_900))
        make.station(position=north(50_100))
    with transaction(write=False):
        near = queries.stations_near(HERE)
        assert [each.station.id for each in near] == [nearest.id, corner.id, edge.id]
        assert [each.distance_m for each in near][::2] == [900, 49_900]
        assert [each.station.id for each in queries.stations_near(HERE, 1)] == [nearest.id]


def test_no_community_in_the_corner_of_the_square_and_that_of_the_nearest_station(city):
    with transaction():
        make.station(region_code=make.QINHUAI, position=north(3_000))
        make.station()
    with transaction(write=False):
        assert queries.nearest_community(north(1_400)) == make.COMMUNITY
        assert queries.nearest_community(north(1_600)) == make.QINHUAI
        assert queries.nearest_community(north(-4_000, 4_000)) is None
        assert queries.nearest_community(north(-900), within_m=800) is None


def test_a_place_is_named_from_its_district_down_and_the_city_by_itself(city):
    with transaction(write=False):
        assert queries.full_name(make.COMMUNITY) == "玄武区梅园新村街道梅园新村社区居委会"
        assert queries.full_name(make.CITY) == "南京市"
        assert [each.code for each in queries.line_of(make.MEIYUAN)] == [make.CITY, make.XUANWU, make.MEIYUAN]
        assert queries.city().code == make.CITY
        assert queries.region_paths([make.QINHUAI, make.CITY]) == {
            make.QINHUAI: "3201/320104/",
            make.CITY: "3201/",
        }
        assert queries.region_paths([]) == {}


def test_what_is_not_there_is_named(city):
    with transaction(write=False):
        for look in (queries.region, lambda code: queries.region_paths([make.CITY, code])):
            with pytest.raises(RegionNotFound) as missing:
                look("9999")
            assert missing.value.facts == {"code": "9999"}
        with pytest.raises(StationNotFound):
            queries.station_by_short_code("ZZZZZZ")
        with pytest.raises(StationNotFound):
            queries.station(new_id())


def test_a_station_comes_with_its_region(city):
    with transaction():
        made = make.station().id
    for look in (queries.station, lambda station_id: queries.stations_named([station_id])[0]):
        with transaction(write=False):
            assert look(made).region.code == make.COMMUNITY


def test_a_posters_code_may_be_typed_in_small_letters(city):
    with transaction():
        station = make.station()
        make.station()
        assert queries.station_by_short_code(station.short_code.lower()).id == station.id


def test_stations_are_listed_by_name_so_many_of_one_region(city):
    with transaction():
        b, a = make.station("B"), make.station("A")
        make.station("0", region_code=make.QINHUAI)
    with transaction(write=False):
        assert [each.id for each in queries.stations("3201/320102/")] == [a.id, b.id]
        assert [each.name for each in queries.stations(limit=2)] == ["0", "A"]


def test_none_of_many_stations_is_left_out(city):
    """Whoever counts them, or chooses one, has all of a city with more than the two hundred that were once enough."""
    with transaction():
        first = make.station()
        session.flush()
        row = {each.name: getattr(first, each.name) for each in Station.__table__.columns}
        rows = [row | {"id": new_id(), "short_code": f"M{number:05}"} for number in range(200)]
        session.execute(insert(Station), rows)
    with transaction(write=False):
        assert len(queries.stations("3201/")) == 201


def test_anybody_may_look_without_signing_in(client, clock):
    with transaction():
        make.regions()
        station = make.station(phone="025-1234", position=north(100))
        make.station("远", position=north(400))
    where = "/api/v1/places"
    assert [each["code"] for each in client.get(f"{where}/regions").json] == [make.CITY]
    below = client.get(f"{where}/regions?parent={make.CITY}").json
    assert [each["code"] for each in below] == [make.XUANWU, make.QINHUAI]
    assert client.get(f"{where}/regions?parent=9999").status_code == 404
    asked = {"lat": HERE.lat, "lng": HERE.lng, "limit": 1}
    (near,) = client.get(f"{where}/stations", query_string=asked).json
    assert (near["distance_m"], near["station"]["id"]) == (100, str(station.id))
    lat, lng = to_gcj02(HERE)
    shifted = client.get(f"{where}/stations", query_string={"lat": lat, "lng": lng, "datum": "gcj02"}).json
    assert [each["distance_m"] for each in shifted] == [100, 400]
    one = client.get(f"{where}/stations/{station.id}").json
    assert (one["phone"], one["open_now"], one["datum"]) == ("025-1234", True, "wgs84")
