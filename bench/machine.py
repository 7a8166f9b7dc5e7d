"""Where figures come from: cores, versions, memory, and how long this disk takes to keep its word."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from importlib.metadata import version
from typing import Any

import psutil
from sqlalchemy import text

from app.kernel.db import session, transaction

PACKAGES = ("flask", "sqlalchemy", "psycopg", "gunicorn", "granian", "marshmallow")


def facts() -> dict[str, Any]:
    """What somebody must know before comparing two runs; across machines they cannot be compared."""
    return {
        "cores": os.cpu_count(),
        "load_before": [round(each, 2) for each in os.getloadavg()],
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "packages": {name: version(name) for name in PACKAGES},
        "fsync_ms": fsync_ms(),
    }


def fsync_ms(times: int = 50) -> dict[str, float]:
    """How long a write of 8 KiB takes to be on the disk, where PostgreSQL's data will lie."""
    took = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"x" * 8192)
            file.flush()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return {"median": round(statistics.median(took), 2), "p99": round(took[-1], 2)}


def database() -> dict[str, Any]:
    """The database's own version, and what keeps it durable."""
    with transaction(write=False):
        if session.get_bind().dialect.name == "sqlite":
            return {
                "name": f"SQLite {session.scalar(text('SELECT sqlite_version()'))}",
                "synchronous": "FULL",
            }
        named = {name: session.scalar(text(f"SHOW {name}")) for name in ("fsync", "synchronous_commit")}
        return {"name": f"PostgreSQL {session.scalar(text('SHOW server_version'))}", **named}
