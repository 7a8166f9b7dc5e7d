"""The server of the simulated city dies as a real one does: what it knew is gone with it."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from app.identity.actors import SYSTEM
from app.kernel import clock as clock_module
from app.kernel import randomness
from app.kernel.db import session
from app.kernel.ids import new_id
from simulator.faults import Crash, Faults, Moment
from simulator.server import Request, Server


def test_how_much_was_done_before_a_crash_is_not_seen_in_later_ids(
    app: Flask, clock, monkeypatch: pytest.MonkeyPatch
):
    assert next_id_after(1, clock(), monkeypatch) == next_id_after(5, clock(), monkeypatch)


def next_id_after(lost: int, at, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """The first id that is made in the millisecond of a crash that took so many with it."""

    def work(by, at):
        ids = [new_id() for _ in range(lost)]
        session.execute(text("SELECT 1"))
        return {"ids": len(ids)}

    faults = Faults(frozenset(), seed=1)
    monkeypatch.setattr(faults, "crash", lambda: Moment(1))
    server = Server(seed=1, faults=faults)
    with server.running(), pytest.raises(Crash):
        server.handle(Request(do=work, by=SYSTEM), at)
    with clock_module.use(lambda: at), randomness.use(randomness.Seeded("later")):
        return new_id()
