"""A read: it cannot write, sees what it should, needs no BEGIN on a server, and asks once for what belongs together."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError

from app.identity import sessions
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.identity.models import Person
from app.identity.sessions import end_all_sessions
from app.kernel import asking, connecting
from app.kernel.asking import Question, ask
from app.kernel.db import db, dialect_name, disconnect, freeze, in_transaction, session, transaction
from app.kernel.driving import rows
from app.kernel.running import running
from app.ledger import queries as ledger
from tests import make
from tests.databases import owner
from tests.kernel.gathering import gathered
from tests.ledger import make as books

NAME = Question(
    select(Person.nickname).where(Person.id == bindparam("who")),
    lambda person_id: {"who": person_id},
    lambda found: found[0] if found else "nobody",
)


@pytest.fixture
def rider(app):
    with transaction():
        return make.rider()


def rename(person, name):
    """As another process does it."""
    with db.engine.begin() as connection:
        connection.execute(
            text("UPDATE people SET nickname = :n WHERE id = :id"), {"n": name, "id": _id(person)}
        )


def _id(person):
    return person.id if dialect_name() == "postgresql" else person.id.hex


def test_nothing_can_be_written_in_a_read(rider):
    def write():
        session.get_one(Person, rider.id).nickname = "x"
        session.flush()

    with pytest.raises(DBAPIError):
        in_transaction(write, write=False)
    with transaction(write=False):
        assert session.get_one(Person, rider.id).nickname != "x"


def test_a_read_inside_a_unit_of_work_is_refused_before_its_first_statement(app):
    with transaction(write=False), pytest.raises(RuntimeError), transaction(write=False):
        pass


def test_a_frozen_moment_stays_what_it_was(rider):
    rename(rider, "before")
    with transaction(write=False):
        freeze()
        assert ask(NAME, rider.id) == "before"
        rename(rider, "after")
        assert ask(NAME, rider.id) == "before"
    with transaction(write=False):
        assert ask(NAME, rider.id) == "after"


def test_many_rows_may_stay_on_the_server_until_they_are_wanted(rider):
    with transaction(write=False):
        found = session.execute(select(Person.id).execution_options(yield_per=1))
        assert rider.id in [row.id for row in found]


def test_a_question_finds_what_its_own_unit_of_work_has_changed(rider):
    with transaction():
        session.get_one(Person, rider.id).nickname = "mine"
        assert ask(NAME, rider.id) == "mine"


def test_a_connection_that_was_lost_is_not_the_readers_business(rider):
    with transaction(write=False):
        ask(NAME, rider.id)
    if dialect_name() == "postgresql":
        with owner().connect() as connection, suppress(DBAPIError):
            gone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            connection.execute(text(f"{gone} AND datname = current_database()"))
    assert in_transaction(lambda: ask(NAME, rider.id), write=False) == rider.nickname
    disconnect()  # the writers' connections were lost as well


def test_who_calls_and_what_is_asked_are_one_question(app, rider, monkeypatch):
    asked = []
    monkeypatch.setattr(asking, "rows", lambda *what: asked.append(what) or rows(*what))
    client = make.signed_in(app, rider)
    assert client.get("/api/v1/wallet").json == {"usable": 0, "pending": 0, "held": 0}
    assert len(asked) == 1
    assert client.get("/api/v1/codes/device").json["handle"] is None
    assert len(asked) == 2


def at_once(*calls):
    """On PostgreSQL they wait until somebody else was answered, and ask together; a file is asked by each alone."""
    if dialect_name() != "postgresql":
        return [call() for call in calls]
    asked = asking._together(sessions._OF_ONE, (ledger.BALANCE,))
    return gathered(asking._lane_of(asked), *calls)


def rider_with(points):
    someone = make.rider()
    books.give(someone.id, points)
    return someone


def wallet_of(app, person):
    client = make.signed_in(app, person)

    def look():
        answer = client.get("/api/v1/wallet")
        return answer.status_code, answer.json.get("usable")

    return look


def test_those_who_ask_at_the_same_moment_ask_once_and_each_learns_of_itself(app, monkeypatch, clock):
    with transaction():
        make.regions()
        poor, rich, gone = (rider_with(points) for points in (10, 20, 30))
        busy = make.staff("dispatcher", region_code=make.XUANWU)
        where = {"region_code": make.QINHUAI, "station_id": None}
        appoint(person_id=busy.id, role="dispatcher", **where, by=SYSTEM, at=clock())
    looks = [wallet_of(app, each) for each in (poor, gone, busy, rich)]
    with transaction():
        end_all_sessions(person_id=gone.id, at=clock())
    asked = []
    monkeypatch.setattr(asking, "rows", lambda *what: asked.append(what) or rows(*what))
    assert at_once(*looks) == [(200, 10), (401, None), (200, 0), (200, 20)]
    assert len(asked) == (1 if dialect_name() == "postgresql" else 4)


def test_what_cannot_be_asked_together_is_asked_one_by_one(app, rider, monkeypatch):
    with transaction():
        rich = rider_with(10)
    monkeypatch.setattr(asking, "_of_many", lambda _statement: text("SELECT no such thing"))
    asking._lane_of.cache_clear()
    assert at_once(wallet_of(app, rider), wallet_of(app, rich)) == [(200, 0), (200, 10)]
    asking._lane_of.cache_clear()


def test_whose_session_has_ended_learns_nothing(app, rider, clock):
    client = make.signed_in(app, rider)
    with transaction():
        end_all_sessions(person_id=rider.id, at=clock())
    answer = client.get("/api/v1/wallet")
    assert (answer.status_code, answer.json["code"]) == (401, "session-ended")


def test_an_answer_ends_with_its_unit_of_work(app, rider, monkeypatch):
    with transaction(write=False):
        first = asking.rows_and_answers(NAME.statement, {"who": rider.id}, (ledger.BALANCE,), rider.id)
        assert first[0][0] == rider.nickname
        monkeypatch.setattr(asking, "rows", lambda *_: pytest.fail("it is known already"))
        assert ledger.balance_of(rider.id).usable == 0
    monkeypatch.setattr(asking, "rows", rows)
    with transaction(write=False):
        assert running().answers == {}


def test_what_may_write_keeps_no_answer(rider):
    with transaction():
        asking.rows_and_answers(ledger.BALANCE.statement, ledger.BALANCE.values(rider.id), (NAME,), rider.id)
        session.get_one(Person, rider.id).nickname = "changed"
        assert ask(NAME, rider.id) == "changed"


def how_reads_connect(address):
    return connecting.configuration(address)["SQLALCHEMY_BINDS"][connecting.READING]["connect_args"]


def test_of_two_servers_reads_go_to_the_one_that_takes_writes():
    both = "postgresql+psycopg://fengxing@/fengxing?host=first:5432&host=second:5432"
    # A session that only reads is never "read-write" to the driver.
    assert how_reads_connect(f"{both}&target_session_attrs=read-write")["target_session_attrs"] == "primary"
    assert "target_session_attrs" not in how_reads_connect(both)
