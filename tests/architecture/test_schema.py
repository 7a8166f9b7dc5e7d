"""The migrations build what the models say — tables, constraints, triggers — and can be taken back again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.kernel import db as database
from app.main import create_app
from tests import databases

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": "SELECT tgname, pg_get_triggerdef(oid) "
    "|| (SELECT concat(prosrc, proconfig) FROM pg_proc WHERE pg_proc.oid = tgfoid) "
    "FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname",
}


@pytest.fixture(scope="module")
def brought_up(settings_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A second, empty database, brought up by the migrations once: each test takes a copy."""
    file = tmp_path_factory.mktemp("migrated") / "migrated.db"
    url = databases.new_database("brought_up") if databases.SERVER_URL else f"sqlite:///{file}"
    with create_app(settings_env | {"FENGXING_DATABASE_URL": url}).app_context():
        upgrade()
        database.session.remove()
        database.disconnect()
    return url


@pytest.fixture
def migrated(settings_env: dict[str, str], brought_up: str, tmp_path) -> Iterator[Flask]:
    """An application on a database that the migrations brought up."""
    if databases.SERVER_URL:
        url = databases.new_database("migrated", like=brought_up)
    else:
        copy = shutil.copy(str(sa.make_url(brought_up).database), tmp_path / "migrated.db")
        url = f"sqlite:///{copy}"
    app = create_app(settings_env | {"FENGXING_DATABASE_URL": url})
    with app.app_context():
        yield app
        database.session.remove()
        database.disconnect()


def _triggers() -> list[tuple[str, str]]:
    engine = database.db.engine
    with engine.connect() as connection:
        found = connection.execute(sa.text(TRIGGERS[engine.dialect.name])).all()
    return [(name, " ".join(sql.split())) for name, sql in found]


CONDITIONS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u', 'x', 'p')
UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""


def _conditions() -> dict[str, str]:
    """What each check and each index says: Alembic compares checks by name only, and of an index no condition."""
    engine = database.db.engine
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return {
                name: said for name, said in connection.execute(sa.text(CONDITIONS)) if "alembic" not in name
            }
        indexes = connection.execute(
            sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        )
        found = {name: _squeezed(sql) for name, sql in indexes}
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            checks = inspector.get_check_constraints(table)
            found |= {f"{table}.{each['name']}": _squeezed(each["sqltext"]) for each in checks}
        return found


def _squeezed(sql: str) -> str:
    return "".join(sql.split()).replace('"', "")


def test_the_migrations_say_of_each_check_and_index_what_the_models_say(migrated: Flask, app: Flask):
    wanted = _conditions()
    with migrated.app_context():
        found = _conditions()
    assert {name: said for name, said in found.items() if wanted.get(name) != said} == {}
    assert found.keys() == wanted.keys()
    assert len(wanted) > 300


LATEST = [f"{number:04}" for number in range(29, 100) if list(VERSIONS.glob(f"{number:04}_*.py"))]


def test_going_back_leaves_every_guard_check_and_index_as_it_had_been(migrated: Flask):
    """As whoever never went further has it: step by step down, and up again from an older city."""

    def built() -> dict[str, str]:
        return _conditions() | dict(_triggers())

    gone_back, never_further = {}, {}
    for revision in reversed(LATEST[:-1]):
        downgrade(revision=revision)
        gone_back[revision] = built()
    downgrade(revision="base")
    with database.db.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() in ([], ["alembic_version"])
    for revision in LATEST[:-1]:
        upgrade(revision=revision)
        never_further[revision] = built()
    for revision in LATEST[:-1]:
        assert gone_back[revision] == never_further[revision], revision


def test_the_migrations_build_what_the_models_say(migrated: Flask):
    with database.db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
            },
        )
        assert compare_metadata(context, database.Base.metadata) == []


def test_the_migrations_put_up_every_guard(migrated: Flask, app: Flask):
    wanted = _triggers()
    with migrated.app_context():
        assert _triggers() == wanted
    assert len(wanted) > 20


def test_a_migration_that_stands_in_the_way_lets_go_and_tries_again(migrated: Flask):
    """On a server, somebody reads the table that is to go, and stays until the migration has given way once."""
    engine, gave_way = database.db.engine, []
    downgrade(revision="0029")  # which made tables that point at people
    with engine.connect() as reader:
        reader.execute(sa.text("SELECT count(*) FROM people"))
        if engine.dialect.name == "sqlite":
            reader.rollback()  # there a writer waits for nobody who reads

        @sa.event.listens_for(engine, "handle_error")
        def lets_go(context: sa.engine.ExceptionContext) -> None:
            gave_way.append(getattr(context.original_exception, "sqlstate", None))
            reader.rollback()

        try:
            downgrade(revision="-1")
        finally:
            sa.event.remove(engine, "handle_error", lets_go)
    assert gave_way == ([] if engine.dialect.name == "sqlite" else ["55P03"])
    upgrade()
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads()
        assert engine.dialect.name == "sqlite" or connection.scalar(sa.text("SHOW lock_timeout")) == "0"
