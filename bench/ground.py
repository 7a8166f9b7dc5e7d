"""What a run stands on: a PostgreSQL of its own with fsync on, a Redis, a migrated database, a server with workers."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from flask import Flask
from flask_migrate import upgrade

from app.main import create_app
from tools import servers, serving
from tools.network import free_port
from tools.progress import end

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
ROOM = {"shared_buffers": "1GB", "max_wal_size": "4GB", "work_mem": "32MB", "maintenance_work_mem": "256MB"}
WORKERS, THREADS = 2, 32


@dataclass(frozen=True, slots=True)
class Ground:
    """An instance that is ready to be filled: its application, its settings, its database."""

    app: Flask
    env: Mapping[str, str]
    url: str

    @property
    def is_postgresql(self) -> bool:
        return self.url.startswith("postgresql")


@contextmanager
def on_postgresql() -> Iterator[Ground]:
    """An instance as a city runs it. What is acknowledged is on the disk."""
    with (
        servers.postgres(**DURABLE, **ROOM) as url,
        servers.redis() as redis,
        tempfile.TemporaryDirectory() as folder,
    ):
        yield ready(url, folder, redis)


@contextmanager
def on_sqlite() -> Iterator[Ground]:
    """An instance as `make run` makes it: one file, no other server."""
    with tempfile.TemporaryDirectory() as folder:
        yield ready(f"sqlite:///{Path(folder) / 'bench.db'}", folder)


def ready(url: str, folder: str, redis: str | None = None) -> Ground:
    """An application on this database, migrated."""
    env = {
        **os.environ,
        "FENGXING_ENV": "test",
        "FENGXING_SECRET_KEY": "for the bench only, thirty-two characters",
        "FENGXING_CODE_KEYS": "1:" + "5a" * 32,
        "FENGXING_LOG_LEVEL": "ERROR",
        "FENGXING_DATABASE_URL": url,
        "FENGXING_DATA_DIR": folder,
    }
    env.pop("FENGXING_REDIS_URL", None)
    if redis:
        env["FENGXING_REDIS_URL"] = redis
    app = create_app(env)
    with app.app_context():
        upgrade()
    return Ground(app, env, url)


@contextmanager
def served(
    ground: Ground, server: str = serving.CITY, workers: int = WORKERS, threads: int = THREADS
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The instance behind a server of this kind, started fresh; yields the process and its port."""
    port = free_port()
    process = subprocess.Popen(
        serving.command(port, server=server, workers=workers, threads=threads), env=dict(ground.env)
    )
    try:
        _wait(process, port)
        yield process, port
    finally:
        end(process)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    from bench.load import Call, send

    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit("the server ended before it answered")
        if send(port, iter([Call("GET", "/healthz")]), seconds=1, clients=1).good:
            return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def server_cpu_s(process: subprocess.Popen[bytes]) -> float:
    """CPU seconds of a server and its workers so far."""
    return _cpu_s(psutil.Process(process.pid))


def postgres_process(url: str) -> psutil.Process:
    """The postmaster that listens where this URL points to."""
    port = int(url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])
    for process in psutil.process_iter(["name", "cmdline"]):
        line = process.info["cmdline"] or []
        if process.info["name"] == "postgres" and "-p" in line and str(port) in line:
            return process
    raise SystemExit(f"no PostgreSQL on port {port}")


def postgres_cpu_s(postmaster: psutil.Process) -> float:
    """CPU seconds of PostgreSQL so far, connections that have ended included."""
    return _cpu_s(postmaster)


def _cpu_s(parent: psutil.Process) -> float:
    # What a child used is the parent's once the parent has waited for it.
    own = parent.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in parent.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return float(total)
