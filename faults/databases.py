"""A PostgreSQL and a Redis that can be killed and begun again on the same folder and port.

Unlike the servers of the tests this PostgreSQL means what it says: it flushes every commit, and it archives its log.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tools import network, servers, system
from tools.progress import Refused, end

STARTS, PAUSE_S = 100, 0.2
AT_MOST_S = 300  # for a program of PostgreSQL: one that waits for ever is a broken promise and not a pause
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "max_connections": "150"}

# Linux ends our servers when the thread that began them ends (see tools.servers): this one lives as long as we do.
_BEGINNER = ThreadPoolExecutor(1)


class Killable:
    """One server of our own."""

    def __init__(self, begin: Callable[[], subprocess.Popen[bytes]], log: Path) -> None:
        self._begin, self._log = begin, log
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        """Begin, and wait until it is ready; again and again, since what was killed lets go of things slowly."""
        for _ in range(STARTS):
            self.process = _BEGINNER.submit(self._begin).result()
            if servers.says_ready(self.process, self._log):
                return
            end(self.process)
            time.sleep(PAUSE_S)
        raise Refused(f"a server did not start again: {self._log.read_text('utf-8', 'replace')[-2000:]}")

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL to it and all of its children, as when the power goes."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGSTOP)  # it makes no more children while we look for them
        family = [*psutil.Process(self.process.pid).children(recursive=True)]
        self.process.kill()
        for child in family:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self.process.wait()
        self.kills += 1

    def stop(self) -> None:
        """In order, as an operator would."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        end(self.process)


class Postgres(Killable):
    """A cluster with an archive beside it."""

    def __init__(self, folder: Path, account: servers.Account, programs: Path, **options: str) -> None:
        self.folder, self.account, self.programs = folder, account, programs
        self.port = network.free_port()
        self.password = secrets.token_hex(16)
        self.options = DURABLE | options
        super().__init__(self._process, folder / servers.LOG)

    def _process(self) -> subprocess.Popen[bytes]:
        return servers.postgres_process(self.programs, self.folder, self.account, self.port, self.options)

    def url(self, database: str) -> str:
        """The address of a database in it, as the superuser."""
        return f"postgresql+psycopg://fengxing:{self.password}@{network.DEFAULT_HOST}:{self.port}/{database}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs as its user. Raises Refused with what it said."""
        command = [str(self.programs / program), *arguments]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "PGPASSWORD": self.password,
            "PGUSER": "fengxing",
            "PGHOST": network.DEFAULT_HOST,
            "PGPORT": str(self.port),
        }
        mine = self.account.is_me
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                user=None if mine else self.account.uid,
                group=None if mine else self.account.gid,
                extra_groups=None if mine else [],
                check=False,
                timeout=AT_MOST_S,
            )
        except subprocess.TimeoutExpired:
            raise Refused(f"{program} was not over after {AT_MOST_S} s") from None
        if done.returncode:
            raise Refused(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")


@contextmanager
def postgres(**options: str) -> Iterator[Postgres]:
    """A durable, archiving PostgreSQL for as long as the block lasts."""
    programs = system.postgres_folder()
    if programs is None:
        raise Refused(f"no PostgreSQL {system.POSTGRES_AT_LEAST} or newer on this machine")
    account = servers.server_account()
    with servers.private_folder(account) as folder:
        made = Postgres(folder, account, programs, **archiving(folder), **options)
        servers.initdb(programs, folder, account, made.password)
        _own(folder / "archive", account)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def archiving(folder: Path) -> dict[str, str]:
    """What makes PostgreSQL keep its log beside the data: the settings that docs/operations.md gives."""
    return {
        "wal_level": "replica",
        "archive_mode": "on",
        "archive_command": archiving_to(f"{folder}/archive"),
    }


def archiving_to(folder: str) -> str:
    """The command that keeps one file of PostgreSQL's log, whole or not at all, and never over another.

    A server that was killed asks again for a file it kept already: to refuse that one would end archiving for ever.
    """
    kept = f"{folder}/%f"
    copied = f"cp %p {kept}.part && sync {kept}.part && mv {kept}.part {kept}"
    return f"cmp -s %p {kept} || (test ! -e {kept} && {copied})"


def _own(folder: Path, account: servers.Account) -> None:
    folder.mkdir(mode=0o700)
    if not account.is_me:
        os.chown(folder, account.uid, account.gid)


class Redis(Killable):
    """A Redis that forgets everything when it is killed."""

    def __init__(self, folder: Path, account: servers.Account, program: str) -> None:
        self.port, self.password = network.free_port(), secrets.token_hex(16)
        super().__init__(
            lambda: servers.redis_process(program, folder, account, self.port, self.password),
            folder / servers.LOG,
        )

    def url(self, port: int | None = None) -> str:
        """Its address, or that of a proxy before it."""
        return f"redis://:{self.password}@{network.DEFAULT_HOST}:{port or self.port}"


@contextmanager
def redis() -> Iterator[Redis]:
    """A Redis for as long as the block lasts."""
    program = system.redis_program()
    if program is None:
        raise Refused("no Redis server on this machine")
    account = servers.server_account()
    with servers.private_folder(account) as folder:
        made = Redis(folder, account, program)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def copy_of(server: Postgres, data: Path, folder: Path, **options: str) -> Postgres:
    """Another server on a copy of the data, for a restore; `start` it."""
    other = Postgres(folder, server.account, server.programs, **options)
    other.password = server.password
    shutil.move(data, folder / "data")
    return other
