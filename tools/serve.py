"""Runs inside the virtual environment: migrate, load the demo city, serve, and say where and how to sign in.

All of it in one process, because starting Python and importing the app three times is what makes a start slow.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from typing import Any

from click import ClickException
from flask import Flask
from flask.cli import ScriptInfo
from gunicorn.app.base import BaseApplication
from sqlalchemy.exc import OperationalError

from tools import layout, network, serving, tls
from tools.progress import Progress, Refused, start

THREADS = 8


class Server(BaseApplication):
    """gunicorn with the app that is already loaded; one worker with threads, so that counters in memory hold."""

    def __init__(self, app: Flask, door: network.Door) -> None:
        self.flask_app = app
        self.door = door
        self.working: threading.Thread | None = None
        self.day_is_over = threading.Event()
        super().__init__()

    def load_config(self) -> None:
        """Our settings instead of a command line."""
        settings: dict[str, Any] = {
            "bind": [self.door.bind],
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "timeout": 60,
            "limit_request_line": serving.LONGEST_LINE,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "proc_name": "fengxing",
            "control_socket_disable": True,
            "when_ready": self.announce,
            "post_worker_init": self.begin_working,
            "worker_exit": self.end_working,
        }
        if os.access("/dev/shm", os.W_OK):  # noqa: S108 -- the worker's heartbeat file, made safely by gunicorn
            settings["worker_tmp_dir"] = "/dev/shm"  # noqa: S108
        if not self.door.is_loopback:
            settings["certfile"], settings["keyfile"] = map(str, _certificate(self.door))
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The app itself."""
        return self.flask_app

    def announce(self, _arbiter: object) -> None:
        """The socket is open: print the addresses, then let go of connections that a worker must not inherit."""
        flask(self.flask_app, "city", "banner")
        sys.stdout.flush()
        _close_connections(self.flask_app)

    def begin_working(self, _worker: object) -> None:
        """In the worker: do the jobs that are due, beside the requests."""
        from app.kernel.working import work

        arguments = (self.flask_app, self.day_is_over)
        self.working = threading.Thread(target=work, args=arguments, name="jobs", daemon=True)
        self.working.start()

    def end_working(self, _arbiter: object, _worker: object) -> None:
        """Before the worker ends: the job at hand is finished; whatever is cut off anyway is found by its lease."""
        self.day_is_over.set()
        if self.working:
            self.working.join()


def main() -> int:
    """Prepare and serve until told to stop."""
    os.umask(0o077)  # the database, photographs and keys of an instance are nobody else's business
    door = network.door(os.environ)
    os.environ.setdefault("FENGXING_PUBLIC_URL", door.url)
    app = prepare()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # from here on gunicorn minds the signals
    Server(app, door).run()
    return 0


def prepare() -> Flask:
    """The app on a database that is up to date, with the demo city in it unless this is production."""
    with Progress("starting"):
        from app.kernel.settings import SettingsError
        from app.main import create_app  # outside the `try`: a missing module here is no matter of settings

        try:
            app = create_app()
        except SettingsError as error:
            raise Refused(str(error)) from None
    try:
        with Progress("bringing the database up to date"):
            flask(app, "db", "upgrade", "--directory", str(layout.ROOT / "migrations"), quiet=True)
        if os.environ.get("FENGXING_ENV", "demo") == "demo":
            with Progress("loading the demo city"):
                flask(app, "city", "demo", quiet=True)
    except ClickException as error:
        raise Refused(error.message) from None
    except OperationalError as error:
        raise Refused(f"the database cannot be used: {str(error.orig).strip().splitlines()[0]}") from error
    return app


def flask(app: Flask, *arguments: str, quiet: bool = False) -> None:
    """A command of `flask --app wsgi`, in this process; what a quiet one said is shown only if it fails."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said) if quiet else contextlib.nullcontext():
            info = ScriptInfo(create_app=lambda: app)
            code = app.cli.main(args=list(arguments), obj=info, standalone_mode=False, prog_name="flask")
    except BaseException:
        sys.stderr.write(said.getvalue())
        raise
    if code:
        raise Refused(f"flask {' '.join(arguments)} ended with {code}: {said.getvalue().strip()}")


def _close_connections(app: Flask) -> None:
    from app.kernel.db import disconnect

    with app.app_context():
        disconnect()


def _certificate(door: network.Door) -> tuple[Any, Any]:
    hosts = {"localhost", "127.0.0.1", network.lan_address() if door.is_everywhere else door.host}
    return tls.certificate(layout.instance() / "tls", hosts)


if __name__ == "__main__":
    start(main)
