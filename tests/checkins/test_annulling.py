"""A station takes its own wrong scan back: once, within a quarter of an hour, and the points go back."""

from __future__ import annotations

import pytest
from flask import Flask

from app.checkins import queries
from app.checkins.annulling import annul_check_in
from app.checkins.checking_in import check_in_by_code
from app.checkins.models import Checkin
from app.codes.kinds import station as poster
from app.kernel import clock as clock_module
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Problem
from app.kernel.ids import new_id
from app.ledger.queries import balance_of
from app.ledger.verify import verify
from app.places.queries import region_path
from app.rules.models import RecordedFact, RuleSet, VoidFact
from app.rules.queries import is_void
from app.rules.recalling import Period, Recalled
from app.rules.replay import replay
from tests import make as everyone
from tests.codes import make
from tests.rewards.make import at_once
from tests.rules import make as rules
from tests.scans.test_scanning import HERE, client_of, scan


def scanned(app: Flask, in_force=None):
    """A rider scanned by a station in a city with rules: (scene, rider, station, manager, check-in, answer)."""
    city = rules.scene(in_force)
    with transaction():
        here = everyone.station()
        manager = everyone.actor(everyone.staff("station-manager", station_id=here.id))
        rider = everyone.actor(city.rider)
        phone = make.phone(rider)
    text = phone.code()
    status, told = scan(client_of(app, manager), text, station_id=str(here.id))
    assert status == 200
    with transaction():
        made = session.query(Checkin).one()
    return rider, here, manager, made, told, text


def annul(made: Checkin, station, by) -> str:
    try:
        in_transaction(
            lambda: annul_check_in(
                checkin_id=made.id, station_id=station.id, reason="扫错了", by=by, at=clock_module.now()
            )
        )
    except Problem as problem:
        return problem.slug
    return "annulled"


def usable(rider) -> int:
    with transaction(write=False):
        assert verify() == []
        return balance_of(rider.id).usable


def test_the_points_go_back_and_both_rows_stay(app, clock):
    rider, here, manager, made, told, text = scanned(app)
    assert usable(rider) == told["points"] > 0
    assert annul(made, here, manager) == "annulled"
    assert usable(rider) == 0
    with transaction(write=False):
        assert session.query(Checkin).count() == 1
        assert queries.count_today([here.id], clock()) == 0
    again = scan(client_of(app, manager), text, station_id=str(here.id))[1]
    assert (again["outcome"], again["points"]) == ("already", 0)
    assert "撤回" in again["headline"]
    assert usable(rider) == 0


def test_of_several_the_one_that_was_taken_back_is_left_out(app, clock):
    rider, here, manager, made, *_ = scanned(app)
    with transaction():
        other = everyone.actor(everyone.rider("李师傅"))
        stays = check_in_by_code(person_id=other.id, station_id=here.id, by=manager, at=clock())
    windows = [(each.id, here.id, clock()) for each in (rider, other)]
    with transaction(write=False):
        found = queries.check_ins_of_windows(windows)
        assert {key: each.id for key, each in found.items()} == dict(
            zip(windows, (made.id, stays.id), strict=True)
        )
    annul(made, here, manager)
    with transaction(write=False):
        assert queries.annulled_of([made.id, stays.id]) == {made.id}
        assert {each.id for each in queries.check_ins_of_windows(windows).values()} == {stays.id}
        assert queries.check_in_of_window(*windows[0]) is None
        assert queries.last_of_window(*windows[0]).id == made.id
        assert queries.windows_taken(windows) == set(windows)
        assert queries.count_today([here.id], clock()) == 1


def test_it_is_taken_back_once(app, clock):
    rider, here, manager, made, *_ = scanned(app)
    assert [annul(made, here, manager) for _ in range(2)] == ["annulled", "annulled-already"]
    assert usable(rider) == 0


def test_of_several_at_once_one_takes_it_back(app, clock):
    rider, here, manager, made, *_ = scanned(app)

    def call():
        return annul_check_in(
            checkin_id=made.id, station_id=here.id, reason="x", by=manager, at=clock_module.now()
        ).id

    results = make.at_once(app, [call] * 4)
    assert results.count("annulled-already") == 3
    assert usable(rider) == 0


@pytest.mark.parametrize(("minutes", "said"), [(14.9, "annulled"), (15, "annul-too-late")])
def test_a_quarter_of_an_hour_and_no_longer(app, clock, minutes, said):
    _, here, manager, made, *_ = scanned(app)
    clock.advance(minutes=minutes)
    assert annul(made, here, manager) == said


