"""The first PostgreSQL dies for good under load, and a second one that followed it takes over.

With `synchronous_commit` and the second server named in `synchronous_standby_names` an answer means that both have it:
then nothing may be lost. Without the name a server that lags loses what it had not received; the same drill must see
that, and says how much. Somebody has to promote the second server: here it is the drill, in production Patroni or an
operator, so the gap says how fast the product finds the new server, not how fast one decides.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from faults import books, databases, proxy
from faults.databases import Postgres
from faults.drills.killing import spread
from faults.ground import Ground
from faults.sizes import Size
from faults.traffic import Journal
from faults.verdicts import Verdict, judge
from tools import network, servers
from tools.progress import Refused

NAME = "failover"
SECOND = "second"  # its name, which the first server waits for
GAP_S = 30.0
READY_WITHIN_S = 60.0
LAG_S = 0.4


@dataclass(slots=True)
class Taken:
    """When the first server died, when the second was ready to write, and what went on before and after."""

    died: float = 0.0
    promoted: float = 0.0
    before: int = 0


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Nothing acknowledged is lost with the second server waited for; what is lost without it is seen."""
    yield from _waited_for(ground, size)
    yield from _left_behind(ground, size)


def _waited_for(ground: Ground, size: Size) -> Iterator[Verdict]:
    with _follower(ground, lag_s=0.0, waits=True) as (second, url):
        journal, taken = _fail_over(ground, second, url, size)
        there = _at(second, url)
        found, said = books.compare(there, journal), ground.books(there, replay=True)
    ground.all_in_all.update(
        answers=len(journal.lines) - journal.unanswered,
        lost=found.lost,
        doubled=found.doubled,
        oversold=found.oversold,
        books_open=bool(said),
    )
    figure = f"{found}; {len(journal.lines)} requests, {taken.before} visits before it died"
    yield judge(
        NAME, "the first server is gone for good: nothing acknowledged is lost", figure,
        found.is_clean and taken.before > 0,
    )  # fmt: skip
    gap_s = _gap_s(journal, taken)
    figure = f"{gap_s:.1f} s from the kill to the next answer, {taken.promoted - taken.died:.1f} s of them to promote"
    yield judge(NAME, f"writes go on within {GAP_S:.0f} s, at the same address", figure, gap_s <= GAP_S)
    yield judge(NAME, "the books of the second server close", said or "as flask ledger verify says", not said)


def _left_behind(ground: Ground, size: Size) -> Iterator[Verdict]:
    """The control: nobody waits for the second server, and its line is slow."""
    with _follower(ground, lag_s=LAG_S, waits=False) as (second, url):
        journal, _taken = _fail_over(ground, second, url, size)
        found = books.compare(_at(second, url), journal)
    figure = f"{found}; a second server {LAG_S:.1f} s behind that nobody waits for"
    yield judge(NAME, "bug: synchronous_standby_names is empty → seen as lost", figure, found.lost > 0)


def _fail_over(ground: Ground, second: Postgres, url: str, size: Size) -> tuple[Journal, Taken]:
    taken = Taken()
    with ground.product(_either(url, second)) as product:
        crowd = ground.clients(product, f"{NAME}/{second.port}", share=0.5)

        def die_and_take_over() -> None:
            taken.before = crowd.progress
            ground.postgres.kill()
            taken.died = time.monotonic()
            _promote(second)
            taken.promoted = time.monotonic()

        harmer = threading.Thread(target=spread, args=(crowd, [die_and_take_over]), daemon=True)
        harmer.start()
        journal = crowd.run(ground.city.errands(2 * size.small_visits, ground.chance(NAME)))
        harmer.join()
    return journal, taken


def _gap_s(journal: Journal, taken: Taken) -> float:
    """From the death of the first server to the first answer of the second."""
    after = [when for when, _kind, status in journal.tries if when > taken.died and 200 <= status < 300]
    # Answers that were on their way when it died prove nothing; the second server cannot answer before it is promoted.
    return min((when for when in after if when >= taken.promoted), default=float("inf")) - taken.died


@contextmanager
def _follower(ground: Ground, *, lag_s: float, waits: bool) -> Iterator[tuple[Postgres, str]]:
    """A second server that follows the first, and a copy of the city that both have; after it the first lives again."""
    first = ground.postgres
    url = ground.copy()
    name = f"follower-{int(waits)}"
    first.run(
        "pg_basebackup", "--pgdata", str(first.folder / name), "--checkpoint=fast", "--wal-method=stream"
    )
    with servers.private_folder(first.account) as folder, proxy.before(first.port) as line:
        line.delay_s = lag_s
        second = databases.copy_of(first, first.folder / name, folder, **following(first.password, line.port))
        _mark_as_standby(second)
        second.start()
        try:
            _wait(first, "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'")
            if waits:
                _rename(first, SECOND)
                _wait(first, "SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'")
            yield second, url
        finally:
            second.stop()
            first.options.pop("synchronous_standby_names", None)
            if first.runs:
                first.stop()
            first.start()
            ground.drop(url)


def following(password: str, port: int) -> dict[str, str]:
    """What makes a server follow another one: the settings that docs/operations.md gives."""
    address = f"host={network.DEFAULT_HOST} port={port} user=fengxing password={password}"
    return {"primary_conninfo": f"{address} application_name={SECOND}"}


def _mark_as_standby(server: Postgres) -> None:
    mark = server.folder / "data" / "standby.signal"
    mark.touch()
    if not server.account.is_me:
        os.chown(mark, server.account.uid, server.account.gid)


def _rename(first: Postgres, name: str) -> None:
    """From now on no commit is answered before this server has it, too."""
    first.options["synchronous_standby_names"] = name
    first.stop()
    first.start()


def _promote(second: Postgres) -> None:
    _ask(second, "SELECT pg_promote(true, 30)")
    _wait(second, "SELECT NOT pg_is_in_recovery()")


def _either(url: str, second: Postgres) -> str:
    """The address that the product is given: both servers, whichever can write."""
    made = sa.make_url(url)
    hosts = tuple(f"{made.host}:{port}" for port in (made.port, second.port))
    query = {"host": hosts, "target_session_attrs": "read-write", "connect_timeout": "5"}
    both = sa.URL.create(made.drivername, made.username, made.password, database=made.database, query=query)
    return both.render_as_string(hide_password=False)


def _at(server: Postgres, url: str) -> str:
    return server.url(str(sa.make_url(url).database))


def _ask(server: Postgres, question: str) -> object:
    engine = sa.create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            return connection.scalar(sa.text(question))
    finally:
        engine.dispose()


def _wait(server: Postgres, question: str) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        if _ask(server, question):
            return
        time.sleep(0.1)
    raise Refused(f"the second server was not ready within {READY_WITHIN_S:.0f} s: {question}")
