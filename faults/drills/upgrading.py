"""The database is migrated back and forward again while people write."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from flask import Flask

from faults.drills.killing import spread, verdicts
from faults.ground import Ground, grant_rights
from faults.sizes import Size
from faults.verdicts import Verdict, judge
from tools import layout

NAME = "upgrade"
MOST_S = 1.0


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """The newest migration, taken back and put on again, holds up nobody for longer than a second."""
    from app import create_app

    url = ground.copy()
    took: list[float] = []
    owner = create_app(ground.env(url))  # before the traffic: to begin is what takes longest
    with ground.product(url) as product:
        crowd = ground.clients(product, NAME, clients=16)
        errands = ground.city.errands(size.small_visits, ground.chance(NAME))
        steps = [lambda: took.append(_back_and_forward(owner))] * size.steps
        harmer = threading.Thread(target=spread, args=(crowd, steps), daemon=True)
        harmer.start()
        journal = crowd.run(errands)
        harmer.join()
    fives = {status: count for status, count in journal.statuses().items() if status >= 500 or status == 0}
    per_s = len(journal.lines) / journal.seconds
    figure = f"longest {journal.longest_outage_s():.2f} s ({fives or 'no 5xx'})"
    figure += f"; {len(took)} times back and forward, {max(took, default=0):.2f} s each"
    enough = len(took) == size.steps or (took and journal.errands < len(errands))
    kept = journal.longest_outage_s() <= MOST_S and bool(enough)
    yield judge(NAME, f"no 5xx lasts longer than {MOST_S:.0f} s at {per_s:.0f} requests/s", figure, kept)
    yield from verdicts(NAME, ground, url, journal, f"{len(took)} migrations back and forward")
    ground.drop(url)


def _back_and_forward(owner: Flask) -> float:
    """`flask db downgrade` and `upgrade`, in this process, as whoever owns the tables."""
    from flask_migrate import downgrade, upgrade

    from app.kernel.db import disconnect

    folder = str(layout.ROOT / "migrations")
    with owner.app_context():
        began = time.monotonic()
        downgrade(directory=folder, revision="-1")
        upgrade(directory=folder)
        grant_rights()
        took_s = time.monotonic() - began
        disconnect()
    return took_s
