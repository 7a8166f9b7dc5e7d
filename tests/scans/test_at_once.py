"""One code shown to many scanners in the same moment, over HTTP: it counts once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.client import HTTPConnection

from app.checkins.models import Checkin
from app.codes import presenting
from app.codes.models import ScanSession
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from tests.codes import make
from tests.scans.test_scanning import client_of

PRESENTATIONS = 64


def presented(app, address: str, scene: make.Scene) -> Counter[str]:
    """What 64 presentations of one code were told, half of them at each of two stations."""
    text, port = scene.phone.code(), int(address.rpartition(":")[2])
    places = [(scene.station, scene.manager), (scene.other_station, scene.other_manager)]
    tokens = [client_of(app, by).environ_base["HTTP_AUTHORIZATION"] for _, by in places]
    ready, said = threading.Barrier(PRESENTATIONS), Counter[str]()

    def show(number: int) -> None:
        station = places[number % 2][0]
        body = json.dumps({"text": text, "station_id": str(station.id)})
        headers = {
            "Authorization": tokens[number % 2],
            "Content-Type": "application/json",
            "Idempotency-Key": new_id().hex,
        }
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        ready.wait()
        connection.request("POST", "/api/v1/scans", body, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        said[told.get("code") or ("replayed" if told["replayed"] else "accepted")] += 1
        connection.close()

    threads = [threading.Thread(target=show, args=(number,)) for number in range(PRESENTATIONS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return said


def test_of_64_presentations_at_once_one_is_accepted(app, clock, address):
    said = presented(app, address, make.scene())
    assert said == {"accepted": 1, "replayed": PRESENTATIONS // 2 - 1, "code-replay": PRESENTATIONS // 2}
    with transaction(write=False):
        assert session.query(ScanSession).count() == 1
        assert session.query(Checkin).count() == 1


def test_more_would_be_noticed_without_the_constraint(app, clock, address, monkeypatch):
    real = presenting.insert_if_absent
    monkeypatch.setattr(
        presenting,
        "insert_if_absent",
        lambda model, values: real(model, values | {"step": new_id().int % 2**40}),
    )
    assert presented(app, address, make.scene())["accepted"] > 1
