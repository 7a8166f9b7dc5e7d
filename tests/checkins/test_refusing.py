"""A refused scan leaves a trace that explains it; guessing is slowed down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.checkins.models import RefusedScan
from app.checkins.refusing import MAX_GUESSES, refuse_guessing
from app.kernel.db import session, transaction
from app.kernel.errors import RateLimited
from tests import make as everyone
from tests.checkins import make
from tests.codes import make as codes
from tests.scans.test_scanning import scan


def client_of(app, actor):
    with transaction():
        someone = session.get_one(everyone.Person, actor.person_id)
    return everyone.signed_in(app, someone)


def test_a_refusal_is_kept_once_with_its_reason(app, clock):
    station, rider = make.a_station(), make.a_rider()
    make.verdict(station, rider, make.metres_north(900))
    kept = make.refusals()
    assert [(each.person_id, each.station_id, each.slug, each.at) for each in kept] == [
        (rider.person_id, station.id, "too-far", clock())
    ]


def test_riders_see_their_own_and_stations_theirs(app, clock):
    station, rider, other = make.a_station(), make.a_rider(), make.a_rider("李师傅")
    manager = make.a_manager(station)
    make.verdict(station, rider, make.metres_north(900))
    make.by_poster(station, rider)
    mine, theirs, staffs = (client_of(app, each) for each in (rider, other, manager))
    seen = mine.get("/api/v1/checkins/refused").json["items"]
    assert [(each["code"], each["station_id"]) for each in seen] == [("too-far", str(station.id))]
    assert "150" not in seen[0]["words"]
    assert theirs.get("/api/v1/checkins/refused").json["items"] == []
    assert [each["station"] for each in mine.get("/api/v1/checkins/mine").json["items"]] == [station.name]
    assert theirs.get("/api/v1/checkins/mine").json["items"] == []

    url = f"/api/v1/checkins/stations/{station.id}"
    listed = staffs.get(url).json["items"]
    assert [(each["how"], each["rider"]) for each in listed] == [("poster", "王*明")]
    assert [each["code"] for each in staffs.get(f"{url}/refused").json["items"]] == ["too-far"]
    for path in (url, f"{url}/refused"):
        assert mine.get(path).status_code == 403


def test_a_station_reads_the_masked_nickname_of_whoever_has_given_no_name(app, clock):
    station = make.a_station()
    with transaction():
        rider = everyone.actor(everyone.rider("小马哥", name=None))
    make.by_poster(station, rider)
    staffs = client_of(app, make.a_manager(station))
    listed = staffs.get(f"/api/v1/checkins/stations/{station.id}").json["items"]
    assert [each["rider"] for each in listed] == ["小*哥"]


def test_what_a_stranger_shows_at_the_counter_stands_in_nobodys_own_history(app, clock):
    scene = codes.scene()
    forged = codes.resealed(scene.phone.code()[:14] + "0" * 18)
    manager = client_of(app, scene.manager)
    assert scan(manager, forged, station_id=str(scene.station.id))[1]["code"] == "code-forged"
    assert manager.get("/api/v1/checkins/refused").json["items"] == []
    kept = make.refusals()
    assert [(each.person_id, each.station_id, each.by_id) for each in kept] == [
        (None, scene.station.id, scene.manager.person_id)
    ]


def test_another_stations_list_stays_closed(app, clock):
    station = make.a_station()
    with transaction():
        elsewhere = everyone.station("别处")
    stranger = client_of(app, make.a_manager(elsewhere))
    for path in ("", "/refused"):
        assert stranger.get(f"/api/v1/checkins/stations/{station.id}{path}").status_code == 403


def test_pages_go_on_where_the_last_one_ended(app, clock):
    station, rider = make.a_station(), make.a_rider()
    with transaction():
        for number in range(5):
            session.add(
                RefusedScan(
                    person_id=rider.id, station_id=station.id, slug=f"s{number}", by_id=rider.id, at=clock()
                )
            )
            session.flush()
    for _ in range(5):
        clock.advance(hours=4)
        make.by_poster(station, rider)
    days = [each["checkin"]["happened_at"] for each in pages(client_of(app, rider), "mine")]
    assert len(days) == len(set(days)) == 5
    assert days == sorted(days, reverse=True)
    manager = make.a_manager(station)
    for by, where in ((rider, ""), (manager, f"stations/{station.id}/")):
        refused = pages(client_of(app, by), f"{where}refused")
        assert [each["code"] for each in refused] == ["s4", "s3", "s2", "s1", "s0"]
    at_station = pages(client_of(app, manager), f"stations/{station.id}")
    assert [each["happened_at"] for each in at_station] == days


def pages(client, path):
    """All that is listed there, two by two."""
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/api/v1/checkins/{path}?limit=2{f'&cursor={cursor}' if cursor else ''}").json
        seen += page["items"]
        assert len(page["items"]) <= 2
        assert len(seen) <= 9
        cursor = page["next_cursor"]
    return seen


def test_what_a_log_brings_late_was_no_guess_at_our_door(app, clock):
    """Five refusals that came with a log stand in the list, and the station goes on scanning."""
    scene = codes.scene()
    for door in (None, scene.station.id):
        with transaction():
            for _ in range(MAX_GUESSES):
                values = {"by_id": scene.manager.person_id, "station_id": door, "slug": "code-forged"}
                session.add(RefusedScan(**values, happened_at=clock(), at=clock()))
        with transaction(write=False):
            refuse_guessing(station_id=door, by=scene.manager, at=clock())


@pytest.mark.parametrize("door", ["poster", "counter"])
def test_the_door_is_shut_for_the_minute_that_the_guesses_fill_to_the_moment(app, clock, door):
    scene = codes.scene()
    where = scene.station.id if door == "counter" else None
    first, moment = clock(), timedelta(microseconds=1)
    with transaction():
        for _ in range(MAX_GUESSES):
            values = {"by_id": scene.manager.person_id, "station_id": where, "slug": "code-unknown"}
            session.add(RefusedScan(**values, at=clock()))
            clock.advance(seconds=1)
    with transaction(write=False):
        last = first + timedelta(seconds=60) - moment
        with pytest.raises(RateLimited) as refused:
            refuse_guessing(station_id=where, by=scene.manager, at=last)
        assert refused.value.facts["retry_after_s"] == 1
        refuse_guessing(station_id=where, by=scene.manager, at=last + moment)
