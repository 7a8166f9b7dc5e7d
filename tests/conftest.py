"""One database per worker, emptied before each test; a clock that stands still; nothing leaves this machine.

The suite runs on SQLite unless FENGXING_TEST_DATABASE_URL names a PostgreSQL server (tests/databases.py);
FENGXING_TEST_REDIS_URL adds a real Redis.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from app.identity import secrets_kept
from app.kernel import apart, events, limits, randomness, rights
from app.kernel import clock as clock_module
from app.kernel import db as database
from app.main import create_app
from tests import databases
from tests.databases import SERVER_URL, SERVES, new_database, owner
from tests.owning import owning
from tools.system import chromium_program

REDIS_URL = os.environ.get("FENGXING_TEST_REDIS_URL")
TEMPLATES = os.environ.get(
    "FENGXING_TEST_TEMPLATES"
)  # of tools/suite.py: compiled once and not by each worker
settings.register_profile("ours", deadline=None)  # how long something takes here says nothing about it
settings.load_profile("ours")
SCRATCH = Path("/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir())


class ByLanguage(FileSystemBytecodeCache):
    """What Jinja compiled, for other processes. A template is another one in each language (ADR 39)."""

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        language = getattr(environment, "language", None)
        return super().get_bucket(environment, f"{language}:{name}", filename, source)


gc.disable()  # while the tests are read in hardly anything is let go of: not to look for it saves a fifth of that


def pytest_collection_finish() -> None:
    """From here on look for what can go, but seldom: nothing that was read in can, and a test leaves little behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark what a database can matter to: the rest need not run again on every one of them.

    And hold every test for a browser to a file that says so: tools/suite.py reads no other for them.
    """
    spelt = cache(lambda file: "pytest.mark.browser" in file.read_text("utf-8"))
    for item in items:
        if item.get_closest_marker("browser") and not spelt(item.path):
            raise pytest.UsageError(f"{item.nodeid}: its own file has to say pytest.mark.browser")
        if _can_ask_one(item.fixturenames) or hasattr(item.module, "SERVER_URL"):
            item.add_marker("database")


def _can_ask_one(fixtures: list[str]) -> bool:
    """Whether a test with these is given a database. Some have the application for its settings alone."""
    return "settings_env" in fixtures and ("settings_only" not in fixtures or "app" in fixtures)


class StandingClock:
    """A clock that moves only when told: Tuesday 2026-11-24, 14:02 in the city."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 6, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


@pytest.fixture
def clock() -> Iterator[StandingClock]:
    standing = StandingClock()
    with clock_module.use(standing):
        yield standing


@pytest.fixture(autouse=True)
def _repeatable(request: pytest.FixtureRequest) -> Iterator[None]:
    with randomness.use(randomness.Seeded(request.node.nodeid)):
        yield


@pytest.fixture(scope="session", autouse=True)
def _passwords_take_no_time() -> None:
    """Cheaper ones of the same kind; what the product's own must cost is told by tests/identity/test_passwords.py."""
    secrets_kept._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    secrets_kept._NOBODY = secrets_kept._hasher.hash("nobody's")


@pytest.fixture(scope="session", autouse=True)
def _a_busy_machine_changes_nothing() -> None:
    """Nobody gives up on Redis or on a photo because other tests have the processor; tests of that say when."""
    limits.PATIENCE_S = apart.LIMIT_S = 120


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fengxing-test-", dir=SCRATCH))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def settings_env(scratch: Path, worker_id: str) -> dict[str, str]:
    """The environment of the application under test."""
    env = {
        "FENGXING_ENV": "test",
        "FENGXING_SECRET_KEY": "for tests only, thirty-two characters or more",
        "FENGXING_CODE_KEYS": "1:" + "5a" * 32,
        "FENGXING_PUBLIC_URL": "http://127.0.0.1:8000",
        "FENGXING_DATA_DIR": str(scratch),
        "FENGXING_DATABASE_URL": rights.address_of(SERVES, new_database(worker_id))
        if SERVER_URL
        else f"sqlite:///{scratch / 'test.db'}",
        "FENGXING_LOG_LEVEL": "ERROR",
    }
    if REDIS_URL:
        number = 1 + int(worker_id.removeprefix("gw") or 0) if worker_id.startswith("gw") else 0
        env["FENGXING_REDIS_URL"] = f"{REDIS_URL.rstrip('/')}/{number}"
    return env


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def built_app(settings_env: dict[str, str]) -> Iterator[Flask]:
    """The application with its tables made once; use `app` instead."""
    app = create_app(settings_env)
    app.testing = True
    if TEMPLATES:
        app.jinja_env.bytecode_cache = ByLanguage(TEMPLATES)
    with app.app_context():
        databases.make_tables()
    gc.collect()
    gc.freeze()  # as wsgi.py does: the collector need not look through the whole product in every test
    yield app
    with app.app_context():
        owner().dispose()
        database.disconnect()


@pytest.fixture
def app(built_app: Flask, clock: StandingClock) -> Iterator[Flask]:
    """The application on an empty database, inside an application context."""
    with built_app.app_context():
        database.session.remove()
        databases.empty()
        if "redis" in built_app.extensions:
            built_app.extensions["redis"].flushdb()
        wiring, together = dict(events._handlers), dict(events._together)
        yield built_app
        for kept, wired in ((events._handlers, wiring), (events._together, together)):
            kept.clear()  # a test may listen in; the next one hears what the app wires
            kept.update(wired)
        database.session.remove()


@pytest.fixture
def owned(app: Flask) -> Iterator[None]:
    """Units of work are the owner's: for tests of guards, which hold for everybody."""
    with owning():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


# --- a real browser: one per process, whichever tests ask for it ---

CHROMIUM = os.environ.get("FENGXING_TEST_CHROMIUM") or chromium_program()
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class _Handler(WSGIRequestHandler):
    timeout = 5  # seconds: a connection that a browser keeps in reserve is not waited for longer


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application served on a free loopback port. It ends with the last request: none runs into the next test."""
    server = make_server("127.0.0.1", 0, _letting_go(app), threaded=True, request_handler=_Handler)
    server.daemon_threads = False  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _letting_go(app: Flask) -> WSGIApplication:
    """The application, whose answers let go of their files themselves: werkzeug's server forgets to when a browser
    hangs up in the middle."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        parts = app(environ, start_response)
        try:
            yield from parts
        finally:
            getattr(parts, "close", lambda: None)()  # a plain list has nothing to let go of

    return answer


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    expect.set_options(timeout=15_000)  # waiting ends when it is true; a slow machine is no failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
