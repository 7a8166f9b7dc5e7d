"""Migrations form one line, and each can be taken back."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from alembic.script import ScriptDirectory

from tests.architecture.sources import ROOT, Source, below


def cannot_be_taken_back(source: Source) -> Iterator[str]:
    """Every migration has a downgrade that does something."""
    downgrades = [
        node for node in source.tree.body if isinstance(node, ast.FunctionDef) and node.name == "downgrade"
    ]
    does = [
        statement
        for function in downgrades
        for statement in function.body
        if not isinstance(statement, ast.Pass)
        and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        and not isinstance(statement, ast.Raise)
    ]
    if not does:
        yield f"{source.name}: there is no way back"


def test_every_migration_has_a_way_back() -> None:
    migrations = below("migrations/versions", ".py")
    assert migrations
    assert not [complaint for source in migrations for complaint in cannot_be_taken_back(source)]


def drops_all_at_once(source: Source) -> Iterator[str]:
    """From 0029 on, tables are dropped by `migrations.gently`: beside people who work, `op.drop_table` may deadlock."""
    number = source.name.rpartition("/")[2][:4]
    if number > "0028" and "op.drop_table(" in source.text:
        yield f"{source.name}: drop tables by migrations.gently.drop_tables"


def test_tables_are_dropped_gently() -> None:
    migrations = below("migrations/versions", ".py")
    assert not [complaint for source in migrations for complaint in drops_all_at_once(source)]


@pytest.mark.parametrize(
    ("name", "at_fault"), [("0028_x.py", False), ("0029_x.py", True), ("0100_x.py", True)]
)
def test_one_that_drops_all_at_once_is_noticed(name: str, at_fault: bool) -> None:
    text = "def downgrade():\n    op.drop_table('x')"
    assert bool(list(drops_all_at_once(Source(f"migrations/versions/{name}", text)))) == at_fault


def test_migrations_form_one_line() -> None:
    assert len(ScriptDirectory(str(ROOT / "migrations")).get_heads()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "def upgrade(): op.x()",
        "def upgrade(): op.x()\ndef downgrade():\n    pass",
        'def downgrade():\n    """Not possible."""',
        "def downgrade():\n    raise SystemExit('no')",
    ],
)
def test_a_migration_without_a_way_back_is_noticed(text: str) -> None:
    assert list(cannot_be_taken_back(Source("migrations/versions/1_x.py", text)))


def test_a_migration_with_a_way_back_passes() -> None:
    assert not list(
        cannot_be_taken_back(Source("migrations/versions/1_x.py", "def downgrade():\n    op.drop_table('x')"))
    )
