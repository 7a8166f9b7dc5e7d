"""A small TCP proxy that can be told to be slow, to let nothing pass, or to hang up on everybody."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65536


class Proxy:
    """Passes bytes on to a port of this machine, each chunk after `delay_s`."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self.delay_s = 0.0
        self._whole = threading.Event()
        self._whole.set()
        self._lines: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]

    def serve(self) -> None:
        """Accept until closed."""
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                self._whole.wait()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to_port))
                except OSError:
                    near.close()
                    continue
                for one, other in ((near, far), (far, near)):
                    self._lines.add(one)
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while chunk := one.recv(CHUNK):
                self._whole.wait()
                if self.delay_s:
                    time.sleep(self.delay_s)
                other.sendall(chunk)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._lines.discard(one)

    def cut(self) -> None:
        """From now on nothing passes and nobody is told: what a broken network looks like from both ends."""
        self._whole.clear()

    def mend(self) -> None:
        """Everything passes again, first what was on its way."""
        self._whole.set()

    def hang_up(self) -> None:
        """Every line that there is breaks at once, with what was on its way."""
        for line in tuple(self._lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Accept nobody any more."""
        self.mend()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()


@contextmanager
def before(port: int) -> Iterator[Proxy]:
    """A proxy before a port for as long as the block lasts."""
    proxy = Proxy(port)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
