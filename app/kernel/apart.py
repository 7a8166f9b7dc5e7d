"""Work on strangers' files in a child process: bounded in memory and time, and nobody's loss if it is killed.

Picture decoders are written in C and are fed by whoever likes. A worker process keeps one child, started at the first
file and used again; it gets bytes and gives back a small JSON verdict and bytes, never a pickle. Whoever comes while
the queue is full is asked to come again at once: a hundred bombs take one processor for a while, and most threads of
the service not at all.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import resource
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from app.kernel.errors import Unavailable

MEMORY_BYTES = (
    640 * 1024 * 1024
)  # address space; 25 megapixels with transparency, once more while they are turned
LIMIT_S = 10  # for one file, waiting not included
PROCESSOR_S = 300  # a child is replaced long before, but a lost one ends by itself
FILES_EACH = 100
# A child that was taken over cannot make us read without end.
MAX_PART_BYTES, MAX_PARTS = 64 * 1024 * 1024, 8
QUEUE = 3  # in hand and waiting, per worker process: one of four threads stays free for everybody else
WAIT_S = 12
ROOT = Path(__file__).resolve().parent.parent.parent

Verdict = tuple[dict[str, Any], list[bytes]]
Work = Callable[[bytes], Verdict]


class GaveUp(Exception):
    """The child ran out of memory or time, or died of the file."""


def done_apart(work: str, data: bytes) -> Verdict:
    """The verdict of `module:function` over `data`. Raises GaveUp, or Unavailable while too many files wait."""
    if not _seats.acquire(blocking=False):
        raise Unavailable
    try:
        if not _turn.acquire(timeout=WAIT_S):
            raise Unavailable
        try:
            return _the_child().do(work, data)
        finally:
            _turn.release()
    finally:
        _seats.release()


class Child:
    """A process that does what it is told with one file after another."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.kernel.apart"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": str(ROOT),
                "LANG": "C.UTF-8",
            },  # and no secret
            close_fds=True,
        )

        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._in, self._out = self.process.stdin, self.process.stdout
        self.files_left = FILES_EACH

    @property
    def fit(self) -> bool:
        """Alive, and not so old that it might run out of its processor time in the middle of somebody's file."""
        return self.files_left > 0 and self.process.poll() is None

    def do(self, work: str, data: bytes) -> Verdict:
        """One file. Whatever goes wrong ends this child; the next file gets a fresh one."""
        killer = threading.Timer(LIMIT_S, self.process.kill)
        killer.start()
        try:
            self.files_left -= 1
            _send(self._in, [work.encode(), data])
            return _verdict_in(_receive(self._out))
        except (OSError, EOFError, ValueError):
            self.end()
            raise GaveUp from None
        finally:
            killer.cancel()

    def end(self) -> None:
        """Kill it and forget it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                pipe.close()


_seats = threading.BoundedSemaphore(QUEUE)
_turn = threading.Lock()
_child: Child | None = None
_owner = 0  # the process that started it


def _the_child() -> Child:
    global _child, _owner
    if (
        _child is None or _owner != os.getpid() or not _child.fit
    ):  # after a fork the parent's child is not ours
        end_child()
        _child, _owner = Child(), os.getpid()
    return _child


@atexit.register
def end_child() -> None:
    """At the end of the process; a child also ends by itself when nobody holds its input any more."""
    global _child
    if _child is not None and _owner == os.getpid():
        _child.end()
    _child = None


# --- bytes over a pipe: a count, then each part after its length ---------------------------------------------------


def _send(pipe: IO[bytes], parts: Sequence[bytes]) -> None:
    pipe.write(struct.pack(">I", len(parts)))
    for part in parts:
        pipe.write(struct.pack(">I", len(part)))
        pipe.write(part)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> list[bytes]:
    count = _number(pipe)
    if count > MAX_PARTS:
        raise EOFError
    return [_exactly(pipe, _number(pipe)) for _ in range(count)]


def _verdict_in(parts: Sequence[bytes]) -> Verdict:
    """What the child answers. Raises ValueError if that is no verdict."""
    verdict, *rest = parts
    try:
        told = json.loads(verdict)
    except RecursionError:
        raise ValueError from None
    if not isinstance(told, dict):
        raise ValueError
    return told, rest


def _number(pipe: IO[bytes]) -> int:
    return int(struct.unpack(">I", _exactly(pipe, 4))[0])


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size) if size <= MAX_PART_BYTES else b""
    if len(data) != size:
        raise EOFError
    return data


def _serve() -> None:
    """The child's life: read a file, answer, until nobody is there."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            work, data = _receive(incoming)
        except EOFError:
            return
        verdict, parts = _work_named(work.decode())(data)
        _send(outgoing, [json.dumps(verdict).encode(), *parts])


def _work_named(name: str) -> Work:
    module, _, function = name.partition(":")
    found: Work = getattr(importlib.import_module(module), function)
    return found


if __name__ == "__main__":
    _serve()