@pytest.mark.parametrize(("minutes", "said"), [(14, "annulled"), (15, "annul-too-late")])
def test_what_came_without_a_signal_is_taken_back_as_of_when_it_arrived(app, clock, minutes, said):
    scene = make.scene()
    with transaction():
        made = check_in_by_code(
            person_id=scene.rider.id,
            station_id=scene.station.id,
            happened_at=clock() - clock_module.timedelta(hours=1),
            by=scene.manager,
            at=clock(),
        )
    clock.advance(minutes=minutes)
    assert annul(made, scene.station, scene.manager) == said


def test_another_station_and_the_rider_cannot(app, clock):
    rider, here, _, made, *_ = scanned(app)
    with transaction():
        there = everyone.station("隔壁驿站")
        other = everyone.actor(everyone.staff("station-manager", station_id=there.id, name="赵站长"))
    assert annul(made, here, other) == "not-allowed"
    assert annul(made, there, other) == "checkin-not-found"
    assert annul(made, here, rider) == "not-allowed"


def test_a_posters_check_in_is_not_the_stations_to_take_back(app, clock):
    scene = make.scene()
    scan(client_of(app, scene.rider), poster.make(scene.station.short_code), **HERE)
    with transaction():
        made = session.query(Checkin).one()
    assert annul(made, scene.station, scene.manager) == "annul-too-late"


def test_the_door_wants_a_reason_and_a_key(app, clock):
    _, here, manager, made, *_ = scanned(app)
    client = client_of(app, manager)
    url, key = f"/api/v1/checkins/{made.id}/annul", {"Idempotency-Key": new_id().hex}
    assert client.post(url, json={"station_id": str(here.id)}, headers=key).status_code == 422
    body = {"station_id": str(here.id), "reason": "扫错了"}
    told = [client.post(url, json=body, headers=key) for _ in range(2)]
    assert [each.status_code for each in told] == [200, 200]
    assert told[1].headers["Idempotent-Replayed"] == "true"


def test_a_refusal_keeps_its_device(app, clock):
    scene = make.scene()
    scan(client_of(app, scene.manager), "rubbish", station_id=str(scene.station.id))
    url = f"/api/v1/checkins/stations/{scene.station.id}/refused"
    (kept,) = client_of(app, scene.manager).get(url).json["items"]
    assert (kept["device"], kept["code"]) == ("test", "code-format")
    assert kept["happened_at"]


def fresh(app: Flask, clock, phone, manager, here) -> dict:
    """The same rider shows a new code at the same counter, a minute later."""
    clock.advance(minutes=1)
    status, told = scan(client_of(app, manager), phone.code(), station_id=str(here.id))
    assert status == 200
    return told


def test_who_was_scanned_by_mistake_may_still_come_in_person(app, clock):
    """The window, the cap of the day and the first of the day are free again; the void fact counts nowhere."""
    rider, here, manager, made, told, _ = scanned(app)
    with transaction():
        phone = make.phone(rider)
    assert annul(made, here, manager) == "annulled"
    again = fresh(app, clock, phone, manager, here)
    assert (again["outcome"], again["points"]) == ("done", told["points"])
    assert usable(rider) == told["points"]
    later = fresh(app, clock, phone, manager, here)
    assert (later["outcome"], later["points"]) == ("already", 0)
    with transaction(write=False):
        assert sorted(each.turn for each in session.query(Checkin)) == [0, 1]
        void = session.query(VoidFact).one()
        assert (void.fact_id, void.unwinding_id) == (made.id, None)
        assert not is_void("checkin", session.query(Checkin).filter_by(turn=1).one().id)
        facts = [each.fields["first_of_day"] for each in session.query(RecordedFact)]
        assert facts == [True, True]
        assert replay().agrees
        found = dry_run_facts(here)
    assert found == 1


def test_a_wrong_scan_uses_up_none_of_the_times(app, clock):
    once = [rules.rule(points=5, caps=[rules.cap(times=1)])]
    rider, here, manager, made, *_ = scanned(app, once)
    with transaction():
        phone = make.phone(rider)
    assert annul(made, here, manager) == "annulled"
    assert fresh(app, clock, phone, manager, here)["points"] == 5


def dry_run_facts(here) -> int:
    rule_set = session.query(RuleSet).first()
    day = clock_module.city_day(clock_module.now())
    path = region_path(rule_set.region_code)
    return Recalled(rule_set, path, Period(day, day), ()).count()


def test_a_window_that_is_free_again_is_taken_by_one_of_several(app, clock):
    rider, here, manager, made, *_ = scanned(app)
    annul(made, here, manager)

    def come():
        return check_in_by_code(person_id=rider.id, station_id=here.id, by=manager, at=clock_module.now())

    done, refused = at_once(app, [come] * 4)
    assert (len(done), refused) == (1, ["checked-in-already"] * 3)
