"""What an operator types wrongly is refused in a sentence, with an exit code, and nothing is half done."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
import sqlalchemy as sa

from app.identity.models import Person
from app.kernel import settings
from app.kernel.db import session, transaction
from app.ledger import proofs
from app.places.models import Region
from tests.databases import SERVER_URL

NOBODY = "018f0000-0000-7000-8000-000000000000"
PHRASE = "Wolken ziehen ueber 7 Daecher"


@pytest.fixture
def run(app):
    """Run `flask …`; (exit code, what it said). A traceback is no answer."""

    def call(*words: object) -> tuple[int, str]:
        session.remove()
        done = app.test_cli_runner().invoke(args=[*map(str, words)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return call


def test_nobody_is_invented_in_production(run, app, monkeypatch):
    monkeypatch.setattr(settings, "_current", replace(settings.current(), environment="production"))
    code, said = run("city", "demo")
    assert code == 1
    assert "FENGXING_ENV is production" in said
    with transaction(write=False):
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0


@pytest.mark.parametrize(
    ("username", "name", "field"),
    [
        ("a b/ c", "周安", "username"),
        ("Ann", "周安", "username"),
        ("ann", "", "name"),
        ("ann", "\u200b", "name"),
    ],
)
def test_an_administrator_from_the_command_line_is_one_whom_the_desk_would_take(run, username, name, field):
    with transaction():
        session.add(Region(code="3201", name="南京市", level="city", path="3201/"))
    code, said = run("people", "appoint-admin", username, "--name", name, "--password", PHRASE)
    assert code == 1
    assert f"{field}: " in said
    assert run("people", "appoint-admin", "ann", "--name", "周安", "--password", PHRASE)[0] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("ledger", "seals", "--last", -1), 2),
        (("ledger", "seals", "--last", 10**20), 2),
        (("ledger", "verify", "--seal", f"{10**20}:{'0' * 64}"), 2),
        (("ledger", "proof", "018f0000-0000-7000-8000-000000000000"), 1),
        (("jobs", "list", "--limit", -1), 2),
        (("jobs", "list", "--limit", 10**20), 2),
        (("honours", "list-snapshot", "0" * 64, "--out", "/nowhere/list.csv"), 1),
        (("keys", "revoke", 7, "--reason", "\u200b", "--yes"), 2),
        (
            (
                "honours",
                "export",
                NOBODY,
                "roll.csv",
                "--by",
                "ann",
                "--reason",
                " ",
                "--out",
                "/nowhere/roll.csv",
            ),
            2,
        ),
        (
            (
                "rules",
                "unwind",
                "checkin",
                NOBODY,
                "--reason",
                "",
                "--asked-by",
                "ann",
                "--approved-by",
                "li",
            ),
            2,
        ),
        (
            (
                "rules",
                "unwind",
                "checkin",
                NOBODY,
                "--reason",
                "长" * 301,
                "--asked-by",
                "ann",
                "--approved-by",
                "li",
            ),
            2,
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(run, words, code):
    given, said = run(*words)
    assert given == code
    assert "Error: " in said


@pytest.mark.parametrize(
    ("from_on", "until_on", "field"),
    [
        ("2026-11-02", "2026-11-01", "from_on"),
        ("0001-01-01", "2026-11-01", "from_on"),
        ("2026-11-01", "9999-12-31", "until_on"),
    ],
)
def test_a_dry_run_is_over_days_that_were(run, from_on, until_on, field):
    code, said = run(
        "rules", "dry-run", "--region", 3201, "--version", 1, "--from", from_on, "--until", until_on
    )
    assert code == 1
    assert f"{field}: " in said


@pytest.mark.parametrize("written", [b"[", b"\xff\xfe", b"[1]", b"{}", None])
def test_a_file_that_is_no_proof_is_called_so(tmp_path, capsys, written):
    file = tmp_path / "proof.json"
    if written is not None:
        file.write_bytes(written)
    assert proofs.main([str(file), "--seal", "0" * 64]) == 1
    assert capsys.readouterr().out.startswith("WRONG: ")


def _of_psycopg(state: str, words: str) -> Exception:
    error = Exception(f"{words}\nLINE 2: FROM regions")
    error.sqlstate = state  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            sa.exc.OperationalError("BEGIN", {}, Exception("connection refused\n\tIs it running?")),
            "connection refused",
        ),
        (sa.exc.OperationalError("SELECT 1", {}, Exception("no such table: regions")), "db upgrade"),
        (
            sa.exc.ProgrammingError("SELECT 1", {}, _of_psycopg("42P01", 'relation "x" does not exist')),
            "db upgrade",
        ),
        (
            sa.exc.ProgrammingError("SELECT 1", {}, _of_psycopg("42501", "permission denied")),
            "permission denied",
        ),
    ],
)
def test_what_is_wrong_with_the_database_is_said_in_one_line(run, monkeypatch, error, says):
    def fail() -> None:
        raise error

    monkeypatch.setattr(import_module("app.cli.rules"), "replay", fail)
    code, said = run("rules", "replay")
    assert code == 1
    assert said.startswith("Error: The database ")
    assert says in said
    assert said.count("\n") == 1


def test_whoever_may_not_grant_is_told_that_nothing_was_granted(run):
    with transaction(write=False):
        owner = session.scalar(sa.text("SELECT session_user")) if SERVER_URL else "owner"
    said = run("rights", "grant", owner)
    assert said[0] == 1
    assert ("nothing was granted" if SERVER_URL else "a file has no roles") in said[1]


def test_a_role_that_is_not_there_is_named(run):
    said = run("rights", "grant", "nobody_is_called_so")
    assert said[0] == 1
    assert ('"nobody_is_called_so" does not exist' if SERVER_URL else "a file has no roles") in said[1]
