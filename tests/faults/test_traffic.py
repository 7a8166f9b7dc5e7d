"""The clients of the drills: one key until there is an answer, and a memory for what was answered."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from faults import traffic
from faults.traffic import Answer, Ask, Client, Crowd, Journal, Line

ASK = Ask("buy", "/buy", "token", {"n": 1})
Reply = Callable[
    [str, int], tuple[int, dict[str, object]] | None
]  # by key and number of the try; None hangs up


class Shop:
    """A server that answers as a test wants it to."""

    def __init__(self, reply: Reply) -> None:
        self.keys: list[str] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                key = self.headers["Idempotency-Key"]
                shop.keys.append(key)
                answer = reply(key, shop.keys.count(key))
                if answer is None:
                    self.close_connection = True
                    return
                body = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def shop() -> Iterator[Callable[[Reply], Shop]]:
    shops: list[Shop] = []

    def opened(reply: Reply) -> Shop:
        shops.append(Shop(reply))
        threading.Thread(target=shops[-1].server.serve_forever, daemon=True).start()
        return shops[-1]

    yield opened
    for each in shops:
        each.server.shutdown()
        each.server.server_close()


def _client(shop: Shop, share: float = 0.0) -> Client:
    return Client(shop.server.server_port, "seed", share)


@pytest.mark.parametrize("first", [None, (500, {}), (503, {}), (429, {}), (409, {"code": "still-running"})])
def test_whatever_is_no_answer_is_sent_again_with_the_same_key(shop, first):
    here = shop(lambda key, number: first if number == 1 else (201, {"id": 1}))
    client = _client(here)
    assert client.ask(ASK).status == 201
    assert len(here.keys) == 2
    assert len(set(here.keys)) == 1
    assert client.journal.lines[0].tries == 2
    client.close()


def test_a_refusal_is_an_answer(shop):
    here = shop(lambda key, number: (409, {"code": "out-of-stock"}))
    client = _client(here)
    assert client.ask(ASK).code == "out-of-stock"
    assert len(here.keys) == 1
    client.close()


def test_every_request_has_a_key_of_its_own_and_the_same_seed_the_same_keys(shop):
    here = shop(lambda key, number: (201, {}))
    for _ in range(2):
        client = _client(here)
        client.ask(ASK)
        client.ask(ASK)
        client.close()
    assert len(set(here.keys)) == 2
    assert here.keys[:2] == here.keys[2:]


def test_a_replay_that_is_answered_differently_is_seen(shop):
    honest, forgetful = shop(lambda key, number: (201, {})), shop(lambda key, number: (201, {"n": number}))
    for here, differs in ((honest, False), (forgetful, True)):
        client = _client(here, share=1.0)
        client.ask(ASK)
        (line,) = client.journal.lines
        assert (line.sent_again, line.differing) == (True, differs)
        client.close()


def test_a_replay_that_gets_no_answer_is_not_called_a_different_one(shop, monkeypatch):
    monkeypatch.setattr(traffic.time, "sleep", lambda _seconds: None)
    client = _client(shop(lambda key, number: (201, {}) if number == 1 else (503, {})), share=1.0)
    client.ask(ASK)
    (line,) = client.journal.lines
    assert (line.sent_again, line.differing, line.silent) == (True, False, True)
    client.close()


def test_an_errand_hears_each_answer(shop):
    here, heard = shop(lambda key, number: (201, {"id": 7})), []

    def errand():
        answer = yield ASK
        heard.append(answer.json()["id"])
        yield Ask("collect", "/collect", "token")

    journal = Crowd(here.server.server_port, "seed", clients=3).run([errand] * 5)
    assert heard == [7] * 5
    assert len(journal.good("collect")) == len(journal.good("buy")) == 5
    assert journal.unanswered == 0


def test_when_the_time_is_over_no_errand_is_begun_and_all_that_were_are_finished(shop):
    here, finished = shop(lambda key, number: (201, {"id": 7})), []

    def errand():
        yield ASK
        time.sleep(0.05)
        finished.append(1)

    crowd = Crowd(here.server.server_port, "seed", clients=2, within_s=0.3)
    assert crowd.gone == 0.0
    journal = crowd.run([errand] * 1000)
    assert journal.errands == len(finished) == len(journal.lines)
    assert 2 <= journal.errands < 100
    assert crowd.gone == 1.0


def test_an_outage_lasts_from_the_first_failure_to_the_next_success_of_its_kind():
    journal = Journal(
        tries=[(1.0, "a", 200), (2.0, "a", 503), (3.0, "b", 200), (4.5, "a", 0), (5.0, "a", 200)]
    )
    assert journal.longest_outage_s() == 3.0
    journal.tries += [(6.0, "b", 500), (10.0, "b", 500)]
    assert journal.longest_outage_s() == 4.0
    assert Journal(tries=[(1.0, "a", 200), (9.0, "a", 409)]).longest_outage_s() == 0.0


def test_a_journal_counts_what_was_refused():
    refused = Answer(409, b'{"code": "out-of-stock"}')
    journal = Journal(lines=[Line(ASK, refused, 1, 0.1), Line(ASK, None, 9, 120.0)])
    assert journal.refusals() == {"out-of-stock": 1}
    assert journal.unanswered == 1


def test_a_share_of_the_answers_came_within_its_latency():
    done = Answer(200, b"{}")
    journal = Journal(lines=[Line(ASK, done, 1, seconds) for seconds in (0.3, 0.1, 0.2)])
    journal.lines.append(Line(ASK, None, 9, 120.0))
    assert [journal.latency_s(share) for share in (0.0, 0.5, 0.99, 1.0)] == [0.1, 0.2, 0.3, 0.3]
    assert Journal().latency_s(0.99) == 0.0


def test_a_later_part_of_a_drill_is_added_whole():
    journal = Journal(lines=[Line(ASK, None, 1, 0.1)], tries=[(1.0, "a", 503)], seconds=2.0, errands=3)
    later = Journal(
        lines=[Line(ASK, Answer(200, b"{}"), 1, 0.1)], tries=[(4.0, "a", 200)], seconds=5.0, errands=7
    )
    journal.add(later)
    assert (len(journal.lines), journal.unanswered, journal.seconds, journal.errands) == (2, 1, 7.0, 10)
    assert (journal.statuses(), journal.longest_outage_s()) == ({503: 1, 200: 1}, 3.0)
