"""Backups are worth what a restore shows: the procedure of docs/operations.md, done and checked.

A base backup, traffic, a planted deletion; then a second server is brought to the second before it, from backup and
archive. And a plain dump, read into an empty database.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from faults import books, databases
from faults.databases import Postgres
from faults.ground import Ground
from faults.sizes import Size
from faults.verdicts import Verdict, judge
from tools import servers

NAME = "restore"
ARCHIVED_WITHIN_S = 60


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """What was there the second before the deletion is there again, to the entry."""
    url = ground.copy()
    backup = ground.postgres.folder / "backup"
    ground.postgres.run("pg_basebackup", "--pgdata", str(backup), "--checkpoint=fast", "--wal-method=none")
    with ground.product(url) as product:
        ground.clients(product, NAME).run(ground.city.errands(size.small_visits, ground.chance(NAME)))
    whole = books.fingerprint(url)
    time.sleep(1)
    moment = _now(url)
    time.sleep(1)
    deleted = _plant_a_deletion(url)
    _archive_the_rest(ground.postgres)
    with _restored(ground.postgres, backup, moment) as restored:
        there = restored.url(str(sa.make_url(url).database))
        back, said = books.fingerprint(there), ground.books(there, replay=True)
    lost = books.fingerprint(url)
    figure = f"{deleted} entries deleted, {whole[1] - lost[1]} missing, {whole[1] - back[1]} missing after the restore"
    yield judge(
        NAME,
        "point-in-time recovery: the second before a deletion, to the entry",
        figure,
        back == whole != lost,
    )
    yield judge(
        NAME, "the restored books close", said or "as flask ledger verify and rules replay say", not said
    )
    yield _dump(ground)
    ground.drop(url)


def _now(url: str) -> str:
    return str(_scalar(url, "SELECT clock_timestamp()"))


def _plant_a_deletion(url: str) -> int:
    """What only the owner of the tables can do: the triggers are switched off first."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        gone = connection.execute(
            sa.text("DELETE FROM entries WHERE id IN (SELECT id FROM entries ORDER BY id DESC LIMIT 100)")
        ).rowcount
    engine.dispose()
    return int(gone)


def _archive_the_rest(server: Postgres) -> None:
    """Close the running piece of the log and wait until it lies in the archive."""
    url = server.url("postgres")
    last = str(_scalar(url, "SELECT pg_walfile_name(pg_switch_wal())"))
    archive = server.folder / "archive"
    until = time.monotonic() + ARCHIVED_WITHIN_S
    while not (archive / last).exists() and time.monotonic() < until:
        time.sleep(0.1)


@contextmanager
def _restored(server: Postgres, backup: Path, moment: str) -> Iterator[Postgres]:
    """Another server on the backup, brought forward to the moment."""
    with servers.private_folder(server.account) as folder:
        options = recovery(server.folder / "archive", moment)
        other = databases.copy_of(server, backup, folder, **options)
        signal_file = folder / "data" / "recovery.signal"
        signal_file.touch()
        if not server.account.is_me:
            os.chown(signal_file, server.account.uid, server.account.gid)
        other.start()
        try:
            _wait_for_promotion(other)
            yield other
        finally:
            other.stop()


def recovery(archive: Path, moment: str) -> dict[str, str]:
    """What makes PostgreSQL replay the archive up to a moment: the settings that docs/operations.md gives."""
    return {
        "restore_command": f"cp {archive}/%f %p",
        "recovery_target_time": moment,
        "recovery_target_action": "promote",
    }


def _wait_for_promotion(server: Postgres) -> None:
    until = time.monotonic() + ARCHIVED_WITHIN_S
    while _scalar(server.url("postgres"), "SELECT pg_is_in_recovery()") and time.monotonic() < until:
        time.sleep(0.1)


def _dump(ground: Ground) -> Verdict:
    """`pg_dump` of the city, `pg_restore` into an empty database."""
    before = books.fingerprint(ground.postgres.url("city"))
    ground.postgres.run("pg_dump", "--format=custom", "--file=nightly.dump", "city")
    ground.postgres.run("createdb", "restored")
    ground.postgres.run("pg_restore", "--dbname=restored", "--exit-on-error", "nightly.dump")
    url = ground.postgres.url("restored")
    after, said = books.fingerprint(url), ground.books(url)
    ground.drop(url)
    figure = (
        said or f"{after[1]} of {before[1]} entries, digest {'the same' if after == before else 'DIFFERS'}"
    )
    return judge(
        NAME,
        "a nightly dump on an empty server: the same entries, books closed",
        figure,
        after == before and not said,
    )


def _scalar(url: str, statement: str) -> object:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            return connection.scalar(sa.text(statement))
    finally:
        engine.dispose()
