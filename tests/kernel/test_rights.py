"""Who serves reads and adds; changes no book, erases nothing but scratch paper, and cannot take a guard away."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from app.kernel import rights
from app.kernel.db import Base, db, dialect_name, transaction
from app.kernel.db import session as current
from tests.databases import SERVER_URL, SERVES, owner

BOOKS = (
    "entries",
    "ledger_transactions",
    "lot_moves",
    "recorded_facts",
    "audit_records",
    "checkins",
    "case_steps",
)


@pytest.mark.parametrize("book", BOOKS)
def test_nobody_who_serves_changes_a_book(book):
    assert rights.wanted()[book] == ("SELECT", "INSERT")


def test_what_is_erased_from_is_there_and_is_no_book():
    tables = Base.metadata.tables
    assert tables.keys() >= rights.ERASED_FROM
    assert not any(tables[name].info.get("append_only") for name in rights.ERASED_FROM)


def test_every_table_has_its_rights_and_nobody_may_empty_one():
    assert rights.wanted().keys() == Base.metadata.tables.keys() | {rights.VERSIONS}
    assert not any("TRUNCATE" in each or "TRIGGER" in each for each in rights.wanted().values())


@pytest.mark.parametrize("name", ["", "app; DROP TABLE people", 'app"', "App", "1app", "a" * 64])
def test_an_odd_name_is_no_role(name):
    with pytest.raises(ValueError, match="no plain name"):
        list(rights.grants(name))


def told(app, *args: str) -> tuple[int, str]:
    current.remove()
    done = app.test_cli_runner().invoke(args=["rights", *args])
    return done.exit_code, done.output


if SERVER_URL:  # only PostgreSQL has roles

    def test_these_tests_serve_under_those_rights(app):
        code, said = told(app, "check")
        assert (code, said.split(",")[0]) == (0, "as it should be")

    @pytest.mark.parametrize(
        "deed",
        [
            "UPDATE entries SET amount = 0",
            "DELETE FROM entries",
            "DELETE FROM people",
            "TRUNCATE entries",
            "DROP TABLE entries",
            "ALTER TABLE entries DISABLE TRIGGER ALL",
            "DROP TRIGGER entries_append_only_update ON entries",
            "CREATE TABLE mine (id int)",
            "SET LOCAL session_replication_role = replica",
        ],
    )
    def test_who_serves_cannot(app, deed):
        with pytest.raises(ProgrammingError, match="permission denied|must be owner"), transaction():
            current.execute(sa.text(deed))

    def test_a_right_too_much_and_one_too_little_are_named(app):
        changes = (f"GRANT UPDATE, TRUNCATE ON entries TO {SERVES}", f"REVOKE DELETE ON jobs FROM {SERVES}")
        with owner().begin() as connection:
            for each in changes:
                connection.exec_driver_sql(each)
        try:
            code, said = told(app, "check")
            assert code == 1
            assert "entries: TRUNCATE, UPDATE too much" in said
            assert "jobs: DELETE missing" in said
        finally:
            with owner().begin() as connection:
                for each in rights.grants(SERVES):
                    connection.exec_driver_sql(each)
        assert told(app, "check")[0] == 0

    def test_the_owner_is_told_what_an_owner_can_do(app):
        with owner().connect() as connection:
            (found,) = rights.findings(connection)
        assert "can drop their guards" in found

    def test_who_serves_grants_nothing(app):
        assert told(app, "grant", "somebody")[0] != 0

else:

    def test_a_file_has_no_roles(app):
        assert dialect_name() == "sqlite"
        assert db.engine.dialect.name == "sqlite"
        for args in (("check",), ("grant", "fengxing_app")):
            code, said = told(app, *args)
            assert code == 1
            assert "PostgreSQL" in said
