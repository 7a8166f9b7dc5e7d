"""Many hands at the same moment: a cap holds, a fact counts once, the first of a day is one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from flask import Flask
from sqlalchemy import func, select

from app.kernel import clock as clock_module
from app.kernel.db import in_transaction, session, transaction
from app.kernel.ids import new_id
from app.rules import awarding
from app.rules.circumstances import with_circumstances
from app.rules.grounds import grounds_of
from app.rules.models import Award, UsageCounter
from app.rules.paying import pay_queued
from tests.rules import make
from tests.rules.make import cap, rule


def at_once(app: Flask, calls: list[Callable[[], object]]) -> list[object]:
    """Run every call in a unit of work of its own, all at the same moment."""
    start, done, broken = threading.Barrier(len(calls)), [], []

    def run(call: Callable[[], object]) -> None:
        with app.app_context():
            start.wait(timeout=30)
            try:
                done.append(in_transaction(call, tries=20))
            except Exception as error:  # noqa: BLE001 -- shown by the test, not swallowed by a thread
                broken.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert broken == []
    return done


def judging(one):
    return lambda: awarding.judge(one, at=clock_module.now())


def test_check_ins_at_once_do_not_pass_a_cap(app):
    scene = make.scene([rule(points=5, caps=[cap(points=12)])])
    at_once(app, [judging(make.checkin(scene.rider)) for _ in range(8)])
    assert scene.points() == (12, 0)
    with transaction(write=False):
        assert session.execute(select(UsageCounter.points, UsageCounter.times)).all() == [(12, 3)]


def test_the_same_fact_at_once_counts_once(app):
    scene = make.scene([rule(points=5)])
    one = make.checkin(scene.rider)
    done = at_once(app, [judging(one)] * 8)
    assert sorted(done) == [False] * 7 + [True]
    with transaction(write=False):
        assert session.scalar(select(func.count()).select_from(Award)) == 1
    assert scene.points() == (5, 0)


def test_one_of_many_is_the_first_of_the_day(app):
    scene = make.scene()
    at = clock_module.now()
    one = make.checkin(scene.rider, at=at)
    del one.fields["first_of_day"]

    def is_first():
        again = replace(one, id=new_id())
        return with_circumstances(again, grounds_of(again)).fields["first_of_day"]

    calls = [is_first for _ in range(8)]
    firsts = at_once(app, calls)
    assert sorted(firsts) == [False] * 7 + [True]


def test_queued_awards_are_paid_once(app):
    scene = make.scene([rule(points=5)], budget=5)
    for _ in range(4):
        make.judge(make.checkin(scene.rider))
    with transaction():
        make.budget_left()
        from app.kernel import events

        before = dict(events._handlers)
        events._handlers.clear()  # nobody pays at the funding itself
        make.fund(100)
        events._handlers.update(before)
    paid = at_once(app, [lambda: pay_queued(at=clock_module.now())] * 6)
    assert (sum(paid), scene.points()) == (3, (20, 0))
