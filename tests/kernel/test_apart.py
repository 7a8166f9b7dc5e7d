"""Strangers' files are opened in a child process; a hundred bombs at once do not hurt the service."""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from collections import Counter
from http.client import HTTPConnection

import psutil
import pytest

from app.kernel import apart
from app.kernel.apart import GaveUp, done_apart
from app.kernel.db import transaction
from app.kernel.errors import Unavailable
from tests import make

HERE = "tests.kernel.apart_work"
BOMBS = 100


@pytest.fixture(autouse=True)
def _no_child_before_or_after():
    apart.end_child()
    yield
    apart.end_child()


def test_one_child_does_one_file_after_another_and_knows_no_secret():
    told = [done_apart(f"{HERE}:echo", b"x" * size) for size in (0, 1, 3_000_000)]
    assert [len(parts[0]) for _, parts in told] == [0, 1, 3_000_000]
    assert len({verdict["pid"] for verdict, _ in told}) == 1
    assert told[0][0]["pid"] != os.getpid()
    assert not [name for name in told[0][0]["secrets"] if name.startswith("FENGXING")]


def test_too_much_memory_ends_the_child_and_the_next_file_gets_another():
    first, _ = done_apart(f"{HERE}:echo", b"")
    with pytest.raises(GaveUp):
        done_apart(f"{HERE}:eat_memory", b"")
    second, _ = done_apart(f"{HERE}:echo", b"")
    assert first["pid"] != second["pid"]


def test_too_much_time_ends_the_child(monkeypatch):
    monkeypatch.setattr(apart, "LIMIT_S", 0.2)
    with pytest.raises(GaveUp):
        done_apart(f"{HERE}:take_for_ever", b"")


def test_a_file_that_kills_the_child_is_given_up():
    with pytest.raises(GaveUp):
        done_apart(f"{HERE}:die", b"")


def said(*parts: bytes, count: int | None = None, size: int | None = None) -> io.BytesIO:
    """What comes over the pipe; `count` and `size` are what is claimed of the parts."""
    head = struct.pack(">I", len(parts) if count is None else count)
    return io.BytesIO(
        head + b"".join(struct.pack(">I", len(part) if size is None else size) + part for part in parts)
    )


def test_what_is_sent_is_what_is_received():
    pipe = io.BytesIO()
    apart._send(pipe, [b"", b"x", b"yz"])
    assert pipe.getvalue() == said(b"", b"x", b"yz").getvalue()
    assert apart._receive(io.BytesIO(pipe.getvalue())) == [b"", b"x", b"yz"]


@pytest.mark.parametrize(
    "pipe",
    [
        said(*[b""] * 9),
        said(b"{}", count=2**32 - 1),
        said(b"{}", size=3),
        said(b"x" * 11, size=11),
        io.BytesIO(b"\0\0"),
    ],
    ids=["many parts", "parts without end", "cut off", "too long", "no count"],
)
def test_a_child_that_was_taken_over_is_not_listened_to_for_ever(pipe, monkeypatch):
    monkeypatch.setattr(apart, "MAX_PART_BYTES", 10)
    with pytest.raises(EOFError):
        apart._receive(pipe)
    assert apart._receive(said(*[b"x" * 10] * 8)) == [b"x" * 10] * 8


@pytest.mark.parametrize("parts", [[], [b"["], [b"[]"], [b"7"], [b"\xff"], [b"[" * 100_000]])
def test_what_is_no_verdict_is_a_fault_of_the_child(parts):
    with pytest.raises(ValueError, match="^$|(?i:expect|decode)"):
        apart._verdict_in(parts)


def test_the_child_can_write_no_file(tmp_path):
    with pytest.raises(GaveUp):
        done_apart(f"{HERE}:write_a_file", str(tmp_path / "x").encode())


def test_whoever_finds_the_queue_full_is_asked_to_come_again():
    taken = [apart._seats.acquire(blocking=False) for _ in range(apart.QUEUE)]
    try:
        with pytest.raises(Unavailable):
            done_apart(f"{HERE}:echo", b"")
    finally:
        for _ in taken:
            apart._seats.release()


def bomb() -> bytes:
    """Two dozen kilobytes that unpack to 24 megapixels: under the cap of the header, so it has to be opened."""
    side = 4_900

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes((side * 3 + 1) * side), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_hundred_bombs_at_once_do_not_hurt_the_service(app, address):
    with transaction():
        someone = make.rider()
    token = make.signed_in(app, someone).environ_base["HTTP_AUTHORIZATION"]
    port, data = int(address.rpartition(":")[2]), bomb()
    before = psutil.Process().memory_info().rss
    answers: Counter[int] = Counter()

    def send() -> None:
        edge = "x" * 20
        body = b"".join(
            [
                f'--{edge}\r\nContent-Disposition: form-data; name="photo"; filename="x.png"\r\n\r\n'.encode(),
                data,
                f"\r\n--{edge}--\r\n".encode(),
            ]
        )
        headers = {"Authorization": token, "Content-Type": f"multipart/form-data; boundary={edge}"}
        answers[ask(port, "POST", "/api/v1/scans/photo", body, headers)] += 1

    throwers = [threading.Thread(target=send) for _ in range(BOMBS)]
    for each in throwers:
        each.start()
    healthy = [ask(port, "GET", "/healthz") for _ in range(20)]
    for each in throwers:
        each.join()
    assert healthy == [200] * 20
    assert set(answers) <= {
        200,
        429,
        503,
    }  # read (nothing in it), over the rider's limit, or the queue was full
    assert sum(answers.values()) == BOMBS
    assert answers[200] >= 1
    assert psutil.Process().memory_info().rss - before < 300 * 1024 * 1024


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_a_bomb_sent_as_a_photo_is_bounded_too(app):
    with transaction():
        someone = make.rider()
    client = make.signed_in(app, someone)
    form = {"photo": (io.BytesIO(bomb()), "x.png"), "purpose": "report"}
    answer = client.post("/api/v1/media", data=form, content_type="multipart/form-data")
    assert answer.status_code == 201
    assert answer.json["width"] == 1600
