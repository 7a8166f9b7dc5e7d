"""What cheats got out of it: usable, and redeemed at most."""

from __future__ import annotations

from app.identity.actors import SYSTEM
from app.kernel.db import transaction
from app.ledger.accounts import redemption_account
from app.ledger.holds import capture
from app.rules.models import ACTIVE
from simulator.fraud import Takings
from tests.ledger import make as books


def redeemed(clock, person_id, points):
    hold_id, shop = books.held(person_id, points).id, redemption_account().id
    capture(hold_id, to_account_id=shop, source=books.source("end"), by=SYSTEM, at=clock())


def test_of_what_was_made_up_no_more_is_redeemed_than_was_given_or_than_was_spent(app, clock, monkeypatch):
    with transaction():
        spends_all, spends_little, saves = (books.rich(50) for _ in range(3))
        redeemed(clock, spends_all, 50)
        redeemed(clock, spends_little, 5)
        gained = {spends_all: 30, spends_little: 30, saves: 30}
        monkeypatch.setattr(
            Takings, "gains", lambda _self, *states: gained if states != (ACTIVE,) else {saves: 30}
        )
        paid = Takings().paid()
    assert (paid.to_fraud, paid.redeemed_by_fraud) == (30, 35)
