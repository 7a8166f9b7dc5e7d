"""What a rider's phone kept in its outbox: posters scanned without a signal."""

from __future__ import annotations

import pytest

from app.checkins.models import Checkin, RefusedScan
from app.kernel.db import session, transaction
from app.kernel.errors import Unauthenticated
from app.notices.models import Notice
from app.sync.models import SaidPosition
from tests.rules.make import cap, rule
from tests.sync import make


def quiet():
    """The station's tablet was put away: nobody has to wait for it."""
    scene = make.scene()
    scene.here.send(mood="asleep")
    return scene


def test_it_counts_as_of_when_it_happened(app, clock):
    scene = quiet()
    happened_at = clock()
    scene.rider.keep(scene.here.station)
    clock.advance(hours=20)
    assert make.states(scene.rider.send()) == ["counted"]
    with transaction(write=False):
        made = session.query(Checkin).one()
        assert (made.happened_at, made.arrived_at, made.how) == (happened_at, clock(), "poster")


def kept_places():
    with transaction(write=False):
        return [(each.lat, each.lng, each.accuracy_m) for each in session.query(SaidPosition)]


def test_where_the_phone_was_is_kept_only_while_it_waits(app, clock):
    scene = make.scene()  # the tablet is silent, so the poster waits
    clock.advance(minutes=1)
    scene.rider.keep(scene.here.station, accuracy_m=7)
    assert make.states(scene.rider.send()) == ["waiting"]
    station = scene.here.station
    assert kept_places() == [(station.lat, station.lng, 7)]
    (item,) = make.items()
    assert "position" not in item.body
    assert str(station.lat) not in item.body
    scene.here.send(mood="asleep")
    assert make.states(scene.rider.send()) == ["counted"]
    assert kept_places() == []


@pytest.mark.once
def test_a_poster_waits_while_an_earlier_one_of_its_rider_does(app, clock):
    scene = make.scene()  # the tablet is silent, so the first poster waits; its lease ends before the second
    clock.at = make.lease_of(scene.here).ends_at
    for _ in range(2):
        scene.rider.keep(scene.here.station)
        clock.advance(hours=1)
    assert make.states(scene.rider.send()) == ["waiting", "waiting"]
    scene.here.send(mood="asleep")
    assert [each.state for each in make.items()] == ["counted", "already"]


def test_where_the_phone_was_is_not_kept_either_if_it_counts_for_nothing(app, clock):
    scene = quiet()
    scene.rider.keep(scene.here.station, position={"lat": 31.0, "lng": 118.0})
    assert make.states(scene.rider.send()) == ["refused: too-far"]
    assert kept_places() == []
    assert "31.0" not in make.items()[0].body


def test_it_counts_once_however_often_it_is_sent(app, clock):
    scene = quiet()
    scene.rider.keep(scene.here.station)
    for _ in range(3):
        assert make.states(scene.rider.send()) == ["counted"]
    assert make.usable(scene.rider) == 105


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_windows_are_those_of_the_event_in_any_order_of_arrival(app, clock, order):
    scene = quiet()
    for minutes in (0, 5, 200, 5):  # 14:02, 14:07, 17:27, 17:32: two windows of four hours
        clock.advance(minutes=minutes)
        scene.rider.keep(scene.here.station)
    clock.advance(hours=2)
    for number in order:
        scene.rider.send([scene.rider.outbox[number]])
    with transaction(write=False):
        windows = sorted(each.window_starts_at for each in session.query(Checkin))
    assert len(windows) == 2
    assert sorted(each.state for each in make.items()) == ["already", "already", "counted", "counted"]
    assert make.usable(scene.rider) == 110


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"position": None}, "refused: location-needed"),
        ({"accuracy_m": 500}, "refused: location-vague"),
        ({"position": {"lat": 31.9, "lng": 118.7}}, "refused: too-far"),
        ({"code": "HTTP://127.0.0.1:8000/S/AAAAAA00000000"}, "refused: code-forged"),
        ({"code": "hello"}, "refused: code-forged"),
        ({"accuracy_m": "x"}, "refused: item-unreadable"),
        ({"kind": "scan"}, "refused: item-unreadable"),
        ({"more": 1}, "refused: item-unreadable"),
    ],
)
def test_what_a_poster_cannot_carry_is_refused(app, clock, change, expected):
    scene = quiet()
    scene.rider.keep(scene.here.station, **change)
    assert make.states(scene.rider.send()) == [expected]
    assert make.usable(scene.rider) == 100


