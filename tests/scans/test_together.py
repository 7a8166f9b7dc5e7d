"""Scans that arrive at the same moment: settled together, each answered as if it had come by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.checkins.models import Checkin, RefusedScan
from app.codes.events import SeenInTwoPlaces
from app.codes.kinds import screen, station, voucher
from app.codes.models import ScanSession
from app.codes.posters import replace_poster
from app.identity import sessions
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.kernel import strict_json
from app.kernel.answering import edge_of
from app.kernel.db import session, transaction
from app.kernel.idempotency import IdempotencyRecord
from app.kernel.ids import new_id
from app.kernel.limits import Limit
from app.ledger.models import Account
from app.ledger.verify import verify
from app.scans import api, together
from tests import make as everyone
from tests.checkins.make import metres_north
from tests.codes import make as codes
from tests.kernel.gathering import gathered
from tests.rewards.make import listening
from tests.rules import make as rules
from tests.scans.test_scanning import HERE, client_of, count, scan
from tests.scans.test_unanswered import Someone, empty


@pytest.fixture
def lane():
    return edge_of(api.scan).lane


@pytest.fixture
def crowd(app, clock):
    rules.scene()
    return [Someone(app, f"{name}师傅") for name in "赵钱孙李周"]


@pytest.fixture
def settled(monkeypatch):
    """What came of the groups that were settled."""
    seen = []
    ordinary = together.scan_together

    def noted(group, *, at):
        told = ordinary(group, at=at)
        seen.append(["settled" if each else "left" for each in told])
        return told

    monkeypatch.setattr(together, "scan_together", noted)
    return seen


def test_codes_and_posters_are_settled_in_one_group(lane, crowd, settled):
    first, second, third, *_ = crowd
    told = gathered(lane, first.is_scanned, second.scans_poster, third.is_scanned)
    assert settled == [["settled"] * 3]
    assert [(status, body["outcome"], body["kind"]) for status, body in told] == [
        (200, "done", "personal"),
        (200, "done", "station"),
        (200, "done", "personal"),
    ]
    assert all(body["points"] > 0 and "规则 R-0" in body["why"] for _, body in told)
    assert [body["rider"] is not None for _, body in told] == [True, False, True]
    assert count(Checkin) == 3
    with transaction(write=False):
        opened = {each.person_id: str(each.id) for each in session.scalars(select(ScanSession))}
        assert [body["scan_session_id"] for _, body in told] == [
            opened[first.rider.id],
            None,
            opened[third.rider.id],
        ]
        assert verify() == []


def test_a_station_that_looks_at_its_own_poster_is_not_checked_in_by_a_group(lane, app, crowd, settled):
    one, other = crowd[:2]
    with transaction():
        rides_too = everyone.rider("副站长")
        held = {"role": "station-manager", "region_code": None, "station_id": one.here.id}
        appoint(person_id=rides_too.id, **held, by=SYSTEM, at=one.here.opened_at)
    looks = {"station_id": str(one.here.id), **HERE}
    poster, counter = station.make(one.here.short_code), everyone.signed_in(app, rides_too)
    told = gathered(lane, lambda: scan(counter, poster, **looks), other.is_scanned)
    assert settled == [["left", "settled"]]
    assert (told[0][0], told[0][1]["outcome"], told[0][1]["checkin_id"]) == (200, "confirmed", None)
    assert count(Checkin) == 1


def test_why_there_are_no_points_is_told_in_a_group_as_it_is_alone(app, clock, lane, settled):
    rules.scene([rules.rule(fact="report")])
    one, other, alone = (Someone(app, f"{name}师傅") for name in "吴郑王")
    told = gathered(lane, one.is_scanned, other.scans_poster)
    assert settled == [["settled"] * 2]
    assert [(body["points"], body["why"]) for _, body in told] == [(0, alone.is_scanned()[1]["why"])] * 2
    assert told[0][1]["why"]


def test_each_is_answered_in_their_own_language(app, lane, crowd):
    there = [client_of(app, each.rider) for each in crowd[:2]]
    there[1].environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    with transaction():
        session.get_one(everyone.Person, crowd[1].rider.person_id).locale = "en"
    posters = [station.make(each.here.short_code) for each in crowd[:2]]
    said = gathered(
        lane, lambda: scan(there[0], posters[0], **HERE), lambda: scan(there[1], posters[1], **HERE)
    )
    assert "R-02" in said[0][1]["why"]
    assert "规则" in said[0][1]["why"]
    assert "rule" in said[1][1]["why"]


def test_whose_session_has_ended_is_told_so_and_the_others_are_settled(lane, crowd, settled, clock):
    gone, first, second = crowd[:3]
    client = client_of(gone.app, gone.rider)
    with transaction():
        sessions.end_all_sessions(person_id=gone.rider.person_id, at=clock())
    poster = station.make(gone.here.short_code)
    told = gathered(lane, first.is_scanned, lambda: scan(client, poster, **HERE), second.is_scanned)
    assert settled == [["settled", "settled"]]
    assert [(status, body.get("code")) for status, body in told] == [
        (200, None),
        (401, "session-ended"),
        (200, None),
    ]
    assert count(Checkin) == 2


@pytest.mark.parametrize(("tries", "statuses"), [(3, [200, 200, 200, 429]), (2, [200, 200, 429, 429])])
def test_each_in_a_group_is_counted_once(app, lane, crowd, settled, monkeypatch, tries, statuses):
    ((_, subject),) = edge_of(api.scan).limits
    monkeypatch.setattr(edge_of(api.scan), "limits", [(Limit("few", tries, 3600), subject)])
    here, last = crowd[0], crowd[3]
    client = client_of(app, here.manager)

    def shows(each: Someone):
        return lambda: scan(client_of(app, here.manager), each.phone.code(), station_id=str(here.here.id))

    told = gathered(lane, *(shows(each) for each in crowd[:3]))
    told.append(scan(client, last.phone.code(), station_id=str(here.here.id)))
    assert [status for status, _ in told] == statuses
    assert settled == [["settled"] * min(tries, 3)]
    assert count(Checkin) == tries


def test_what_goes_by_itself_after_all_was_counted_in_its_group(app, lane, crowd, settled, monkeypatch):
    ((_, subject),) = edge_of(api.scan).limits
    monkeypatch.setattr(edge_of(api.scan), "limits", [(Limit("three", 3, 3600), subject)])
    one, other = crowd[:2]
    client = client_of(app, one.manager)
    told = gathered(
        lane,
        lambda: scan(client, "81" + "0" * 31, station_id=str(one.here.id)),
        lambda: scan(client_of(app, one.manager), other.phone.code(), station_id=str(one.here.id)),
    )
    assert settled == [["left", "settled"]]
    assert [status for status, _ in told] == [400, 200]
    assert scan(client, one.phone.code(), station_id=str(one.here.id))[0] == 200
    assert scan(client, crowd[2].phone.code(), station_id=str(one.here.id))[0] == 429


def test_what_is_long_is_counted_before_it_is_read(app, crowd, monkeypatch):
    ((_, subject),) = edge_of(api.scan).limits
    monkeypatch.setattr(edge_of(api.scan), "limits", [(Limit("none", 0, 3600), subject)])
    client = client_of(app, crowd[0].rider)
    monkeypatch.setattr(strict_json, "loads", lambda _data: pytest.fail("it was read"))
    assert scan(client, "9" * 5000)[0] == 429


def test_one_rider_twice_in_a_group_counts_once(app, lane, crowd):
    one = crowd[0]
    told = gathered(lane, one.is_scanned, one.scans_poster, crowd[1].is_scanned)
    assert [status for status, _ in told] == [200, 409, 200]
    assert count(Checkin) == 2


def test_the_same_request_twice_in_a_group_is_answered_the_same(app, lane, crowd):
    one, key = crowd[0], new_id().hex
    client, poster = client_of(app, one.rider), station.make(one.here.short_code)
    again = [lambda: scan(client_of(app, one.rider), poster, key=key, **HERE) for _ in range(2)]
    told = gathered(lane, *again, crowd[1].is_scanned)
    assert told[0] == told[1]
    assert told[0][0] == 200
    assert count(Checkin) == 2
    assert scan(client, poster, key=key, **HERE) == told[0]


def test_a_key_that_was_used_for_something_else_is_refused_and_spoils_nothing(app, lane, crowd):
    one, other, key = crowd[0], crowd[1], new_id().hex
    client = client_of(app, one.manager)
    assert scan(client, one.phone.code(), key=key, station_id=str(one.here.id))[0] == 200
    with transaction():
        newcomer = everyone.rider("新师傅")
        phone = codes.phone(everyone.actor(newcomer))
    code = phone.code()
    told = gathered(lane, lambda: scan(client, code, key=key, station_id=str(one.here.id)), other.is_scanned)
    assert (told[0][0], told[0][1]["code"]) == (422, "idempotency-key-reused")
    assert told[1][0] == 200
    with transaction(write=False):
        assert session.scalar(select(Checkin.id).filter_by(person_id=newcomer.id)) is None


def test_whatever_is_unusual_gets_what_it_gets_by_itself(app, lane, crowd, settled):
    one, two, three, four, five = crowd
    code = one.phone.code()
    forged = code[:-2] + str((int(code[-2]) + 1) % 10) + code[-1]
    stranger = client_of(app, five.manager)
    told = gathered(
        lane,
        lambda: scan(client_of(app, one.manager), forged, station_id=str(one.here.id)),
        lambda: scan(client_of(app, two.rider), station.make(two.here.short_code)),
        lambda: scan(client_of(app, three.manager), voucher.make("1" * 13), station_id=str(three.here.id)),
        lambda: scan(stranger, four.phone.code(), station_id=str(four.here.id)),
        five.scans_poster,
    )
    assert settled == [["left", "left", "left", "left", "settled"]]
    assert [body.get("code", body.get("outcome")) for _, body in told] == [
        "code-checksum",
        "location-needed",
        "voucher-unknown",
        "not-allowed",
        "done",
    ]
    assert count(Checkin) == 1


def test_where_codes_were_guessed_nobody_is_settled_in_a_group(lane, crowd, settled, clock):
    one, two, three, *_ = crowd
    with transaction():
        session.add(RefusedScan(station_id=one.here.id, slug="code-forged", at=clock.at))
    told = gathered(lane, one.is_scanned, two.is_scanned, three.is_scanned)
    assert settled == [["left", "settled", "settled"]]
    assert [status for status, _ in told] == [200] * 3


def test_who_guessed_at_a_counter_is_slowed_down_in_a_group_too(lane, crowd, settled, clock):
    one, two, three, four, _ = crowd
    guess = {"by_id": two.rider.person_id, "station_id": four.here.id, "slug": "code-forged", "at": clock.at}
    with transaction():
        session.add_all([RefusedScan(**guess) for _ in range(5)])
    told = gathered(lane, one.is_scanned, two.scans_poster, three.is_scanned)
    assert settled == [["settled", "left", "settled"]]
    assert [status for status, _ in told] == [200, 429, 200]


def test_who_guessed_at_a_poster_slows_down_nobody_else(lane, crowd, settled, clock):
    one, two, three, *_ = crowd
    with transaction():
        session.add(RefusedScan(by_id=two.rider.person_id, slug="code-forged", at=clock.at))
    told = gathered(lane, one.scans_poster, two.scans_poster, three.scans_poster)
    assert settled == [["settled", "left", "settled"]]
    assert [status for status, _ in told] == [200] * 3


def test_an_ended_poster_ends_in_a_group_too(app, lane, crowd, settled, clock):
    one, two, three, *_ = crowd
    with transaction():
        replace_poster(station_id=two.here.id, overlap=False, by=two.manager, at=clock.at)
        replace_poster(station_id=three.here.id, overlap=False, by=three.manager, at=clock.at)
    newest = station.make(three.here.short_code, 2)
    told = gathered(
        lane,
        one.scans_poster,
        two.scans_poster,
        lambda: scan(client_of(app, three.rider), newest, **HERE),
    )
    assert settled == [["settled", "left", "settled"]]
    assert [body.get("code", body.get("outcome")) for _, body in told] == ["done", "poster-ended", "done"]


def test_a_screen_counts_in_a_group_and_a_photo_of_it_does_not(app, lane, crowd, settled, clock):
    one, two, three, *_ = crowd
    photo, fresh = (
        screen.make(each.here.short_code, clock.at - timedelta(minutes=age))
        for each, age in ((one, 3), (two, 0))
    )
    told = gathered(
        lane,
        lambda: scan(client_of(app, one.rider), photo, **HERE),
        lambda: scan(client_of(app, two.rider), fresh, **HERE),
        three.is_scanned,
    )
    assert settled == [["left", "settled", "settled"]]
    assert [body.get("code", body.get("outcome")) for _, body in told] == ["screen-old", "done", "done"]
    assert count(Checkin) == 2


def test_of_each_in_a_group_it_is_kept_who_scanned_and_from_where(app, lane, crowd, settled):
    one, two, three, four, _ = crowd
    there = metres_north(80)
    place = {"position": {"lat": there.lat, "lng": there.lng}, "accuracy_m": 10}
    further = station.make(four.here.short_code)
    gathered(
        lane,
        one.is_scanned,
        two.scans_poster,
        three.is_scanned,
        lambda: scan(client_of(app, four.rider), further, **place),
    )
    assert settled == [["settled"] * 4]
    with transaction(write=False):
        opened = {each.person_id: each.opened_by for each in session.scalars(select(ScanSession))}
        kept = {
            each.person_id: (each.recorded_by, each.within_m) for each in session.scalars(select(Checkin))
        }
    assert opened == {each.rider.id: each.manager.person_id for each in (one, three)}
    assert kept == {
        one.rider.id: (one.manager.person_id, None),
        two.rider.id: (two.rider.id, 25),
        three.rider.id: (three.manager.person_id, None),
        four.rider.id: (four.rider.id, 100),
    }


def test_a_copied_phone_is_seen_in_a_group_too(app, lane, crowd, settled, clock):
    """Not by whoever was near: the second rider was scanned at a station a few steps away."""
    copied, walked, far = crowd[0], crowd[1], Someone(app, "远师傅", position=codes.FAR_AWAY)

    def shown(each: Someone, there: Someone):
        return scan(client_of(app, there.manager), each.phone.code(), station_id=str(there.here.id))

    assert [shown(copied, far)[0], shown(walked, crowd[2])[0]] == [200, 200]
    clock.advance(minutes=2)
    with listening(SeenInTwoPlaces) as seen:
        gathered(lane, copied.is_scanned, walked.is_scanned)
    assert settled == [["settled", "settled"]]
    assert [(each.person_id, each.station_id, each.before_id, each.seconds) for each in seen] == [
        (copied.rider.id, copied.here.id, far.here.id, 120)
    ]


def test_who_is_faster_in_another_process_makes_all_go_one_by_one(lane, crowd, clock, monkeypatch):
    """The planted race: somebody takes the window between the look and the writing."""
    one, two, *_ = crowd
    monkeypatch.setattr(together, "windows_taken", lambda _: set())
    assert one.is_scanned()[0] == 200
    clock.advance(minutes=1)
    told = gathered(lane, one.is_scanned, two.is_scanned)
    assert [(body["outcome"], body["replayed"]) for _, body in told] == [("already", False), ("done", False)]
    assert count(Checkin) == 2
    assert count(ScanSession) == 3
    with transaction(write=False):
        assert session.query(IdempotencyRecord).filter_by(status=None).count() == 0


def test_of_a_budget_for_one_the_first_draws_and_the_second_waits(lane, crowd, clock):
    with transaction():
        budget = session.scalars(select(Account).filter_by(kind="budget")).one()
        empty(budget, clock.at)
    points = 5
    with transaction():
        rules.fund(points)
    told = gathered(lane, crowd[0].is_scanned, crowd[1].is_scanned)
    assert [body["points"] for _, body in told] == [points, points]
    with transaction(write=False):
        wallets = [
            session.scalar(select(Account.balance).filter_by(owner_id=each.rider.id, kind="wallet"))
            for each in crowd[:2]
        ]
        assert wallets == [points, 0]
        assert verify() == []
