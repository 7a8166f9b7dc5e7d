"""Shows what is going on as soon as it takes longer than a blink, and keeps the whole output in a log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, TextIO

SHOWN_AFTER_S = 1.0
REDRAWN_EVERY_S = 0.25
REPEATED_EVERY_S = 10.0
TAIL_LINES = 20


class Refused(Exception):
    """We cannot go on; the text says in one line why and what to do."""


class StepFailed(Exception):
    """A step of the set-up ended badly; carries the end of what it said."""

    def __init__(self, text: str, tail: Sequence[str], log: Path | None) -> None:
        super().__init__(text)
        self.text, self.tail, self.log = text, list(tail), log

    def __str__(self) -> str:
        where = f" (all of it: {self.log})" if self.log else ""
        return "\n".join([f"failed: {self.text}{where}", *(f"  | {line}" for line in self.tail)])


class Program(Protocol):
    """What is asked of a program that somebody began: a subprocess.Popen, or what stands for one."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Progress:
    """A line on the terminal that says what is being done, for how long, and the latest word of it.

    On a terminal the line is redrawn and vanishes at the end; elsewhere it is repeated every ten seconds. `far` says
    how far it has come, if anybody can say.
    """

    def __init__(self, text: str, far: Callable[[], str] = lambda: "") -> None:
        self.text = text
        self._far = far
        self.latest = ""
        self._began = time.monotonic()
        self._over = threading.Event()
        self._shown = False
        self._out = sys.stdout  # whoever redirects it later must not swallow the progress
        self._terminal = self._out.isatty()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._shown:
            clear = "\r\x1b[K" if self._terminal else ""
            outcome = "done" if kind is None else "stopped"
            _write(f"{clear}{self.text}: {outcome} after {self._elapsed_s:.0f} s\n", self._out)

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def _show(self) -> None:
        if self._over.wait(SHOWN_AFTER_S):
            return
        self._shown = True
        while True:
            line = (
                self._redrawn()
                if self._terminal
                else f"{self.text} ... {self._elapsed_s:.0f} s{self._far()}\n"
            )
            _write(line, self._out)
            if self._over.wait(REDRAWN_EVERY_S if self._terminal else REPEATED_EVERY_S):
                return

    def _redrawn(self) -> str:
        line = f"{self.text} ... {self._elapsed_s:.0f} s{self._far()}  {self.latest}"
        return f"\r\x1b[K{line[: _columns() - 1]}"


def run(
    text: str,
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> None:
    """Run a command as one step. Raises StepFailed with the end of its output."""
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    with Progress(text) as progress, log.open("w", encoding="utf-8") as kept:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        watch = threading.Timer(timeout_s, process.terminate) if timeout_s else None
        if watch:
            watch.start()
        try:
            for line in process.stdout or ():
                kept.write(line)
                tail.append(line.rstrip())
                progress.latest = line.strip()
            code = process.wait()
        finally:
            if watch:
                watch.cancel()
            end(process)
            if process.stdout:
                process.stdout.close()
        if code:
            raise StepFailed(text, tail, log)


def end(process: Program, grace_s: float = 10) -> None:
    """End one process that this program started, politely first."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start(main: Callable[[], int]) -> None:
    """Run a program of this folder: refusals are one line, Ctrl-C and SIGTERM end it and what it started."""

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    try:
        code = main()
    except (Refused, StepFailed) as problem:
        print(problem, file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    raise SystemExit(code)


def say(text: str) -> None:
    """One line to the person at the terminal."""
    _write(f"{text}\n", sys.stdout)


def _write(text: str, out: TextIO) -> None:
    encoding = out.encoding or "ascii"
    out.write(text.encode(encoding, "replace").decode(encoding))
    out.flush()


def _columns() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 80
