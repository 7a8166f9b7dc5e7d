"""What cheats got out of it: usable, redeemed, redeemed at most, and by which scheme."""

from __future__ import annotations

import pytest

from app.identity.actors import SYSTEM
from app.kernel.db import transaction
from app.ledger.accounts import redemption_account
from app.ledger.holds import capture
from simulator.takings import Credit, Takings, made_up_and_spent
from tests.ledger import make as books


def redeemed(clock, person_id, points):
    hold_id, shop = books.held(person_id, points).id, redemption_account().id
    capture(hold_id, to_account_id=shop, source=books.source("end"), by=SYSTEM, at=clock())


def test_of_what_was_made_up_no_more_is_redeemed_than_was_given_or_than_was_spent(app, clock, monkeypatch):
    with transaction():
        spends_all, spends_little, saves = (books.rich(50) for _ in range(3))
        redeemed(clock, spends_all, 50)
        redeemed(clock, spends_little, 5)
        given = [Credit("", 20, False), Credit("split", 30, False)]
        credited = {spends_all: given, spends_little: given, saves: given}
        monkeypatch.setattr(Takings, "_credits", lambda _self, _states, _chosen: credited)
        paid = Takings().paid()
    assert (paid.redeemed_by_fraud, paid.redeemed_at_most) == (30, 35)
    assert (paid.to_fraud, paid.by_scheme) == (90, {"split": 90})


HONEST, MADE_UP, TAKEN_BACK = Credit("", 10, False), Credit("relay", 10, False), Credit("relay", 10, True)


@pytest.mark.parametrize(
    ("credited", "spent", "made_up"),
    [
        ([HONEST, MADE_UP], 10, 0),
        ([MADE_UP, HONEST], 7, 7),
        ([HONEST, MADE_UP, HONEST], 15, 5),
        ([TAKEN_BACK, HONEST], 10, 0),  # it was not there any more
        ([TAKEN_BACK, HONEST], 13, 3),  # unless more was spent than there is: then it was there in time
        ([MADE_UP], 25, 10),  # the rest came from elsewhere
        ([], 5, 0),
    ],
)
def test_what_was_given_first_is_spent_first(credited, spent, made_up):
    assert made_up_and_spent(credited, spent) == made_up
