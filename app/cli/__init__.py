"""The command line: `flask city`, `honours`, `keys`, `people`, `ledger`, `rights`, `rules`, `jobs`, `tick`.

A command is one unit of work and one call.
"""

from __future__ import annotations

from flask import Flask

from app.cli.city import city
from app.cli.honours import honours
from app.cli.keys import keys
from app.cli.ledger import ledger
from app.cli.people import people
from app.cli.queueing import jobs
from app.cli.rights import rights
from app.cli.rules import rules
from app.cli.ticking import tick


def install(app: Flask) -> None:
    """Give the application its commands."""
    for command in (city, honours, keys, people, ledger, rights, rules, jobs, tick):
        app.cli.add_command(command)
