"""A job is remembered exactly if its transaction is, done once whatever dies, tried again, given up with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.kernel import jobs, working
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Conflict
from app.kernel.jobs import Job, Kind
from tests.kernel.conftest import marks, write_mark


class Toys:
    """Handlers that write, break or refuse, and remember being called."""

    def __init__(self) -> None:
        self.calls: list[dict[str, object]] = []
        self.at: object = None
        self.breaks: BaseException | None = None

    def write(self, *, at, **payload):
        self.calls.append(payload)
        self.at = at
        write_mark(f"{len(self.calls)}")
        if self.breaks:
            raise self.breaks
        return len(self.calls)


@pytest.fixture
def toys(app):
    kinds = list(jobs.kinds().values())
    toys = Toys()
    jobs.register([Kind("write", toys.write, tries=3), Kind("hourly", toys.write, every_s=3600)])
    yield toys
    jobs.register(kinds)


def _add(clock, kind="write", **more):
    return in_transaction(lambda: jobs.add(kind, at=clock(), **more))


def _only(kind="write") -> Job:
    with transaction(write=False):
        job = session.scalars(sa.select(Job).filter_by(kind=kind)).one()
        session.expunge(job)
        return job


def _marks() -> int:
    with transaction(write=False):
        return marks()


def _claim(clock):
    return in_transaction(lambda: working.claim(at=clock()))


def _due(clock) -> list[working.Outcome]:
    """Everything due, without the kinds that come by themselves."""
    return [each for each in working.run_due(at=clock()) if each.kind != "hourly"]


def test_a_job_is_done_once_with_its_payload(toys, clock):
    assert _add(clock, payload={"voucher": "7"})
    assert _due(clock) == [working.Outcome("write", 1)]
    assert _due(clock) == []
    assert ({"voucher": "7"} in toys.calls, toys.at) == (True, clock())
    job = _only()
    assert (job.state, job.attempts, job.done_at, job.why) == ("done", 1, clock(), None)


def test_a_job_is_forgotten_with_the_transaction_that_wanted_it(toys, clock):
    with pytest.raises(RuntimeError), transaction():
        jobs.add("write", at=clock())
        raise RuntimeError
    assert _due(clock) == []


def test_the_same_key_is_the_same_job_even_after_it_was_done(toys, clock):
    assert _add(clock, key="a") is True
    assert _add(clock, key="a") is False
    assert _add(clock, key="b") is True
    assert len(_due(clock)) == 2
    assert _add(clock, key="a") is False


def test_a_job_for_later_waits(toys, clock):
    _add(clock, run_at=clock() + timedelta(minutes=5))
    clock.advance(minutes=4, seconds=59)
    assert _due(clock) == []
    clock.advance(seconds=1)
    assert len(_due(clock)) == 1


def test_a_kind_that_nobody_knows_cannot_be_wanted(toys, clock):
    with pytest.raises(LookupError), transaction():
        jobs.add("wirte", at=clock())


def test_a_job_of_a_kind_this_worker_does_not_know_is_left_to_others(toys, clock):
    _add(clock)
    jobs.register([])
    assert _due(clock) == []
    assert _only().state == "waiting"


def test_what_a_failing_job_wrote_is_undone_and_it_is_tried_again_later(toys, clock):
    _add(clock)
    toys.breaks = RuntimeError("王小明 13800000000")
    (outcome,) = _due(clock)
    job = _only()
    assert outcome.why == job.why
    assert job.state == "waiting"
    assert clock() + timedelta(seconds=2) < job.run_at <= clock() + timedelta(seconds=5)
    assert _marks() == 0
    toys.breaks = None
    clock.advance(seconds=5)
    (outcome,) = _due(clock)
    assert outcome.why is None


def test_the_reason_names_the_error_and_never_what_people_wrote(toys, clock):
    _add(clock)
    toys.breaks = RuntimeError("王小明 13800000000")
    _due(clock)
    assert _only().why.startswith("RuntimeError at app/kernel/working.py:")
    clock.advance(hours=1)
    toys.breaks = Conflict(name="王小明")
    _due(clock)
    assert _only().why.startswith("conflict at ")


def test_a_job_that_always_fails_is_given_up_and_can_be_given_another_chance(toys, clock):
    _add(clock)
    toys.breaks = RuntimeError()
    for _ in range(5):
        _due(clock)
        clock.advance(hours=2)
    job = _only()
    assert (job.state, job.attempts) == ("failed", 3)
    with transaction(write=False):
        assert jobs.queue(at=clock()).by_state["failed"] == 1
    toys.breaks = None
    in_transaction(lambda: jobs.retry(job.id, at=clock()))
    assert len(_due(clock)) == 1
    assert _only().state == "done"
    with pytest.raises(jobs.JobUnknown):
        in_transaction(lambda: jobs.retry(job.id, at=clock()))


def test_a_payload_that_no_longer_fits_fails_and_stops_nobody_else(toys, clock):
    jobs.register([Kind("write", lambda *, at: write_mark("done")), Kind("other", toys.write)])
    _add(clock, payload={"gone": 1})
    _add(clock, "other")
    first, second = _due(clock)
    assert first.why.startswith("TypeError")
    assert second == working.Outcome("other", 1)


def test_failures_part_from_each_other_and_never_wait_more_than_an_hour(toys):
    waits = {working.backoff(1) for _ in range(20)}
    assert len(waits) > 10
    for attempts in range(1, 40):
        assert timedelta(seconds=2) <= working.backoff(attempts) <= timedelta(hours=1)
    assert working.backoff(9) >= timedelta(minutes=30)


# --- workers die ---


def test_a_worker_that_died_before_it_began_loses_nothing(toys, clock):
    _add(clock)
    assert _claim(clock) is not None
    assert _due(clock) == []
    clock.advance(seconds=60)
    _due(clock)
    assert (_only().state, _only().attempts) == ("done", 2)


def test_a_worker_killed_between_work_and_commit_leaves_nothing_half_done(toys, clock):
    """A kill is like an error that nobody catches: the connection goes, the database takes everything back."""
    _add(clock)
    toys.breaks = SystemExit()
    with pytest.raises(SystemExit):
        working.carry_out(_claim(clock), at=clock())
    assert (_only().state, _marks()) == ("running", 0)
    toys.breaks = None
    clock.advance(seconds=60)
    _due(clock)
    assert _only().state == "done"


def test_a_worker_that_comes_too_late_changes_nothing(toys, clock):
    _add(clock)
    slow = _claim(clock)
    clock.advance(seconds=60)
    _due(clock)
    done = _marks()
    assert working.carry_out(slow, at=clock()).why == "lease lost"
    assert _marks() == done
    assert _only().state == "done"


def test_a_worker_whose_job_another_is_at_changes_nothing(toys, clock):
    _add(clock)
    slow = _claim(clock)
    clock.advance(seconds=60)
    in_transaction(lambda: working.sweep(at=clock()))
    quick = _claim(clock)
    assert working.carry_out(slow, at=clock()).why == "lease lost"
    assert (_only().lease, _marks()) == (quick.lease, 0)
    assert working.carry_out(quick, at=clock()).why is None
    assert (_only().state, _marks()) == ("done", 1)


def test_a_worker_that_comes_too_late_and_fails_does_not_undo_what_another_did(toys, clock):
    _add(clock)
    slow = _claim(clock)
    clock.advance(seconds=60)
    _due(clock)
    in_transaction(lambda: working._failed(slow, "late", clock()))
    assert _only().state == "done"


def test_a_job_that_kills_its_workers_is_given_up(toys, clock):
    _add(clock)
    for _ in range(3):
        assert _claim(clock) is not None
        clock.advance(seconds=60)
        in_transaction(lambda: working.sweep(at=clock()))
    job = _only()
    assert (job.state, job.why) == ("failed", working.WORKER_LOST)
    assert _claim(clock) is None


# --- clocks jump ---


def test_after_a_day_without_workers_a_recurring_job_comes_once(toys, clock):
    working.run_due(at=clock())
    clock.advance(days=1)
    working.run_due(at=clock())
    working.run_due(at=clock())
    assert len(toys.calls) == 2
    assert _only("hourly").run_at == clock().replace(minute=0, second=0) + timedelta(hours=1)


def test_a_clock_that_went_back_holds_up_neither_recurring_jobs_nor_leases_nor_tries(toys, clock):
    working.run_due(at=clock())
    _add(clock)
    lost = _claim(clock)
    clock.advance(days=-2)
    assert {each.kind for each in working.run_due(at=clock())} == {"hourly", "write"}
    assert working.carry_out(lost, at=clock()).why == "lease lost"


def test_a_clock_that_went_back_holds_up_no_second_try(toys, clock):
    _add(clock)
    toys.breaks = RuntimeError()
    _due(clock)
    toys.breaks = None
    clock.advance(days=-2)
    assert len(_due(clock)) == 1


# --- what comes by itself ---


def test_a_recurring_job_has_one_row_and_comes_each_full_hour(toys, clock):
    for _ in range(3):
        working.run_due(at=clock())
    assert len(toys.calls) == 1
    clock.advance(minutes=58)
    working.run_due(at=clock())
    assert len(toys.calls) == 2
    assert _only("hourly").run_at == clock() + timedelta(hours=1)


def test_a_recurring_job_is_never_given_up(toys, clock):
    toys.breaks = RuntimeError()
    for _ in range(12):
        working.run_due(at=clock())
        clock.advance(hours=1)
    job = _only("hourly")
    assert (job.state, job.attempts) == ("waiting", 12)
    with transaction(write=False):
        assert jobs.queue(at=clock()).struggling == 1
    toys.breaks = None
    working.run_due(at=clock())
    assert (_only("hourly").attempts, _only("hourly").why) == (0, None)


def test_the_row_of_a_kind_that_no_longer_exists_goes(toys, clock):
    working.run_due(at=clock())
    jobs.register([Kind("write", toys.write)])
    working.run_due(at=clock())
    with transaction(write=False):
        assert session.scalar(sa.select(sa.func.count(Job.id))) == 0


def test_finished_jobs_are_forgotten_after_two_weeks_unless_they_failed(toys, clock):
    _add(clock, key="a")
    _due(clock)
    clock.advance(days=14)
    assert in_transaction(lambda: jobs.forget_done(at=clock())) == 0
    clock.advance(seconds=1)
    assert in_transaction(lambda: jobs.forget_done(at=clock())) == 1
    assert _add(clock, key="a") is True


@pytest.mark.parametrize(
    "values",
    [
        {"state": "lost"},
        {"state": "running"},
        {"state": "done"},
        {"state": "failed"},
        {"attempts": -1},
        {"leased_until": sa.func.current_timestamp()},
    ],
    ids=[
        "unknown",
        "running without lease",
        "done never",
        "failed for nothing",
        "tries below zero",
        "lease without holder",
    ],
)
def test_the_database_refuses_a_state_that_makes_no_sense(toys, clock, values):
    _add(clock)
    with pytest.raises(IntegrityError), transaction():
        session.execute(sa.update(Job).values(**values).execution_options(synchronize_session=False))
