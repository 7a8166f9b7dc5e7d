"""The database's disk runs full under traffic; then somebody makes room."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from faults import books, small_disk
from faults.drills.killing import spread
from faults.ground import SERVES, Ground, Product
from faults.sizes import Size
from faults.traffic import Journal
from faults.verdicts import NOT_POSSIBLE, Verdict, judge
from tools import layout, network, servers
from tools.progress import Refused, end

NAME = "disks"
MEBIBYTES = 160
FAILURES, FULL_FOR_S, RECOVERS_WITHIN_S = 50, 60.0, 60.0
CLEAR = (503, 507)


@dataclass(slots=True)
class Cramped:
    """A PostgreSQL on a small disk, looked after like a service."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    url: str

    @property
    def disk(self) -> Path:
        """The disk, seen from outside."""
        return Path(f"/proc/{self.process.pid}/root{self.folder}/disk")

    def fill(self) -> None:
        """Not a byte is left, and none that is freed stays free."""
        for chunk in (1 << 20, 1 << 12):
            with suppress(OSError), (self.disk / "ballast").open("ab", buffering=0) as ballast:
                while ballast.write(bytes(chunk)):
                    continue

    def make_room(self) -> None:
        (self.disk / "ballast").unlink()


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """A full disk loses nothing, is said clearly, and is over as soon as there is room."""
    try:
        with _cramped(ground) as database:
            yield from _fill(ground, size, database)
    except Refused as refused:
        yield Verdict(NAME, "a full disk loses nothing", str(refused), NOT_POSSIBLE)


def _fill(ground: Ground, size: Size, database: Cramped) -> Iterator[Verdict]:
    ground.postgres.run("pg_dump", "--format=custom", "--file=city.dump", "city")
    _restore(ground, database)
    ground.mint()
    with ground.product(database.url) as product:
        journal, recovered_s = _traffic(ground, product, size, database)
    found, said = books.compare(database.url, journal), ground.books(database.url)
    bad = {status: count for status, count in journal.statuses().items() if status >= 500 or status == 0}
    figure = f"{found}; {len(journal.lines)} requests, {sum(bad.values())} tries failed while it was full"
    yield judge(NAME, "a full disk loses nothing", figure, found.is_clean and bool(bad))
    unclear = {status: count for status, count in bad.items() if status not in CLEAR}
    figure = ", ".join(f"{count} × {status or 'broken'}" for status, count in sorted(bad.items()))
    yield judge(NAME, "meanwhile the answer is a clear 503 or 507", figure, bool(bad) and not unclear)
    figure = f"{recovered_s:.1f} s after there was room"
    yield judge(
        NAME,
        f"it recovers within {RECOVERS_WITHIN_S:.0f} s without hands",
        figure,
        recovered_s <= RECOVERS_WITHIN_S,
    )
    yield judge(NAME, "the books close", said or "as flask ledger verify says", not said)


def _traffic(ground: Ground, product: Product, size: Size, database: Cramped) -> tuple[Journal, float]:
    crowd = ground.clients(product, NAME)
    errands = ground.city.errands(2 * size.small_visits, ground.chance(NAME))
    recovered = [float("inf")]

    def harm() -> None:
        until = time.monotonic() + FULL_FOR_S
        while time.monotonic() < until and crowd.failures < FAILURES:
            database.fill()
            time.sleep(0.02)
        database.make_room()
        freed, before = time.monotonic(), crowd.progress
        while crowd.progress == before and time.monotonic() - freed < 2 * RECOVERS_WITHIN_S:
            time.sleep(0.05)
        recovered[0] = time.monotonic() - freed

    harmer = threading.Thread(target=spread, args=(crowd, [harm]), daemon=True)
    harmer.start()
    journal = crowd.run(errands)
    harmer.join()
    return journal, recovered[0]


@contextmanager
def _cramped(ground: Ground) -> Iterator[Cramped]:
    account, password, port = ground.postgres.account, ground.postgres.password, network.free_port()
    with servers.private_folder(account) as folder:
        disk = folder / "disk"
        disk.mkdir(mode=0o700)
        script = _script(ground, folder, password, port)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        if not account.is_me:
            environment |= {"SMALL_DISK_UID": str(account.uid), "SMALL_DISK_GID": str(account.gid)}
            os.chown(script, account.uid, account.gid)
        command = [
            sys.executable,
            "-m",
            "faults.small_disk",
            str(disk),
            str(MEBIBYTES),
            "/bin/sh",
            str(script),
        ]
        with (folder / "small_disk.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=layout.ROOT, env=environment, stdout=log, stderr=log)
        url = f"postgresql+psycopg://fengxing:{password}@{network.DEFAULT_HOST}:{port}/postgres"
        try:
            _wait(process, url, folder / "small_disk.log")
            yield Cramped(process, folder, port, url)
        finally:
            end(process, grace_s=20)


def _script(ground: Ground, folder: Path, password: str, port: int) -> Path:
    """Make the cluster if there is none yet, then be the server."""
    programs, data = ground.postgres.programs, folder / "disk" / "data"
    (folder / "password").write_text(password, "utf-8")
    if not ground.postgres.account.is_me:
        os.chown(folder / "password", ground.postgres.account.uid, ground.postgres.account.gid)
    script = folder / "serve.sh"
    script.write_text(
        f"cd {folder}\n"
        f"test -f {data}/PG_VERSION || {programs}/initdb -D {data} -U fengxing -A scram-sha-256 "
        f"--pwfile={folder}/password -E UTF8 --no-locale --wal-segsize=1 >/dev/null || exit 1\n"
        f"rm -f {data}/postmaster.pid\n"
        f"exec {programs}/postgres -D {data} -k {folder} -h {network.DEFAULT_HOST} -p {port} "
        "-c max_wal_size=16MB -c min_wal_size=2MB -c shared_buffers=16MB -c max_connections=60\n",
        "utf-8",
    )
    return script


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    engine = sa.create_engine(url)
    until = time.monotonic() + servers.READY_WITHIN_S
    try:
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            with suppress(sa.exc.OperationalError), engine.connect():
                return
            time.sleep(0.2)
    finally:
        engine.dispose()
    said = log.read_text("utf-8", "replace").strip().splitlines()
    why = said[-1] if said else "the server on the small disk did not start"
    if process.poll() not in (None, small_disk.REFUSED):
        why = f"the small disk ended with {process.returncode}: {why}"
    raise Refused(why)


def _restore(ground: Ground, database: Cramped) -> None:
    port = f"--port={database.port}"
    ground.postgres.run("psql", port, "--dbname=postgres", f"--command=CREATE ROLE {SERVES}")
    ground.postgres.run("pg_restore", "--no-owner", port, "--dbname=postgres", "city.dump")
