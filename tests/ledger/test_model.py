"""Random sequences of everything that moves points, beside a simple model; the book is proved after each step."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
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
from app.kernel.db import transaction
from app.kernel.errors import Problem
from app.kernel.ids import new_id
from app.ledger import holds, posting
from app.ledger.accounts import pending_of, settlement_of, wallet_of
from app.ledger.posting import Leg
from app.ledger.queries import Balance, balance_of, totals
from app.ledger.verify import verify
from tests.ledger import make

PEOPLE = st.integers(0, 2)
POINTS = st.integers(1, 60)


class Book(RuleBasedStateMachine):
    """Three riders, one shop, and every way in which points move."""

    def __init__(self) -> None:
        super().__init__()
        self.people = [new_id() for _ in range(3)]
        self.shop = new_id()
        self.wallet: dict[int, int] = defaultdict(int)
        self.pending: dict[int, int] = defaultdict(int)
        self.holds: list[dict[str, Any]] = []
        self.moves: list[dict[str, Any]] = []
        self.sold = 0

    def held(self, who: int) -> int:
        return sum(each["points"] for each in self.holds if each["who"] == who and each["state"] == "held")

    def usable(self, who: int) -> int:
        return self.wallet[who] - self.held(who)

    def attempt(self, expected: str | None, call: Any) -> Any:
        """Do it in a unit of work; it must be refused with `expected`, or not at all."""
        result, slug = None, None
        with transaction():
            try:
                result = call()
            except Problem as problem:
                slug = problem.slug
        assert slug == expected
        return result

    def post(self, source: str, *legs: tuple[Any, int], expected: str | None = None) -> Any:
        def call() -> Any:
            booked = [Leg(account().id, amount) for account, amount in legs]
            return posting.post(
                kind="move", source=source, legs=booked, words=make.WORDS, by=SYSTEM, at=clock.now()
            ).id

        return self.attempt(expected, call)

    @rule(who=PEOPLE, points=POINTS)
    def award(self, who: int, points: int) -> None:
        booked = self.attempt(None, lambda: make.give(self.people[who], points).id)
        self.wallet[who] += points
        self.moves.append({"id": booked, "who": who, "points": points, "reversed": False})

    @rule(who=PEOPLE, points=POINTS, usable=st.booleans())
    def award_pending_and_settle(self, who: int, points: int, usable: bool) -> None:
        person_id = self.people[who]
        pending, wallet = lambda: pending_of(person_id), lambda: wallet_of(person_id)
        self.post(make.source(), (lambda: settlement_of(self.shop), -points), (pending, points))
        self.sold -= points
        self.pending[who] += points
        if usable:
            self.post(make.source(), (pending, -points), (wallet, points))
            self.pending[who] -= points
            self.wallet[who] += points

    @rule(who=PEOPLE, points=POINTS)
    def spend(self, who: int, points: int) -> None:
        short = points > self.usable(who)
        person_id = self.people[who]
        legs = (lambda: wallet_of(person_id), -points), (lambda: settlement_of(self.shop), points)
        self.post(make.source(), *legs, expected="points-short" if short else None)
        if not short:
            self.wallet[who] -= points
            self.sold += points

    @rule(who=PEOPLE, points=POINTS)
    def reserve(self, who: int, points: int) -> None:
        short = points > self.usable(who)
        source = make.source("hold")
        made = self.attempt(
            "points-short" if short else None, lambda: make.held(self.people[who], points, source=source).id
        )
        if not short:
            self.holds.append({"id": made, "who": who, "points": points, "state": "held", "source": source})

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def reserve_again(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.holds))
        again = self.attempt(
            None, lambda: make.held(self.people[one["who"]], one["points"], source=one["source"]).id
        )
        assert again == one["id"]

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), twice=st.booleans())
    def capture(self, data: st.DataObject, twice: bool) -> None:
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
        first = self.attempt(None, call)
        assert not twice or self.attempt(None, call) == first
        one["state"] = "captured"
        self.wallet[one["who"]] -= points or one["points"]
        self.sold += points or one["points"]

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.holds))
        expected = "hold-ended" if one["state"] == "captured" else None
        self.attempt(expected, lambda: holds.release(one["id"], source="x", by=SYSTEM, at=clock.now()))
        if one["state"] == "held":
            one["state"] = "released"

    @precondition(lambda self: any(each["state"] == "held" for each in self.holds))
    @rule()
    def expire_all(self) -> None:
        due = self.attempt(None, lambda: holds.expire_due(at=clock.now() + timedelta(days=2)))
        assert set(due) == {each["id"] for each in self.holds if each["state"] == "held"}
        for each in self.holds:
            each["state"] = "expired" if each["state"] == "held" else each["state"]

    @precondition(lambda self: self.moves)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.moves))
        expected = (
            "already-reversed"
            if one["reversed"]
            else "points-short"
            if one["points"] > self.usable(one["who"])
            else None
        )
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
            one["reversed"] = True
            self.wallet[one["who"]] -= one["points"]

    @rule(who=PEOPLE, points=POINTS, worse=st.booleans())
    def award_twice(self, who: int, points: int, worse: bool) -> None:
        source, person_id = make.source("award"), self.people[who]
        first = self.attempt(None, lambda: make.give(person_id, points, source=source).id)
        self.wallet[who] += points
        if worse:
            self.attempt("source-used-differently", lambda: make.give(person_id, points + 1, source=source))
        else:
            assert self.attempt(None, lambda: make.give(person_id, points, source=source).id) == first

    @invariant()
    def the_book_is_sound_and_agrees(self) -> None:
        with transaction(write=False):
            assert verify() == []
            assert sum(each.balance for each in totals()) == 0
            for who, person_id in enumerate(self.people):
                expected = Balance(self.usable(who), self.pending[who], self.held(who))
                assert balance_of(person_id) == expected
        with transaction():
            assert settlement_of(self.shop).balance == self.sold

    def teardown(self) -> None:
        """Leave no open hold to the next sequence."""
        with transaction():
            holds.expire_due(at=clock.now() + timedelta(days=2))


def test_the_book_agrees_with_a_simple_model(app):
    run_state_machine_as_test(
        Book,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
