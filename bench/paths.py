"""The hot paths through HTTP, each beside its ceiling."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
from sqlalchemy import text

from app.kernel.db import session, transaction
from bench import crowd, ground, load, pgbench, streams
from bench.ground import Ground
from bench.load import Call
from bench.pairs import Contest, Pace
from bench.scene import Scene
from bench.sizes import Size

HANDED_OVER = "vouchers WHERE state = 'handed_over'"


@dataclass(slots=True)
class Stand:
    """A server that is running, and who to ask how much it used."""

    ground: Ground
    process: subprocess.Popen[bytes]
    port: int
    size: Size
    postmaster: psutil.Process | None = None

    def http(self, calls: Iterator[Call]) -> Callable[[], Pace]:
        """One round of these requests."""
        return lambda: self._round(calls)

    def no_op(self) -> Callable[[], Pace]:
        """One round of the route that does nothing."""
        return self.http(streams.no_op())

    def function(self, statement: str) -> Callable[[], Pace]:
        """One round of pgbench."""
        return lambda: self._pgbench(statement)

    def _round(self, calls: Iterator[Call]) -> Pace:
        app, database = ground.server_cpu_s(self.process), self._database_s()
        sent = load.send(self.port, calls, seconds=self.size.seconds, clients=self.size.clients)
        used, used_there = ground.server_cpu_s(self.process) - app, self._database_s() - database
        each = 1000 / max(1, sum(sent.statuses.values()))
        refused = sum(sent.statuses.values()) - sent.good
        return Pace(
            sent.per_s, sent.good, sent.percentile(0.5), sent.percentile(0.99), used * each, used_there * each,
            sent.cpu_s * each, refused, sent.refused[-200:].decode(errors="replace"),
        )  # fmt: skip

    def _pgbench(self, statement: str) -> Pace:
        database = self._database_s()
        found = pgbench.run(self.ground.url, statement, seconds=self.size.seconds, clients=self.size.clients)
        used = (self._database_s() - database) * 1000 / max(1, found.done)
        return Pace(found.per_s, found.done, found.latency_ms, db_ms=used)

    def _database_s(self) -> float:
        return ground.postgres_cpu_s(self.postmaster) if self.postmaster else 0.0


def rows_of(table: str) -> Callable[[], int]:
    """How many rows there are now."""

    def count() -> int:
        with transaction(write=False):
            return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 -- our own table names

    return count


def contests(stand: Stand, scene: Scene, *, with_ceilings: bool) -> list[Contest]:
    """Each hot path against its ceiling; without ceilings in the database the no-op route is that of all."""
    size, at = stand.size, scene.city.at
    deal, promised = scene.deal_riders, scene.deal_promises
    readers = deal(500) if len(scene.riders) > 4_000 else deal(20)
    crowd.draw_by_server(readers, at=at)
    scans = streams.scans(deal(size.for_product), scene.counters, scene.tokens)
    posters = streams.posters(deal(size.for_product), scene.counters, at)
    redeem = streams.hand_overs(promised(size.for_product), scene.tokens)
    hot = streams.hand_overs(promised(size.for_product, hot=True), scene.tokens)
    mixed = streams.twice(streams.hand_overs(promised(size.for_product), scene.tokens))
    reports = streams.reports(deal(size.for_product), at)
    no_op = "no-op route"

    def database(statement: str) -> Callable[[], Pace]:
        return stand.function(statement) if with_ceilings else stand.no_op()

    function = "pgbench function" if with_ceilings else no_op

    def written(path: str, calls: Iterator[Call], call: str, table: str, bar: float, goal: float) -> Contest:
        return Contest(
            path,
            stand.http(calls),
            database(f"SELECT bench.{call}"),
            function,
            bar=bar if with_ceilings else None,
            goal=goal if with_ceilings else None,
            counted=rows_of(table),
            ceiling_writes=with_ceilings,
        )

    return [
        written("check-in, rider code", scans, "next_check_in('scanned')", "checkins", 0.25, 0.60),
        written("check-in, poster", posters, "next_check_in('poster')", "checkins", 0.25, 0.60),
        written("redeem", redeem, "next_redeem('redeem')", HANDED_OVER, 0.30, 0.65),
        written("redeem, one hot item", hot, "next_redeem('hot')", HANDED_OVER, 0.80, 1.50),
        Contest(
            "redeem, half sent again", stand.http(mixed), stand.no_op(), no_op,
            counted=rows_of(HANDED_OVER), replays=True,
        ),
        Contest("rider home", stand.http(streams.homes(readers, at)), stand.no_op(), no_op, 0.6, 0.9),
        Contest(
            "rider home, code drawn here", stand.http(streams.homes(readers, at, drawn_here=True)), stand.no_op(),
            no_op,
        ),
        Contest("code issue", stand.http(streams.codes(readers, at)), stand.no_op(), no_op, 0.6, 0.9),
        Contest("wallet", stand.http(streams.wallets(readers, at)), stand.no_op(), no_op, 0.36, 0.65),
        Contest("report", stand.http(reports), stand.no_op(), no_op, counted=rows_of("cases")),
    ]  # fmt: skip
