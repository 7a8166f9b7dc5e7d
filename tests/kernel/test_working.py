"""Workers beside each other and beside requests: two never do the same job, a lost connection loses none."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import redis
import sqlalchemy as sa

from app.kernel import bell, health, jobs, working
from app.kernel.db import in_transaction, session, transaction
from app.kernel.jobs import Job, Kind
from tests.crossing import crossed
from tests.kernel.conftest import marks, write_mark

PATIENCE_S = 60


@pytest.fixture
def shop(app):
    """The only kinds of job here leave a mark for each time they are done."""
    kinds = list(jobs.kinds().values())
    jobs.register([Kind("mark", lambda *, n, at: write_mark(f"{n}"))])
    yield app
    jobs.register(kinds)


def _add(clock, count):
    with transaction():
        for n in range(count):
            jobs.add("mark", payload={"n": n}, at=clock())


def _done() -> int:
    with transaction(write=False):
        return session.scalar(sa.select(sa.func.count(Job.id)).where(Job.state == "done")) or 0


def _marks() -> int:
    with transaction(write=False):
        return marks()


def test_racing_workers_do_each_job_exactly_once(shop, clock):
    _add(clock, 60)
    gate, outcomes = threading.Barrier(4), []

    def drain():
        with shop.app_context():
            gate.wait(PATIENCE_S)
            outcomes.extend(working.run_due(at=clock()))
            session.remove()

    workers = [threading.Thread(target=drain) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(PATIENCE_S)
    assert [each.why for each in outcomes] == [None] * 60
    assert (_done(), _marks()) == (60, 60)
    with transaction(write=False):
        assert set(session.scalars(sa.select(Job.attempts))) == {1}


def test_of_two_claims_at_once_the_second_takes_the_next_job_and_does_not_wait(shop, clock):
    _add(clock, 2)
    both = crossed(lambda: working.claim(at=clock()), lambda: working.claim(at=clock()))
    assert both.first.job_id != both.then.job_id
    assert not both.waited


def test_a_slow_job_is_not_taken_away_from_the_worker_that_is_at_it(shop, clock):
    """Its row is locked while it runs, so an ended lease alone takes nothing away."""
    _add(clock, 1)
    mine = in_transaction(lambda: working.claim(at=clock()))
    later = clock() + timedelta(hours=1)
    both = crossed(lambda: working._done(mine, clock()), lambda: working.sweep(at=later))
    assert (both.then, both.waited) == (0, False)
    assert (_done(), _marks()) == (1, 1)


def test_a_worker_works_until_it_is_told_to_stop(shop, clock):
    stop = threading.Event()
    worker = threading.Thread(target=working.work, args=(shop, stop))
    worker.start()
    _add(clock, 3)
    _wait_for(lambda: _done() == 3)
    stop.set()
    bell.ring()
    worker.join(PATIENCE_S)
    assert not worker.is_alive()
    assert _marks() == 3


def test_a_worker_survives_a_database_that_goes_away(shop, clock, monkeypatch):
    stop, rounds, right = threading.Event(), [], working._round

    def round_(number):
        rounds.append(number)
        if len(rounds) < 3:
            bell.ring()
            raise sa.exc.OperationalError("SELECT", {}, Exception("gone"))
        return right(number)

    monkeypatch.setattr(working, "_round", round_)
    _add(clock, 1)
    worker = threading.Thread(target=working.work, args=(shop, stop))
    worker.start()
    _wait_for(lambda: _done() == 1)
    stop.set()
    worker.join(PATIENCE_S)
    assert not worker.is_alive()


def _wait_for(true) -> None:
    pause = threading.Event()
    for _ in range(PATIENCE_S * 20):
        if true():
            return
        pause.wait(0.05)
    raise AssertionError("waited in vain")


class _NoRedis:
    """A Redis that has gone away."""

    def publish(self, *_):
        raise redis.ConnectionError

    def pubsub(self, **_):
        raise redis.ConnectionError


def test_without_redis_the_bell_still_wakes_this_process_and_nothing_fails(shop, clock, monkeypatch):
    monkeypatch.setitem(shop.extensions, "redis", _NoRedis())
    bell._rung.clear()
    _add(clock, 1)
    assert bell._rung.is_set()
    bell.Ear().listen(PATIENCE_S)  # returns at once
    assert not bell._rung.is_set()


def test_the_bell_is_heard_through_redis_from_another_process(shop, clock):
    client = shop.extensions.get("redis")
    if client is None:
        return
    ear = bell.Ear()
    bell._rung.clear()
    ear.listen(0.01)  # subscribes
    client.publish(bell.CHANNEL, "")
    ear.listen(PATIENCE_S)
    ear.close()


def test_the_queue_shows_in_the_metrics(shop, clock, client):
    _add(clock, 2)
    clock.advance(seconds=90)
    page = client.get("/metrics").text
    assert 'fengxing_jobs{state="waiting"} 2.0' in page
    assert "fengxing_jobs_due 2.0" in page
    assert "fengxing_jobs_oldest_due_seconds 90.0" in page
    assert client.get("/readyz").status_code == 200


def test_of_a_queue_that_cannot_be_asked_the_metrics_say_nothing(shop, client, monkeypatch):
    def away(**_: object) -> None:
        raise sa.exc.OperationalError("", {}, Exception())

    client.get("/metrics")
    monkeypatch.setattr(jobs, "queue", away)
    page = client.get("/metrics").text
    assert 'fengxing_requests_total{method="GET",route="/metrics",status="200"}' in page
    assert "fengxing_jobs" not in page


def test_without_its_database_it_is_not_ready_but_alive(shop, client, monkeypatch):
    def away(**_):
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(health, "transaction", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["database"]) == (503, "not-ready", "away")
    assert client.get("/healthz").json == {"status": "ok"}
