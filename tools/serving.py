"""The servers that the product is served by in a city, in the drills and in the bench: one place for their commands."""

from __future__ import annotations

import sys

CITY, AT_HOME = "granian", "gthread"  # as docs/operations.md says, and `make run`: ADR 32
SERVERS = (AT_HOME, CITY)


def command(
    port: int, *, app: str = "wsgi:app", server: str = CITY, workers: int, threads: int, log: str = "warning"
) -> list[str]:
    """The command that serves `app` on this port of loopback. A worker that was killed is replaced, SIGTERM lets those
    at work finish."""
    where = {CITY: _granian, AT_HOME: _gunicorn}[server](port, workers, threads)
    return [sys.executable, "-m", *where, "--log-level", log, app]


def _granian(port: int, workers: int, threads: int) -> list[str]:
    return [
        "granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(threads),
        "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "5",
    ]  # fmt: skip


def _gunicorn(port: int, workers: int, threads: int) -> list[str]:
    return [
        "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--preload",
        "--workers", str(workers), "--threads", str(threads), "--keep-alive", "30", "--graceful-timeout", "2",
    ]  # fmt: skip
