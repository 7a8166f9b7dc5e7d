"""Random sequences of everything that moves points, beside a simple model; the book is proved after each step.

The process may die at any statement. FENGXING_TEST_EXAMPLES asks for more sequences than a quick run has."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.clock import city_day
from app.kernel.db import session, transaction
from app.kernel.errors import Problem
from app.kernel.ids import new_id
from app.ledger import expiring, holds, posting, reversing, sealing
from app.ledger.accounts import expiry_account, pending_of, settlement_of, wallet_of, write_off_account
from app.ledger.models import Lot
from app.ledger.posting import Leg
from app.ledger.queries import Balance, balance_of, totals
from app.ledger.taking_back import take_back
from app.ledger.verify import verify
from tests import make as build
from tests.ledger import make
from tests.ledger.dying import Death, dying
from tests.ledger.wallet_model import ModelWallet

PEOPLE = st.integers(0, 2)
POINTS = st.integers(1, 60)
LAST_DAYS = st.none() | st.integers(0, 50)
# The statement at which the process dies, and whether after it was done; None: it lives.
DEATHS = st.none() | st.tuples(st.integers(1, 16), st.booleans())
EXAMPLES = int(os.environ.get("FENGXING_TEST_EXAMPLES", "5"))


class Book(RuleBasedStateMachine):
    """Three riders, one shop, and every way in which points move."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = new_id()
        self.wallets = [ModelWallet() for _ in range(3)]
        self.pending: dict[int, int] = defaultdict(int)
        self.holds: list[dict[str, Any]] = []
        self.awards: list[dict[str, Any]] = []
        self.spent: list[dict[str, Any]] = []
        self.sold = self.written_off = 0
        with transaction():
            self.people = [build.rider().id for _ in range(3)]
            self.wallet_ids = [wallet_of(person_id).id for person_id in self.people]
            self.staff = build.actor(build.staff("department", region_code=build.CITY))
            self.expired = expiry_account().balance
            self.written_off = -write_off_account().balance

    @property
    def today(self) -> Any:
        return city_day(clock.now())

    def attempt(
        self,
        expected: str | None,
        call: Any,
        *,
        crash: tuple[int, bool] | None = None,
        done: str | None = None,
    ) -> Any:
        """Do it in a unit of work; it must be refused with `expected`, or not at all.

        First the process may die of it and it is tried again: nothing was done, or all of it, unheard of; what cannot
        be asked for twice is then refused with `done`.
        """
        if crash and self.dies_of(call, *crash):
            expected = expected or done
        result, slug = None, None
        with transaction():
            try:
                result = call()
            except Problem as problem:
                slug = problem.slug
        assert slug == expected
        return result

    def dies_of(self, call: Any, at: int, after: bool) -> bool:
        """Whether it was done in spite of that."""
        with dying(at=at, after=after) as life:
            try:
                with transaction():
                    call()
            except (Death, Problem):
                pass
        if not life.committed:
            self.the_book_is_sound_and_agrees()
        return life.committed

    def give(self, who: int, source: str, *legs: Any) -> Any:
        def call() -> Any:
            booked = [leg() for leg in legs]
            return posting.post(
                kind="correction", source=source, legs=booked, words=make.WORDS, by=SYSTEM, at=clock.now()
            ).id

        return call

    @rule(who=PEOPLE, points=POINTS, days=LAST_DAYS, crash=DEATHS, twice=st.booleans())
    def award(
        self, who: int, points: int, days: int | None, crash: tuple[int, bool] | None, twice: bool
    ) -> None:
        person_id, source = self.people[who], make.source("award")
        day = None if days is None else self.today + timedelta(days=days)
        call = self.give(
            who,
            source,
            lambda: Leg(settlement_of(self.shop).id, -points),
            lambda: Leg(wallet_of(person_id).id, points, expires_on=day),
        )
        booked = self.attempt(None, call, crash=crash)
        assert not twice or self.attempt(None, call) == booked
        self.sold -= points
        filled = self.wallets[who].put(points, day, self.today)
        self.awards.append(
            {"id": booked, "source": source, "who": who, "points": points, "filled": filled, "over": False}
        )

    @rule(who=PEOPLE, points=POINTS, usable=st.booleans())
    def award_pending_and_settle(self, who: int, points: int, usable: bool) -> None:
        person_id = self.people[who]
        shop, pending = lambda: settlement_of(self.shop).id, lambda: pending_of(person_id).id
        self.attempt(
            None, self.give(who, make.source(), lambda: Leg(shop(), -points), lambda: Leg(pending(), points))
        )
        self.sold -= points
        self.pending[who] += points
        if usable:
            wallet = lambda: Leg(wallet_of(person_id).id, points)  # noqa: E731
            self.attempt(None, self.give(who, make.source(), lambda: Leg(pending(), -points), wallet))
            self.pending[who] -= points
            self.wallets[who].put(points, None, self.today)

    @rule(who=PEOPLE, points=POINTS, crash=DEATHS)
    def spend(self, who: int, points: int, crash: tuple[int, bool] | None) -> None:
        wallet, person_id, source = self.wallets[who], self.people[who], make.source("shop")
        short = points > wallet.usable
        call = self.give(
            who,
            source,
            lambda: Leg(wallet_of(person_id).id, -points),
            lambda: Leg(settlement_of(self.shop).id, points),
        )
        self.attempt("points-short" if short else None, call, crash=crash)
        if not short:
            self.spent.append({"who": who, "source": source, "taken": wallet.take(wallet.plan(points))})
            self.sold += points

    @precondition(lambda self: self.spent)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.spent))
        left = sum(one["taken"].values())
        if not left:
            return
        points, person_id = data.draw(st.integers(1, left)), self.people[one["who"]]
        back = lambda: posting.returning(wallet_of(person_id).id, points, source=one["source"])  # noqa: E731
        shop = lambda: Leg(settlement_of(self.shop).id, -points)  # noqa: E731
        self.attempt(None, self.give(one["who"], make.source("refund"), shop, back))
        self.wallets[one["who"]].give_back(one["taken"], points, self.today)
        self.sold -= points

    @rule(who=PEOPLE, points=POINTS, crash=DEATHS)
    def reserve(self, who: int, points: int, crash: tuple[int, bool] | None) -> None:
        wallet, source = self.wallets[who], make.source("hold")
        short = points > wallet.usable
        made = self.attempt(
            "points-short" if short else None,
            lambda: make.held(self.people[who], points, source=source).id,
            crash=crash,
        )
        if not short:
            plan = wallet.hold(wallet.plan(points))
            self.holds.append(
                {"id": made, "who": who, "points": points, "state": "held", "source": source, "plan": plan}
            )

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def reserve_again(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.holds))
        again = self.attempt(
            None, lambda: make.held(self.people[one["who"]], one["points"], source=one["source"]).id
        )
        assert again == one["id"]

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), twice=st.booleans(), crash=DEATHS)
    def capture(self, data: st.DataObject, twice: bool, crash: tuple[int, bool] | None) -> None:
        one = data.draw(st.sampled_from(self.holds))
        points = data.draw(st.none() | st.integers(1, one["points"]))
        source = make.source("scan")

        def call() -> Any:
            return holds.capture(
                one["id"],
                to_account_id=settlement_of(self.shop).id,
                source=source,
                points=points,
                by=SYSTEM,
                at=clock.now(),
            ).id

        if one["state"] != "held":
            self.attempt("hold-ended", call)
            return
        first = self.attempt(None, call, crash=crash)
        assert not twice or self.attempt(None, call) == first
        one["state"] = "captured"
        wallet, taken = self.wallets[one["who"]], points or one["points"]
        wallet.let_go(one["plan"])
        if taken < one["points"]:
            wallet.grace(one["plan"], self.today)
        part = wallet.take(wallet.part_of(one["plan"], taken))
        self.spent.append({"who": one["who"], "source": source, "taken": dict(part)})
        self.sold += taken

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.holds))
        expected = "hold-ended" if one["state"] == "captured" else None
        self.attempt(expected, lambda: holds.release(one["id"], source="x", by=SYSTEM, at=clock.now()))
        if one["state"] == "held":
            self._let_go(one, "released")

    def _let_go(self, one: dict[str, Any], state: str) -> None:
        one["state"], wallet = state, self.wallets[one["who"]]
        wallet.let_go(one["plan"])
        wallet.grace(one["plan"], self.today)

    @rule(days=st.integers(1, 40), crash=DEATHS)
    def days_pass(self, days: int, crash: tuple[int, bool] | None) -> None:
        """Holds made for a day run out first, then what is left of the lots whose time is over."""
        clock._clock.advance(days=days)  # type: ignore[attr-defined]
        self.attempt(None, lambda: holds.expire_due(at=clock.now()))
        for one in self.holds:
            if one["state"] == "held":
                self._let_go(one, "expired")
        self.attempt(None, lambda: expiring.expire_due(at=clock.now()), crash=crash)
        assert self.attempt(None, lambda: expiring.expire_due(at=clock.now())) == 0
        self.expired += sum(wallet.expire(self.today) for wallet in self.wallets)

    @precondition(lambda self: self.awards)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.awards))
        wallet = self.wallets[one["who"]]
        short = one["points"] > wallet.usable
        expected = "already-reversed" if one["over"] else "points-short" if short else None
        self.attempt(
            expected,
            lambda: posting.reverse(
                transaction_id=one["id"],
                source=make.source("undo"),
                words=make.WORDS,
                by=SYSTEM,
                at=clock.now(),
            ),
        )
        if expected is None:
            one["over"] = True
            wallet.take(wallet.plan(one["points"], one["filled"]))
            self.sold += one["points"]

    @precondition(lambda self: self.awards)
    @rule(data=st.data(), twice=st.booleans(), crash=DEATHS)
    def unwind(self, data: st.DataObject, twice: bool, crash: tuple[int, bool] | None) -> None:
        """The fact was void: what is usable goes back, the rest is written off."""
        one = data.draw(st.sampled_from(self.awards))
        wallet, source = self.wallets[one["who"]], make.source("void")

        def call() -> Any:
            return take_back(
                person_id=self.people[one["who"]],
                points=one["points"],
                source=source,
                words=make.WORDS,
                by=SYSTEM,
                at=clock.now(),
                to_account_id=settlement_of(self.shop).id,
                given_by=one["source"],
            )

        found = self.attempt(None, call, crash=crash)
        assert not twice or self.attempt(None, call) == found
        taken = min(one["points"], wallet.usable)
        assert (found.from_wallet, found.written_off, found.owed) == (taken, one["points"] - taken, 0)
        wallet.take(wallet.plan(taken, one["filled"]))
        self.sold += one["points"]
        self.written_off += one["points"] - taken

    @precondition(lambda self: self.awards)
    @rule(data=st.data(), crash=DEATHS)
    def take_one_entry_back(self, data: st.DataObject, crash: tuple[int, bool] | None) -> None:
        """It was a mistake, say staff: what is missing is lent to the wallet, written off, and the whole goes back."""
        one = data.draw(st.sampled_from(self.awards))
        wallet, wallet_id = self.wallets[one["who"]], self.wallet_ids[one["who"]]

        def call() -> Any:
            entry_id = posting.entry_of(one["source"], wallet_id)
            assert entry_id is not None
            reversing.ask_to_reverse(entry_id=entry_id, reason="记了两遍", by=self.staff, at=clock.now())

        expected = "already-reversed" if one["over"] else None
        self.attempt(expected, call, crash=crash, done="already-reversed")
        if expected is None:
            one["over"] = True
            missing = max(0, one["points"] - wallet.usable)
            if missing:
                wallet.put(missing, None, self.today)
            wallet.take(wallet.plan(one["points"], one["filled"]))
            self.sold += one["points"]
            self.written_off += missing

    @rule(who=PEOPLE, points=POINTS)
    def use_a_source_differently(self, who: int, points: int) -> None:
        source, person_id = make.source("award"), self.people[who]
        shop = lambda: Leg(settlement_of(self.shop).id, -points)  # noqa: E731
        other = lambda: Leg(settlement_of(self.shop).id, -points - 1)  # noqa: E731
        self.attempt(None, self.give(who, source, shop, lambda: Leg(wallet_of(person_id).id, points)))
        self.attempt(
            "source-used-differently",
            self.give(who, source, other, lambda: Leg(wallet_of(person_id).id, points + 1)),
        )
        self.wallets[who].put(points, None, self.today)
        self.sold -= points

    @rule(crash=DEATHS)
    def seal(self, crash: tuple[int, bool] | None) -> None:
        self.attempt(None, lambda: sealing.seal_new(at=clock.now()), crash=crash)

    @invariant()
    def the_book_is_sound_and_agrees(self) -> None:
        with transaction(write=False):
            assert verify() == []
            assert sum(each.balance for each in totals()) == 0
            for who, person_id in enumerate(self.people):
                wallet = self.wallets[who]
                assert balance_of(person_id) == Balance(wallet.usable, self.pending[who], wallet.held)
        with transaction():
            assert settlement_of(self.shop).balance == self.sold
            assert expiry_account().balance == self.expired
            assert write_off_account().balance == -self.written_off
            for who, person_id in enumerate(self.people):
                lots = session.scalars(sa.select(Lot).where(Lot.account_id == wallet_of(person_id).id))
                found = {each.expires_on: (each.due_on, each.points, each.held) for each in lots}
                modelled = self.wallets[who].lots.items()
                assert found == {day: (lot.due_on, lot.points, lot.held) for day, lot in modelled}

    def teardown(self) -> None:
        """Leave no open hold and no lot that runs out to the next sequence."""
        with transaction():
            holds.expire_due(at=clock.now() + timedelta(days=2))
            expiring.expire_due(at=clock.now() + timedelta(days=999))


def test_the_book_agrees_with_a_simple_model(app):
    with transaction():
        build.regions()
    run_state_machine_as_test(
        Book,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
