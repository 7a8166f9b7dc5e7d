"""The servers that the product is served by in a city, in the drills and in the bench: one place for their commands."""

from __future__ import annotations

import sys

CITY, OTHER = "gthread", "granian"  # as docs/operations.md says; ADR 31
SERVERS = (CITY, OTHER)
LONGEST_LINE = 8190  # bytes: a long address is the application's to refuse, in its own words


def command(
    port: int, *, app: str = "wsgi:app", server: str = CITY, workers: int, threads: int, log: str = "warning"
) -> list[str]:
    """The command that serves `app` on this port of loopback. A worker that was killed is replaced, SIGTERM lets those
    at work finish."""
    where = {CITY: _gunicorn, OTHER: _granian}[server](port, workers, threads)
    return [sys.executable, "-m", *where, "--log-level", log, app]


def _gunicorn(port: int, workers: int, threads: int) -> list[str]:
    return [
        "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--preload",
        "--workers", str(workers), "--threads", str(threads), "--keep-alive", "30", "--graceful-timeout", "2",
        "--limit-request-line", str(LONGEST_LINE),
    ]  # fmt: skip


def _granian(port: int, workers: int, threads: int) -> list[str]:
    return [
        "granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(threads),
        "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "5",
    ]  # fmt: skip
