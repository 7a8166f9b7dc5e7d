"""Any sequence of orders, cancellations, expiries, hand-overs and undos: the model, the stock and the book agree."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.kernel.db import transaction
from app.kernel.errors import Problem
from app.rewards import stocking
from tests import make as common
from tests.databases import SERVER_URL
from tests.rewards import make

PRICES = (10, 25)
RIDERS = 2


class Counter(RuleBasedStateMachine):
    """Two riders, two rewards, one station. The model keeps plain numbers and says what must happen."""

    def __init__(self, clock, start):
        super().__init__()
        clock.at = start
        self.clock = clock
        with transaction():
            self.station = common.station(f"驿站{start.isoformat()}")
            manager = common.actor(common.staff("station-manager", station_id=self.station.id))
            self.rewards = [make.reward(self.station, stock=3, points=price) for price in PRICES]
            self.riders = [make.a_rider(points=60) for _ in range(RIDERS)]
        self.scene = make.Scene(self.station, manager, self.riders[0], self.rewards[0])
        self.usable = [60] * RIDERS
        self.on_hand = [3] * len(PRICES)
        self.vouchers = []  # [voucher, rider, reward, state, handed over at]
        self.owed = 0

    def outcome(self, call):
        try:
            return call()
        except Problem as problem:
            return problem.slug

    def waiting(self, *, rider=None, reward=None):
        return [
            each for each in self.vouchers
            if each[3] == "reserved" and rider in (None, each[1]) and reward in (None, each[2])
        ]  # fmt: skip

    def ended(self, each, state):
        each[3] = state
        self.usable[each[1]] += PRICES[each[2]]

    @rule(rider=st.integers(0, RIDERS - 1), reward=st.integers(0, len(PRICES) - 1))
    def reserve(self, rider, reward):
        got = self.outcome(lambda: self.scene.reserve(self.riders[rider], self.rewards[reward]))
        if len(self.waiting(rider=rider)) >= 3:
            assert got == "voucher-limit-reached"
        elif self.on_hand[reward] <= len(self.waiting(reward=reward)):
            assert got == "out-of-stock"
        elif self.usable[rider] < PRICES[reward]:
            assert got == "points-short"
        else:
            self.vouchers.append([got, rider, reward, "reserved", None])
            self.usable[rider] -= PRICES[reward]

    @precondition(lambda self: self.vouchers)
    @rule(data=st.data())
    def cancel(self, data):
        each = data.draw(st.sampled_from(self.vouchers))
        got = self.outcome(lambda: self.scene.cancel(each[0], by=self.riders[each[1]]))
        if each[3] == "reserved":
            assert got.state == "cancelled"
            self.ended(each, "cancelled")
        else:
            assert got == f"voucher-{each[3].replace('_', '-')}"

    @precondition(lambda self: self.vouchers)
    @rule(data=st.data())
    def hand_over(self, data):
        each = data.draw(st.sampled_from(self.vouchers))
        got = self.outcome(lambda: self.scene.hand_over(each[0]))
        if each[3] != "reserved":
            assert got == f"voucher-{each[3].replace('_', '-')}"
        elif self.clock.at >= each[0].expires_at:
            assert got == "voucher-expired"
        else:
            each[3], each[4] = "handed_over", self.clock.at
            self.on_hand[each[2]] -= 1
            self.owed += PRICES[each[2]]

    @precondition(lambda self: self.vouchers)
    @rule(data=st.data())
    def undo(self, data):
        each = data.draw(st.sampled_from(self.vouchers))
        got = self.outcome(lambda: self.scene.undo(each[0]))
        if each[3] == "undone":
            assert got == "voucher-undone"
        elif each[3] != "handed_over":
            assert got == "voucher-not-handed-over"
        elif self.clock.at - each[4] > timedelta(minutes=15):
            assert got == "undo-too-late"
        else:
            self.ended(each, "undone")
            self.on_hand[each[2]] += 1
            self.owed -= PRICES[each[2]]

    @rule(reward=st.integers(0, len(PRICES) - 1), quantity=st.integers(1, 3))
    def write_off(self, reward, quantity):
        where = {"reward_id": self.rewards[reward].id, "station_id": self.station.id}
        got = self.outcome(
            lambda: make.unit(
                lambda: stocking.write_off(
                    **where, quantity=quantity, reason="破损", by=self.scene.manager, at=self.clock.at
                )
            )
        )
        if quantity > self.on_hand[reward] - len(self.waiting(reward=reward)):
            assert got == "stock-promised"
        else:
            self.on_hand[reward] -= quantity

    @rule(minutes=st.sampled_from([1, 14, 16, 60 * 24, 60 * 24 * 8]))
    def wait(self, minutes):
        self.clock.advance(minutes=minutes)

    @rule()
    def sweep(self):
        due = [each for each in self.waiting() if each[0].expires_at <= self.clock.at]
        make.expire()  # may also sweep up what earlier examples left behind
        for each in due:
            self.ended(each, "expired")

    @invariant()
    def it_all_agrees(self):
        for number, reward in enumerate(self.rewards):
            assert self.scene.stock(reward) == (self.on_hand[number], len(self.waiting(reward=number)))
        for number, rider in enumerate(self.riders):
            held = sum(PRICES[each[2]] for each in self.waiting(rider=number))
            assert self.scene.balance(rider) == (self.usable[number], held)
        assert self.scene.owed() == self.owed
        make.must_agree()


def test_points_and_stock_always_agree(app, clock):
    with transaction():
        common.regions()
    start = clock.at
    run_state_machine_as_test(
        lambda: Counter(clock, start),
        settings=settings(
            max_examples=4 if SERVER_URL else 9,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[
                Phase.generate
            ],  # the same sequences each time; a failing one is short enough to read as it is
        ),
    )
