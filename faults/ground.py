"""Where the drills take place: one PostgreSQL, a city in a template, and the product served from copies of it."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import sqlalchemy as sa
from flask import Flask

from faults import city as cities
from faults import warm
from faults.city import City
from faults.databases import Postgres
from faults.shares import Share
from faults.traffic import CLIENTS, Crowd
from tools import layout, network, serving
from tools.progress import Program, Refused, end

TEMPLATE = "city"
SERVES = "fengxing_serves"  # as in a city, who serves owns nothing: see app/kernel/rights.py
WORKERS, THREADS = 2, 16
ANSWERS_WITHIN_S = 60


@dataclass(slots=True)
class Product:
    """The running product."""

    port: int
    process: Program
    kills: int = 0

    def kill_a_worker(self, chance: random.Random) -> bool:
        """SIGKILL to one worker; the master starts another. False if there was none just now."""
        with suppress(psutil.NoSuchProcess):
            workers = psutil.Process(self.process.pid).children()
            if workers:
                chance.choice(sorted(workers, key=lambda each: each.pid)).kill()
                self.kills += 1
                return True
        return False

    def is_ready(self) -> bool:
        """Whether it says that the database answers."""
        address = f"http://127.0.0.1:{self.port}/readyz"
        with suppress(OSError), urllib.request.urlopen(address, timeout=10) as answer:
            return bool(answer.status == 200)
        return False

    def wait(self, seconds: float = ANSWERS_WITHIN_S) -> float:
        """Seconds until it was ready. Raises Refused if it never was."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.process.poll() is not None:
                raise Refused("the product did not start; see the log in the folder of the drill")
            if self.is_ready():
                return time.monotonic() - began
            time.sleep(0.05)
        raise Refused(f"the product was not ready within {seconds:.0f} s")


def grant_rights() -> None:
    """`flask rights grant`, after each migration; inside an application context of the owner."""
    from app.kernel import rights
    from app.kernel.db import session, transaction

    with transaction():
        for statement in rights.grants(SERVES):
            session.connection().exec_driver_sql(statement)


@dataclass(slots=True)
class Ground:
    """What every drill is given."""

    postgres: Postgres
    folder: Path
    seed: int
    city: City = field(default_factory=City)
    app: Flask | None = None
    share: Share = field(default_factory=Share)  # the time of the drill at hand
    all_in_all: Counter[str] = field(default_factory=Counter)  # what the drills with traffic came to together
    crowd: Crowd | None = None
    _copies: int = 0

    def chance(self, name: str) -> random.Random:
        """The drill's own source of chance: the same seed, the same drill, the same choices."""
        return random.Random(f"{self.seed}/{name}")  # noqa: S311 -- repeatable on purpose

    def clients(self, product: Product, name: str, clients: int = CLIENTS, share: float = 1.0) -> Crowd:
        """Those who do a drill's errands, in this part of the time that its traffic has."""
        self.crowd = Crowd(product.port, f"{self.seed}/{name}", clients, share * self.share.traffic_s)
        return self.crowd

    def env(self, url: str, **more: str) -> dict[str, str]:
        """The environment of the product on a database."""
        return _without_ours(os.environ) | {
            "FENGXING_ENV": "test",
            "FENGXING_SECRET_KEY": "for the drills only, thirty-two characters",
            "FENGXING_CODE_KEYS": "1:" + "5a" * 32,
            "FENGXING_LOG_LEVEL": "ERROR",
            "FENGXING_DATABASE_URL": url,
            "FENGXING_DATA_DIR": str(self.folder / "data"),
            **more,
        }

    def build(self, riders: int, last_items: int, within_s: float = math.inf) -> None:
        """Migrate and fill the template, with as many riders as there is time for."""
        from flask_migrate import upgrade

        from app import create_app
        from app.kernel.db import disconnect

        self._server(f"CREATE DATABASE {TEMPLATE}")
        self._server(f"CREATE ROLE {SERVES}")
        self.app = create_app(self.env(self.postgres.url(TEMPLATE)))
        with self.app.app_context():
            upgrade(directory=str(layout.ROOT / "migrations"))
            grant_rights()
            self.city = cities.build(riders, last_items, within_s)
            disconnect()

    def copy(self) -> str:
        """The address of a fresh copy of the city, with tokens that are good from now on."""
        self._copies += 1
        name = f"copy_{self._copies}"
        self._server(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        self.mint()
        return self.postgres.url(name)

    def mint(self, ahead_s: float = 0.0) -> None:
        """Tokens as of now, or of a clock that is ahead."""
        from datetime import UTC, datetime, timedelta

        assert self.app is not None
        with self.app.app_context():
            self.city.mint(datetime.now(UTC) + timedelta(seconds=ahead_s))

    @contextmanager
    def empty(self, name: str) -> Iterator[str]:
        """The address of a database with nothing in it, for as long as the block lasts."""
        self._server(f"CREATE DATABASE {name}")
        url = self.postgres.url(name)
        try:
            yield url
        finally:
            self.drop(url)

    def drop(self, url: str) -> None:
        """A copy that is no longer needed."""
        self._server(f"DROP DATABASE IF EXISTS {sa.make_url(url).database} WITH (FORCE)")

    def _server(self, statement: str) -> None:
        engine = sa.create_engine(self.postgres.url("postgres"), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(sa.text(statement))
        finally:
            engine.dispose()

    @contextmanager
    def product(self, url: str, *, patch: str = "", workers: int = WORKERS, **env: str) -> Iterator[Product]:
        """The product, served as in a city for as long as the block lasts: by a role that owns nothing."""
        from app.kernel import rights

        port = network.free_port()
        whole = self.env(rights.address_of(SERVES, url), **env) | ({"FAULTS_PATCH": patch} if patch else {})
        app = "faults.patched:app" if patch else "wsgi:app"
        command = serving.command(port, app=app, workers=workers, threads=THREADS, log="critical")
        process = warm.begin(command, whole, self.folder / "product.log")
        made = Product(port, process)
        try:
            made.wait()
            yield made
        finally:
            end(process)

    def flask(self, url: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """A command of the product, in a process of its own, as an operator would give it.

        Raises subprocess.TimeoutExpired if it takes longer than a drill may look at its books.
        """
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        return warm.run(command, self.env(url, **env), self.folder, self.share.for_a_check_s)

    def books(self, url: str, *, replay: bool = False) -> str:
        """What `flask ledger verify` (and `rules replay`) says: empty if the books close."""
        for command in (("ledger", "verify"), ("rules", "replay"))[: 1 + replay]:
            try:
                done = self.flask(url, *command)
            except subprocess.TimeoutExpired as late:
                return f"not known: flask {' '.join(command)} did not end within {late.timeout:.0f} s"
            if done.returncode:
                return (done.stderr or done.stdout).strip().splitlines()[0]
        return ""


def _without_ours(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if not name.startswith(("FENGXING_", "FAULTS_"))}
