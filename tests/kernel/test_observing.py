"""What reaches the log: whole lines, each a fact with the request's id; of errors where and why, never whose."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.values import MultiProcessValue
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError

from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel import observing
from app.kernel.db import db, session, transaction
from app.kernel.messages import _wrapped
from app.kernel.observing import words_of
from tests import make

NAME, PHONE = "王小明", "+8613800000105"
ROW = f"DETAIL:  Failing row contains (1, {NAME}, {PHONE})."
MISSING = f"null value in column x\n{ROW}\nCONTEXT:  COPY people, {NAME}"


class Stderr:
    """Keeps each piece that is written to it."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return len(text)

    def flush(self) -> None:
        pass


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is written to stderr while the log is as in production, piece by piece."""
    before, stderr = structlog.get_config(), Stderr()
    monkeypatch.setattr(observing, "_requests", None)  # put back afterwards
    monkeypatch.setattr(sys, "stderr", stderr)
    observing.configure_logging("INFO")
    yield stderr.pieces
    structlog.configure(**before)


def fail(**wrong: Any) -> None:
    """A statement that the database refuses, with a name and a number in hand."""
    facts = {"name": NAME, "phone": PHONE, "created_at": clock_module.now()} | wrong
    with transaction():
        session.add(Person(**facts))
        session.flush()


def twice() -> None:
    fail()
    fail()


def log_of(error: BaseException, pieces: list[str]) -> str:
    observing.log.error("broken", exc_info=error)
    return str(json.loads(pieces[-1])["exception"])


def test_a_line_is_written_in_one_piece_with_its_end(written: list[str]) -> None:
    observing.log.warning("first", n=1)
    observing.log.info("second", text="one\ntwo")
    assert [each.count("\n") for each in written] == [1, 1]
    assert [each[-1] for each in written] == ["\n", "\n"]
    assert [json.loads(each)["event"] for each in written] == ["first", "second"]


def test_the_text_of_an_error_quotes_no_values(app) -> None:
    with pytest.raises(IntegrityError) as caught:
        fail(created_at=None)
    assert "parameters hidden" in str(caught.value)
    assert all(each.hide_parameters for each in db.engines.values())


@pytest.mark.parametrize("break_it", [twice, lambda: fail(created_at=None)], ids=["twice", "missing"])
def test_a_refusal_of_the_database_is_told_without_the_row(app, written: list[str], break_it) -> None:
    with pytest.raises(IntegrityError) as caught:
        break_it()
    told = log_of(caught.value, written)
    assert NAME not in written[-1]
    assert PHONE not in written[-1]
    assert "sqlalchemy.exc.IntegrityError: (" in told
    assert "test_observing.py" in told  # the stack
    assert "phone" in told if break_it is twice else "created_at" in told


def test_it_names_state_and_constraint_whatever_the_language_of_the_server() -> None:
    said = '重复键违反唯一约束"uq_people_phone"'
    error = psycopg.errors.UniqueViolation(f'{said}\n描述:  键值"(phone)=({PHONE})" 已经存在')
    words = words_of(_wrapped(error, postgresql.dialect(), lost=False))
    assert words == f"(psycopg.errors.UniqueViolation) {said} 23505"


def test_the_whole_chain_is_told_and_nothing_of_the_row(written: list[str]) -> None:
    try:
        try:
            raise psycopg.errors.NotNullViolation(MISSING)
        except psycopg.Error as error:
            raise _wrapped(error, postgresql.dialect(), lost=False) from error
    except DBAPIError as error:
        told = log_of(error, written)
    assert NAME not in told
    first, last = (line for line in told.splitlines() if "null value" in line)
    assert first == "psycopg.errors.NotNullViolation: null value in column x 23502"
    assert last == f"sqlalchemy.exc.IntegrityError: ({first.replace(': ', ') ')}"
    assert told.count("test_observing.py") == 2


def test_what_an_error_happened_over_is_told_unless_somebody_has_said_that_it_does_not_matter(
    written: list[str],
) -> None:
    for hides, named in ((False, ["KeyError", "RuntimeError"]), (True, ["RuntimeError"])):
        try:
            try:
                raise KeyError("first")
            except KeyError:
                if hides:
                    raise RuntimeError("then") from None
                raise RuntimeError("then")  # noqa: B904 -- what an oversight looks like
        except RuntimeError as error:
            told = log_of(error, written)
        assert [line.partition(":")[0] for line in told.splitlines() if "Error: " in line] == named


def test_a_circle_of_errors_comes_to_an_end(written: list[str]) -> None:
    first, then = KeyError("first"), RuntimeError("then")
    first.__cause__, then.__cause__ = then, first
    assert log_of(then, written).splitlines() == ["KeyError: 'first'", "RuntimeError: then"]


def test_what_is_wrong_with_a_value_is_told_without_the_value() -> None:
    error = psycopg.errors.InvalidTextRepresentation(f'invalid input syntax for type integer: "{NAME}"')
    assert words_of(error) == "22P02"
    assert words_of(PendingRollbackError(f"Original exception was: {error}")) == ""


def test_an_error_of_ours_keeps_its_words(written: list[str]) -> None:
    told = log_of(RuntimeError("a unit of work is already open"), written)
    assert told == "RuntimeError: a unit of work is already open"


def test_a_request_that_breaks_is_one_line_without_its_address(toy, written: list[str]) -> None:
    assert toy.post(f"/api/v1/toy/rows/{NAME}").status_code == 500
    lines = [json.loads(each) for each in written]
    assert [(each["event"], each["route"]) for each in lines] == [
        ("request-broken", "/api/v1/toy/rows/<name>"),
        ("request", "/api/v1/toy/rows/<name>"),
    ]
    assert "IntegrityError" in lines[0]["exception"]
    assert lines[0]["request_id"] == lines[1]["request_id"]
    assert NAME not in "".join(written)


def test_a_method_that_nobody_serves_adds_nothing_to_what_is_counted(toy, written: list[str]) -> None:
    for method in ("WHATSOEVER", "13800000105"):
        assert toy.open("/healthz", method=method).status_code == 405
        toy.open("/nowhere", method=method)
    counted = toy.get("/metrics").text
    assert 'method="OTHER"' in counted
    assert "WHATSOEVER" not in counted
    assert "13800000105" not in counted + "".join(written)


def test_a_line_says_when_it_was_in_utc_and_how_grave_it_is(written: list[str]) -> None:
    before = datetime.now(UTC)
    observing.log.warning("first")
    line = json.loads(written[-1])
    said = datetime.fromisoformat(line["timestamp"])
    assert said.utcoffset() == timedelta(0)
    assert before <= said <= datetime.now(UTC)
    assert line["level"] == "warning"


def test_nothing_goes_anywhere_but_to_stderr(
    written: list[str], capfd: pytest.CaptureFixture[str], toy
) -> None:
    toy.get("/api/v1/toy/marks")
    assert [json.loads(each)["event"] for each in written] == ["request"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("signed_in", "status"), [(False, 401), (True, 403)], ids=["not signed in", "not allowed"]
)
def test_whoever_is_not_let_in_is_a_line_with_the_request_s_id(
    toy, written: list[str], signed_in: bool, status: int
) -> None:
    if signed_in:
        with transaction():
            make.regions()
            rider = make.rider()
        toy.environ_base |= make.signed_in(toy.application, rider).environ_base
    answer = toy.get("/api/v1/ledger/trial-balance")
    line = json.loads(written[-1])
    assert answer.status_code == line["status"] == status
    assert (line["event"], line["route"]) == ("request", "/api/v1/ledger/trial-balance")
    assert line["request_id"] == answer.headers["X-Request-ID"]


def test_what_somebody_sent_makes_no_line_of_its_own(written: list[str]) -> None:
    observing.log.info("sent", text='x"}\n{"event": "request", "status": 200}\r\u2028')
    assert written[-1].count("\n") == 1
    assert json.loads(written[-1])["event"] == "sent"


def test_what_workers_have_counted_is_added_up_where_they_leave_it_together(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(observing.TOGETHER, str(tmp_path))
    names, values = ("method", "route", "status"), ("GET", "/of-two-workers", "200")
    for worker, answers in ((101, 2), (102, 3)):
        left_by = MultiProcessValue(lambda worker=worker: worker)
        family = "fengxing_requests"
        left_by("counter", family, f"{family}_total", names, values, "Requests answered").inc(answers)
    (line,) = [each for each in client.get("/metrics").text.splitlines() if "/of-two-workers" in each]
    assert line.split() == [
        'fengxing_requests_total{method="GET",route="/of-two-workers",status="200"}',
        "5.0",
    ]
