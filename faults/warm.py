"""Programs of the product begun by a process that has read it in already: all drills together begin some fifty.

To read the product in takes longer than most of what they do. The standard library's fork server does it once, makes
nothing of it, and parts: each program still has a process, an environment and an application of its own, and is killed
like any other. What has to begin from nothing (another clock, another disk) begins as a command.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from tools import layout
from tools.progress import Program

ONLY_FROM_THE_BEGINNING = "LD_PRELOAD"  # a library that takes the place of another has to be there first
_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(
    [__name__, "app.main", "simulator.command", "flask.cli", "gunicorn.app.wsgiapp"]
)


class Running:
    """One that parted from the fork server, to be asked as a subprocess.Popen is."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], out: Path, err: Path) -> None:
        python, _m, module, *arguments = command
        assert (python, _m) == (sys.executable, "-m"), command
        self._process = _SERVER.Process(
            target=_become, args=(module, arguments, dict(env), str(out), str(err)), daemon=True
        )
        self._process.start()
        self.args = list(command)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.args, timeout)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def begin(command: Sequence[str], env: Mapping[str, str], log: Path) -> Program:
    """Begin `python -m module …` in this environment alone; what it says is added to the log."""
    if ONLY_FROM_THE_BEGINNING not in env:
        return Running(command, env, log, log)
    with log.open("ab") as out:
        return subprocess.Popen(
            command, cwd=layout.ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )


def run(
    command: Sequence[str], env: Mapping[str, str], folder: Path, timeout: float | None
) -> subprocess.CompletedProcess[str]:
    """Run one to its end and keep what it said. Raises subprocess.TimeoutExpired, and has ended it then."""
    out, err = folder / "said.txt", folder / "complained.txt"
    for file in (out, err):
        file.write_text("", "utf-8")
    running = Running(command, env, out, err)
    try:
        code = running.wait(timeout)
    finally:
        running.kill()
    return subprocess.CompletedProcess(command, code, out.read_text("utf-8"), err.read_text("utf-8"))


def _become(module: str, arguments: list[str], env: dict[str, str], out: str, err: str) -> None:
    """In the new process: all that a process gets from whoever begins it, then the program."""
    for number, file in ((1, out), (2, err)):
        there = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(there, number)
        os.close(there)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(layout.ROOT)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
