"""Which job comes first, when a recurring one comes again, and how a long one keeps its lease."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.kernel import jobs, working
from app.kernel.db import in_transaction, session, transaction
from app.kernel.jobs import Job, Kind


class Toys:
    """Handlers that remember their turn, break or take long."""

    def __init__(self, clock) -> None:
        self.clock, self.turns, self.breaks = clock, [], False

    def note(self, *, at, turn=0):
        if self.breaks:
            raise RuntimeError
        self.turns.append(turn)

    def take_long(self, *, at, beat):
        for _ in range(3):
            self.clock.advance(seconds=50)
            in_transaction(lambda: working.sweep(at=self.clock()))
            beat()


@pytest.fixture
def toys(app, clock):
    kinds = list(jobs.kinds().values())
    yield Toys(clock)
    jobs.register(kinds)


def _only() -> Job:
    with transaction(write=False):
        job = session.scalars(sa.select(Job)).one()
        session.expunge(job)
        return job


def test_the_job_that_is_due_longest_comes_first(toys, clock):
    jobs.register([Kind("note", toys.note)])
    for turn, minutes in ((2, 5), (1, 0), (3, 9)):
        run_at = clock() + timedelta(minutes=minutes)
        with transaction():
            jobs.add("note", payload={"turn": turn}, run_at=run_at, at=clock())
    clock.advance(minutes=10)
    working.run_due(at=clock())
    assert toys.turns == [1, 2, 3]


def test_a_recurring_job_that_fails_is_tried_again_by_its_next_turn_at_the_latest(toys, clock):
    jobs.register([Kind("minutely", toys.note, every_s=60)])
    toys.breaks = True
    for failed in range(1, 7):  # by then a job of another kind waits for more than a quarter of an hour
        working.run_due(at=clock())
        assert (_only().attempts, _only().run_at <= clock() + timedelta(minutes=1)) == (failed, True)
        clock.advance(minutes=1)


def test_a_recurring_job_that_loses_its_workers_is_never_given_up(toys, clock):
    jobs.register([Kind("minutely", toys.note, every_s=60, tries=3)])
    in_transaction(lambda: working.tend(at=clock()))
    for _ in range(5):
        assert in_transaction(lambda: working.claim(at=clock())) is not None
        clock.advance(seconds=60)
        assert in_transaction(lambda: working.sweep(at=clock())) == 1
    working.run_due(at=clock())
    assert (_only().state, len(toys.turns)) == ("waiting", 1)


def test_a_long_job_that_says_it_is_alive_keeps_its_lease(toys, clock):
    jobs.register([Kind("long", toys.take_long, long=True)])
    with transaction():
        jobs.add("long", at=clock())
    assert working.run_due(at=clock()) == [working.Outcome("long")]
    assert (_only().state, _only().attempts) == ("done", 1)


def test_nothing_comes_of_a_job_that_had_all_its_tries_or_is_not_there(toys, clock):
    jobs.register([Kind("note", toys.note, tries=1)])
    with transaction():
        jobs.add("note", key="a", at=clock())
        assert [jobs.was_given_up("note", key) for key in ("a", "b")] == [False, True]
    toys.breaks = True
    working.run_due(at=clock())
    with transaction(write=False):
        assert jobs.was_given_up("note", "a")


def test_the_worker_that_is_at_a_kind_that_newer_ones_do_not_know_may_finish(toys, clock):
    known = [Kind("minutely", toys.note, every_s=60)]
    jobs.register(known)
    in_transaction(lambda: working.tend(at=clock()))
    mine = in_transaction(lambda: working.claim(at=clock()))
    jobs.register([])
    in_transaction(lambda: working.tend(at=clock()))
    jobs.register(known)
    assert working.carry_out(mine, at=clock()) == working.Outcome("minutely")


def test_what_is_for_later_does_not_count_as_due(toys, clock):
    jobs.register([Kind("note", toys.note)])
    with transaction():
        for minutes in (0, 60):
            jobs.add("note", run_at=clock() + timedelta(minutes=minutes), at=clock())
    clock.advance(minutes=10)
    with transaction(write=False):
        assert (jobs.queue(at=clock()).due, jobs.queue(at=clock()).oldest_due_s) == (1, 600)


def test_the_queue_is_told_soonest_first_without_what_is_done_and_those_of_a_state_alone(toys, clock):
    jobs.register([Kind("note", toys.note, tries=1)])
    with transaction():
        jobs.add("note", key="done", at=clock())
    working.run_due(at=clock())
    toys.breaks = True
    with transaction():
        jobs.add("note", key="failed", run_at=clock() + timedelta(minutes=1), at=clock())
    clock.advance(minutes=1)
    working.run_due(at=clock())
    with transaction():
        for key, minutes in (("later", 9), ("soon", 5)):
            jobs.add("note", key=key, run_at=clock() + timedelta(minutes=minutes), at=clock())
    with transaction(write=False):
        told = [
            [each.key for each in jobs.jobs(state=state)] for state in (None, "done", "failed", "waiting")
        ]
        assert [each.key for each in jobs.jobs(limit=2)] == ["failed", "soon"]
    assert told == [["failed", "soon", "later"], ["done"], ["failed"], ["soon", "later"]]


def test_whatever_failed_is_given_all_its_tries_again_at_once_and_nothing_else_is(toys, clock):
    jobs.register([Kind("note", toys.note, tries=2)])
    toys.breaks = True
    with transaction():
        for key in ("a", "b"):
            jobs.add("note", key=key, at=clock())
    for _ in range(2):
        working.run_due(at=clock())
        clock.advance(hours=2)
    with transaction():
        jobs.add("note", key="later", run_at=clock() + timedelta(hours=1), at=clock())
        assert jobs.retry_all(at=clock()) == 2
        assert jobs.retry_all(at=clock()) == 0
    with transaction(write=False):
        told = [(each.key, each.attempts, each.why, each.run_at) for each in jobs.jobs()]
        assert (jobs.queue(at=clock()).struggling, jobs.queue(at=clock()).due) == (0, 2)
    assert told == [
        ("a", 0, None, clock()),
        ("b", 0, None, clock()),
        ("later", 0, None, clock() + timedelta(hours=1)),
    ]
