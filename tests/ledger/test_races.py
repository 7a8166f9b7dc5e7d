"""Several at once want the same points: the database lets exactly as many through as there are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Problem
from app.kernel.ids import new_id
from app.ledger import holds, posting
from app.ledger.accounts import correction_account, settlement_of, wallet_of
from app.ledger.models import Account, LedgerTransaction
from app.ledger.posting import Leg
from app.ledger.queries import balance_of
from app.ledger.verify import verify
from tests.crossing import crossed
from tests.ledger import make

THREADS = 8


def at_once(app, *calls: Callable[[], Any]) -> list[Any]:
    """Run each call in a thread and a unit of work of its own; results, or the problem each met."""
    ready = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(number: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                results[number] = in_transaction(calls[number])
            except Problem as problem:
                results[number] = problem.slug

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with transaction(write=False):
        assert verify() == []
    return results


def pay(from_id, to_id, points, source):
    legs = [Leg(from_id, -points), Leg(to_id, points)]
    return posting.post(kind="gift", source=source, legs=legs, words=make.WORDS, by=SYSTEM, at=clock.now()).id


def test_a_wallet_is_spent_only_as_far_as_it_goes(app):
    with transaction():
        wallet_id, shop_id = wallet_of(make.rich(50)).id, settlement_of(new_id()).id
    calls = [lambda n=n: pay(wallet_id, shop_id, 10, f"buy:{n}") for n in range(THREADS)]
    assert at_once(app, *calls).count("points-short") == THREADS - 5


def test_the_last_points_are_held_once(app):
    with transaction():
        person_id = make.rich(30)
    calls = [lambda: make.held(person_id, 30).id] * THREADS
    assert at_once(app, *calls).count("points-short") == THREADS - 1


def test_holding_and_spending_share_the_same_points(app):
    with transaction():
        person_id, shop_id = make.rich(30), settlement_of(new_id()).id
        wallet_id = wallet_of(person_id).id
    calls: list[Callable[[], Any]] = []
    for n in range(THREADS // 2):
        calls.append(lambda: make.held(person_id, 10).id)
        calls.append(lambda n=n: pay(wallet_id, shop_id, 10, f"buy:{n}"))
    assert at_once(app, *calls).count("points-short") == THREADS - 3


def test_the_same_source_counts_once(app):
    with transaction():
        person_id = make.rich(0)
        from_id, to_id = correction_account().id, wallet_of(person_id).id
    assert len(set(at_once(app, *[lambda: pay(from_id, to_id, 5, "checkin:1")] * THREADS))) == 1
    with transaction(write=False):
        assert balance_of(person_id).usable == 5


def test_the_same_hold_is_made_once(app):
    with transaction():
        person_id = make.rich(30)
    made = at_once(app, *[lambda: make.held(person_id, 20, source="voucher:1").id] * THREADS)
    assert len(set(made)) == 1
    with transaction(write=False):
        assert balance_of(person_id).held == 20


def test_a_hold_ends_once(app):
    with transaction():
        person_id, shop_id = make.rich(30), settlement_of(new_id()).id
        hold_id = make.held(person_id, 20, expires_at=clock.now() + timedelta(minutes=1)).id

    def capture(n):
        return holds.capture(hold_id, to_account_id=shop_id, source=f"scan:{n}", by=SYSTEM, at=clock.now()).id

    def expire():
        return holds.expire_due(at=clock.now() + timedelta(minutes=2))

    calls = [lambda n=n: capture(n) for n in range(THREADS - 2)]
    results = at_once(app, *calls, expire, expire)
    ends = [each for each in results if each != "hold-ended" and each != []]
    assert len(ends) == 1, results


def test_a_transaction_is_taken_back_once(app):
    with transaction():
        first_id = make.give(make.rich(100), 5).id

    def reverse(n):
        return posting.reverse(
            transaction_id=first_id, source=f"undo:{n}", words=make.WORDS, by=SYSTEM, at=clock.now()
        ).id

    results = at_once(app, *[lambda n=n: reverse(n) for n in range(THREADS)])
    assert results.count("already-reversed") == THREADS - 1


def test_a_source_on_other_accounts_is_refused_and_nothing_half_done(app):
    with transaction():
        pairs = [(wallet_of(make.rich(9)).id, settlement_of(new_id()).id) for _ in range(THREADS)]
    calls = [lambda one=one, other=other: pay(one, other, 9, "gift:1") for one, other in pairs]
    assert at_once(app, *calls).count("source-used-differently") == THREADS - 1


def test_an_account_is_opened_once(app):
    person_id = new_id()
    assert len(set(at_once(app, *[lambda: wallet_of(person_id).id] * THREADS))) == 1


def test_payments_across_each_other_do_not_block_for_good(app):
    with transaction():
        wallets = [wallet_of(make.rich(100)).id for _ in range(3)]
    calls = []
    for n in range(12):
        one, other = wallets[n % 3], wallets[(n + 1 + n // 3 % 2) % 3]
        calls.append(lambda n=n, one=one, other=other: pay(one, other, 7, f"gift:{n}"))
    results = at_once(app, *calls)
    assert len(set(results)) == 12
    with transaction(write=False):
        total = sa.select(sa.func.sum(Account.balance)).where(Account.kind == "wallet")
        assert session.scalar(total) == 300
        assert session.scalar(sa.select(sa.func.count()).select_from(LedgerTransaction)) == 15


def test_of_two_who_spend_the_last_points_the_second_is_told_that_there_are_none(app):
    with transaction():
        wallet_id, shop_id = wallet_of(make.rich(50)).id, settlement_of(new_id()).id
    both = crossed(lambda: pay(wallet_id, shop_id, 50, "buy:1"), lambda: pay(wallet_id, shop_id, 50, "buy:2"))
    assert both.then == "points-short"
