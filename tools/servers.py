"""A throw-away PostgreSQL and a throw-away Redis on free ports, ended by their process ids. For tests and benchmarks.

They hold nothing worth keeping and do not flush to disk. They listen on loopback, behind a password drawn each time.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tools import network, system
from tools.progress import Refused, end

READY_WITHIN_S = 60
LOG = "server.log"
READY = (
    "ready to accept"  # both of them say so in their log, a server that follows another one with "read-only"
)
TRIES = 3
USERS_INSTEAD_OF_ROOT = ("postgres", "nobody")
_LIBC = ctypes.CDLL(None)  # loaded before any fork
POSTGRES_OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Account:
    """The system user that a server runs as."""

    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        """Whether no change of user is needed."""
        return self.uid == os.geteuid()


@contextmanager
def postgres(**options: str) -> Iterator[str]:
    """A PostgreSQL server for as long as the block lasts; yields its SQLAlchemy URL (a superuser's)."""
    folder_of_programs = system.postgres_folder()
    if folder_of_programs is None:
        raise Refused(f"no PostgreSQL {system.POSTGRES_AT_LEAST} or newer on this machine")
    account, password = server_account(), secrets.token_hex(16)
    with private_folder(account) as folder:
        initdb(folder_of_programs, folder, account, password)
        port, process = _started(
            lambda port: postgres_process(folder_of_programs, folder, account, port, options), folder / LOG
        )
        try:
            yield f"postgresql+psycopg://fengxing:{password}@{network.DEFAULT_HOST}:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # "fast": drops the clients and stops in order
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            end(process)


@contextmanager
def redis() -> Iterator[str]:
    """A Redis server for as long as the block lasts; yields its URL."""
    program = system.redis_program()
    if program is None:
        raise Refused("no Redis server on this machine")
    account, password = server_account(), secrets.token_hex(16)
    with private_folder(account) as folder:
        port, process = _started(
            lambda port: redis_process(program, folder, account, port, password), folder / LOG
        )
        try:
            yield f"redis://:{password}@{network.DEFAULT_HOST}:{port}"
        finally:
            end(process)


def server_account() -> Account:
    """Ourselves; if we are root, somebody with fewer rights (PostgreSQL refuses root, rightly)."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in USERS_INSTEAD_OF_ROOT:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise Refused("this user is root and there is no user postgres or nobody to run PostgreSQL as")


@contextmanager
def private_folder(account: Account) -> Iterator[Path]:
    """A new folder of the server's user, removed at the end."""
    base = None if account.is_me else "/tmp"  # noqa: S108 -- mkdtemp makes a private folder; root's own may be closed
    folder = Path(tempfile.mkdtemp(prefix="fengxing-", dir=base))
    try:
        if not account.is_me:
            os.chown(folder, account.uid, account.gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def initdb(programs: Path, folder: Path, account: Account, password: str) -> None:
    """Make an empty cluster in `folder/data`, whose superuser is `fengxing`."""
    secret = folder / "password"
    secret.write_text(password, "utf-8")
    secret.chmod(0o600)
    if not account.is_me:
        os.chown(secret, account.uid, account.gid)
    command = [str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username", "fengxing"]
    command += [
        "--auth",
        "scram-sha-256",
        "--pwfile",
        str(secret),
        "--encoding",
        "UTF8",
        "--no-locale",
        "--no-sync",
    ]
    process = popen(command, folder, account)
    said, _ = process.communicate()
    if process.returncode:
        raise Refused(f"initdb failed: {said.decode(errors='replace').strip()}")


def postgres_process(
    programs: Path, folder: Path, account: Account, port: int, options: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start PostgreSQL on the cluster in `folder/data`; it logs into `folder`."""
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    command += ["-h", network.DEFAULT_HOST, "-p", str(port)]
    for name, value in (POSTGRES_OPTIONS | options).items():
        command += ["-c", f"{name}={value}"]
    return popen(command, folder, account, log=folder / LOG)


def redis_process(
    program: str, folder: Path, account: Account, port: int, password: str
) -> subprocess.Popen[bytes]:
    """Start Redis, which keeps nothing on the disk and logs into `folder`."""
    configuration = folder / "redis.conf"  # a password on the command line would be seen by everybody
    configuration.write_text(
        f"bind {network.DEFAULT_HOST}\nport {port}\ndir {folder}\nrequirepass {password}\n"
        'save ""\nappendonly no\ndaemonize no\n',
        "utf-8",
    )
    configuration.chmod(0o600)
    if not account.is_me:
        os.chown(configuration, account.uid, account.gid)
    return popen([program, str(configuration)], folder, account, log=folder / LOG)


def popen(
    command: list[str], folder: Path, account: Account, log: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a program as the server's user; it ends when we do."""
    out = log.open("wb") if log else None
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=out or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal is ours to handle, in our order
            preexec_fn=_die_with_parent,  # noqa: PLW1509 -- calls one loaded C function and nothing else
            user=None if account.is_me else account.uid,
            group=None if account.is_me else account.gid,
            extra_groups=None if account.is_me else [],
        )
    finally:
        if out:
            out.close()


def _die_with_parent() -> None:
    """Linux ends the server even when we are killed the hard way."""
    pr_set_pdeathsig = 1
    with suppress(OSError, AttributeError):
        _LIBC.prctl(pr_set_pdeathsig, signal.SIGINT)


def _started(
    begin: Callable[[int], subprocess.Popen[bytes]], log: Path
) -> tuple[int, subprocess.Popen[bytes]]:
    """Begin a server on a free port; another port if somebody else was quicker."""
    for _ in range(TRIES):
        port = network.free_port()
        process = begin(port)
        try:
            if says_ready(process, log):
                return port, process
        except BaseException:
            end(process)
            raise
        end(process)
    raise Refused(f"a test server did not start: {log.read_text('utf-8', 'replace').strip()}")


def says_ready(process: subprocess.Popen[bytes], log: Path) -> bool:
    """Wait until the log says so. False if the process ends first."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        if READY in log.read_text("utf-8", "replace").lower():
            return True
        time.sleep(0.05)
    return False