@pytest.mark.parametrize(
    "moved_h, expected", [(-71, "counted"), (-73, "refused: checkin-too-late"), (1, "refused: checkin-ahead")]
)
def test_when_it_can_have_happened(app, clock, moved_h, expected):
    scene = quiet()
    scene.rider.keep(scene.here.station, at=clock() + moved_h * make.HOUR)
    assert make.states(scene.rider.send()) == [expected]


def test_the_doors_are_asked_as_of_then(app, clock):
    scene = quiet()
    with transaction():
        shop = session.merge(scene.here.station)
        shop.hours = make.every_day("08:00", "16:00")
    scene.rider.keep(shop)  # 14:02
    clock.advance(hours=3)
    assert make.states(scene.rider.send()) == ["counted"]
    scene.rider.outbox.clear()
    scene.rider.keep(shop)
    assert make.states(scene.rider.send()) == ["refused: station-closed"]


def test_a_refusal_is_kept_and_told(app, clock):
    scene = quiet()
    scene.rider.keep(scene.here.station, position=None)
    scene.rider.send()
    with transaction(write=False):
        (kept,) = session.query(RefusedScan).all()
        assert (kept.person_id, kept.slug) == (scene.rider.rider.id, "location-needed")
        assert session.query(Notice).filter_by(slug="offline-refused").count() == 1


def test_nobody_sends_for_somebody_else(app, clock):
    scene = make.scene(riders=2)
    wang, li = scene.riders
    wang.keep(scene.here.station)
    wang.send()
    assert make.states(make.sent(wang.batch(), li.rider)) == ["refused: item-changed"]
    with pytest.raises(Unauthenticated):
        make.sent(wang.batch())
    with pytest.raises(Unauthenticated):
        make.sent(wang.batch() | {"owner": wang.rider.id}, li.rider)


def test_the_same_id_with_another_content_is_not_taken(app, clock):
    scene = quiet()
    scene.rider.keep(scene.here.station)
    scene.rider.send()
    scene.rider.outbox[0]["accuracy_m"] = 11
    assert make.states(scene.rider.send()) == ["refused: item-changed"]


def test_a_poster_waits_for_a_station_that_is_out_and_may_have_scanned_the_rider(app, clock):
    scene = make.scene()
    clock.advance(minutes=1)
    scene.rider.keep(scene.here.station)
    clock.advance(minutes=1)
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(minutes=1)
    assert make.states(scene.rider.send()) == ["waiting"]
    scene.here.send()
    assert make.states(scene.rider.send()) == ["already: checked-in-already"]  # being scanned proves more
    assert sorted(each.state for each in make.items()) == ["already", "counted"]


def test_a_poster_comes_after_a_scan_that_waits_for_somebody_else(app, clock):
    scene = make.scene(tablets=2)
    clock.advance(minutes=1)
    scene.rider.keep(scene.here.station)
    clock.advance(minutes=1)
    scene.there.send()  # heard after the poster, but before the scan
    clock.advance(minutes=1)
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(minutes=1)
    assert make.states(scene.here.send()) == ["waiting"]
    assert make.states(scene.rider.send()) == ["waiting"]
    scene.there.send()
    assert make.states(scene.here.send()) == ["counted"]
    assert make.states(scene.rider.send()) == ["already: checked-in-already"]


@pytest.mark.once
def test_a_visit_that_counts_without_points_promises_none(app, clock):
    scene = make.scene(rules=[rule("R-01", "checkin", 5, caps=[cap(points=5)])])
    scene.here.send(mood="asleep")
    for _ in range(2):
        scene.rider.keep(scene.here.station)
        clock.advance(hours=4)
    assert make.states(scene.rider.send()) == ["counted", "counted"]
    assert [each.words for each in make.items()] == [
        {"zh": "签到已补上，+5 分", "en": "The check-in counts: +5"},
        {"zh": "签到已补上，这次没有加分", "en": "The check-in counts, without points this time"},
    ]
