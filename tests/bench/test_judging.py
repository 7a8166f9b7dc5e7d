"""What the benchmark says of its figures: a noisy set is never a pass, a missing row is never a footnote."""

from __future__ import annotations

import itertools
import socket
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from app.kernel.ids import new_id
from bench import load, pairs, steady, streams, svg
from bench.load import Call, Round
from bench.pairs import Contest, Pace


@pytest.mark.parametrize(
    ("middle", "spread", "said"),
    [
        (0.7, (0.68, 0.72), pairs.MET),
        (0.4, (0.39, 0.41), pairs.FIRST_BAR),
        (0.2, (0.2, 0.21), pairs.BELOW),
        (0.7, (0.5, 0.9), pairs.NOISY),
        (0.2, (0.1, 0.3), pairs.NOISY),
    ],
)
def test_a_verdict(middle, spread, said):
    assert pairs.verdict(middle, spread, 0.3, 0.65) == said


def test_nothing_is_judged_that_has_no_aim():
    assert pairs.verdict(0.1, (0.1, 0.1), None, None) == pairs.SHOWN


def _contest(own: Iterator[float], rows: Iterator[int], **more: object) -> Contest:
    return Contest(
        "x", lambda: Pace(next(own), 10), lambda: Pace(100.0, 5), "y", 0.3, 0.65,
        counted=lambda: next(rows), **more,
    )  # fmt: skip


def test_the_figure_is_the_median_of_the_pairs_and_the_order_is_turned():
    order: list[str] = []

    def noted(name: str, per_s: float) -> Pace:
        order.append(name)
        return Pace(per_s, 1)

    contest = Contest("x", lambda: noted("own", 50.0), lambda: noted("best", 100.0), "y")
    assert pairs.run(contest, 3)["ratio"] == 0.5
    assert order == ["best", "own", "own", "best", "best", "own"]


@pytest.mark.parametrize(("end", "lost"), [(30, 0), (29, 1), (20, 10)])
def test_an_acknowledged_row_that_is_not_there_is_lost(end, lost):
    row = pairs.run(_contest(iter([70.0, 70.0, 70.0]), iter([0, end])), 3)
    assert row["lost"] == lost


def test_rows_of_the_ceiling_hide_no_loss():
    row = pairs.run(_contest(iter([70.0]), iter([0, 14]), ceiling_writes=True), 1)
    assert (row["committed"], row["lost"]) == (9, 1)


def test_half_of_the_mix_is_sent_again_with_the_same_key_and_body():
    calls = [Call("POST", "/x", body=str(new_id()).encode()) for _ in range(200)]
    sent = list(streams.twice(iter(calls)))
    again = len(sent) - len({call.key for call in sent})
    assert again > 80
    assert len({(call.key, call.body) for call in sent}) == 200


def test_an_answer_is_whole_when_its_length_says_so():
    whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    assert load._length(whole[:30]) == -1
    assert load._length(whole) == len(whole)
    assert load._length(b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n") == 38


def test_a_picture_of_curves_is_drawn_and_escaped():
    lines = {"check-in": [(1e4, 5.0), (1e5, 5.5)], "a < b": [(1e4, 0.2), (1e5, 0.2)]}
    root = ElementTree.fromstring(svg.curves("Cost & size", lines, across="entries", up="ms"))
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Cost & size", "check-in", "a < b"} <= set(words)


def _round(per_s: float, waited_ms: list[float], *, refused: int = 0) -> Round:
    statuses = Counter({200: len(waited_ms), 409: refused})
    return Round(seconds=len(waited_ms) / per_s, statuses=statuses, latencies_ms=waited_ms)


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (_round(300, [5.0] * 100), pairs.FIRST_BAR),
        (_round(290, [5.0] * 100), pairs.BELOW),  # it fell behind
        (_round(300, [5.0] * 97 + [51.0] * 3), pairs.BELOW),
        (_round(300, [5.0] * 100, refused=1), pairs.BELOW),
    ],
)
def test_at_a_steady_pace_one_is_answered_in_time(measured, said):
    assert steady.row([measured])["verdict"] == said


def test_who_waits_for_a_free_connection_waits_as_well():
    with _answering(after=5) as port:
        sent = load.offer(port, itertools.repeat(Call("GET", "/")), per_s=1_000_000, seconds=5e-6, clients=1)
    assert sent.good == 5
    assert sent.latencies_ms == sorted(
        sent.latencies_ms
    )  # all were due at once, and had to wait for each other


@contextmanager
def _answering(*, after: int) -> Iterator[int]:
    """A server that answers so many requests of one connection, and its port."""

    def answer() -> None:
        connection, _ = listening.accept()
        with connection:
            for _ in range(after):
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        served = pool.submit(answer)
        yield listening.getsockname()[1]
        served.result(10)
