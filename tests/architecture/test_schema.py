"""The migrations build what the models say — tables, constraints, triggers — and can be taken back again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.kernel import db as database
from app.main import create_app
from tests import conftest

TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": "SELECT tgname, pg_get_triggerdef(oid) "
    "|| (SELECT concat(prosrc, proconfig) FROM pg_proc WHERE pg_proc.oid = tgfoid) "
    "FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname",
}


@pytest.fixture
def migrated(settings_env: dict[str, str], tmp_path) -> Iterator[Flask]:
    """An application on a second, empty database, brought up by the migrations."""
    url = (
        conftest.new_database("migrated") if conftest.SERVER_URL else f"sqlite:///{tmp_path / 'migrated.db'}"
    )
    app = create_app(settings_env | {"FENGXING_DATABASE_URL": url})
    with app.app_context():
        upgrade()
        yield app
        database.session.remove()
        database.disconnect()


def _triggers() -> list[tuple[str, str]]:
    engine = database.db.engine
    with engine.connect() as connection:
        found = connection.execute(sa.text(TRIGGERS[engine.dialect.name])).all()
    return [(name, " ".join(sql.split())) for name, sql in found]


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


def test_the_migrations_can_be_taken_back(migrated: Flask):
    downgrade(revision="base")
    with database.db.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() in ([], ["alembic_version"])
    upgrade()
