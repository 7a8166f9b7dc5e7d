"""The proxy before Redis passes bytes both ways, slowly when told so, and hangs up when there is nobody behind it."""

from __future__ import annotations

import socket
import threading

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


def test_with_nobody_behind_it_it_hangs_up():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with (
        proxy.before(port) as before,
        socket.create_connection(("127.0.0.1", before.port), timeout=30) as near,
    ):
        near.settimeout(30)
        assert near.recv(100) == b""
