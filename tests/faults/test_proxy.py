"""The proxy passes bytes both ways, slowly when told so, and hangs up when there is nobody behind it."""

from __future__ import annotations

import socket
import threading

import pytest

from faults import proxy


def _echo() -> socket.socket:
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        near, _ = door.accept()
        with near:
            while chunk := near.recv(100):
                near.sendall(chunk.upper())

    threading.Thread(target=serve, daemon=True).start()
    return door


def test_it_passes_on_what_is_said(monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(proxy.time, "sleep", slept.append)
    with (
        _echo() as door,
        proxy.before(door.getsockname()[1]) as before,
        socket.create_connection(("127.0.0.1", before.port), timeout=30) as near,
    ):
        near.sendall(b"ping")
        assert near.recv(100) == b"PING"
        assert slept == []
        before.delay_s = 2.0
        near.sendall(b"slow")
        assert near.recv(100) == b"SLOW"
    assert slept == [2.0, 2.0]


def test_what_is_cut_hears_nothing_until_it_is_mended():
    with (
        _echo() as door,
        proxy.before(door.getsockname()[1]) as before,
        socket.create_connection(("127.0.0.1", before.port), timeout=30) as near,
    ):
        near.sendall(b"one")
        assert near.recv(100) == b"ONE"
        before.cut()
        near.sendall(b"two")
        near.settimeout(0.2)
        with pytest.raises(TimeoutError):
            near.recv(100)
        near.settimeout(30)
        before.mend()
        assert near.recv(100) == b"TWO"


def test_it_can_hang_up_on_everybody():
    with (
        _echo() as door,
        proxy.before(door.getsockname()[1]) as before,
        socket.create_connection(("127.0.0.1", before.port), timeout=30) as near,
    ):
        near.sendall(b"one")
        assert near.recv(100) == b"ONE"
        before.hang_up()
        assert near.recv(100) == b""


def test_with_nobody_behind_it_it_hangs_up():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with (
        proxy.before(port) as before,
        socket.create_connection(("127.0.0.1", before.port), timeout=30) as near,
    ):
        near.settimeout(30)
        assert near.recv(100) == b""
