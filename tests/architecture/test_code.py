"""The code keeps the rules of the house, and each guard bites when a rule is broken."""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.architecture import code_guards as guards
from tests.architecture.sources import Source, python, read

Guard = Callable[[Source], Iterator[str]]

OF_THE_APP: tuple[Guard, ...] = (
    guards.commits_elsewhere,
    guards.reads_the_clock,
    guards.draws_lots,
    guards.knows_the_web,
    guards.is_too_long,
    guards.has_a_name_that_attracts_everything,
    guards.hides_what_it_returns,
    guards.is_not_introduced,
    guards.is_unfinished,
)


@pytest.mark.parametrize("guard", OF_THE_APP, ids=lambda guard: guard.__name__)
def test_the_app_keeps_the_rule(guard: Guard) -> None:
    complaints = [complaint for source in python("app") for complaint in guard(source)]
    assert not complaints, f"{guard.__doc__}\n" + "\n".join(complaints)


@pytest.mark.parametrize(
    "guard",
    [guards.is_too_long, guards.is_unfinished, guards.has_a_name_that_attracts_everything],
    ids=lambda g: g.__name__,
)
def test_tests_and_tools_keep_the_rule(guard: Guard) -> None:
    complaints = [
        complaint
        for source in python("tests", "tools", "bench", "faults", "mutants", "simulator")
        for complaint in guard(source)
    ]
    assert not complaints, f"{guard.__doc__}\n" + "\n".join(complaints)


def test_there_is_something_to_guard() -> None:
    assert len(python("app")) > 50


def _function_of(lines: int) -> str:
    return "def tell() -> None:\n" + "    pass\n" * (lines - 1)


USE_CASE = "app/rewards/redemption.py"
PLANTED = [
    (guards.commits_elsewhere, USE_CASE, "session.commit()"),
    (guards.commits_elsewhere, "app/kernel/idempotency.py", "db.session.commit()"),
    (guards.commits_elsewhere, USE_CASE, "with engine.begin() as connection: pass"),
    (guards.reads_the_clock, USE_CASE, "datetime.now(UTC)"),
    (guards.reads_the_clock, USE_CASE, "dt.datetime.utcnow()"),
    (guards.reads_the_clock, USE_CASE, "default = datetime.now"),
    (guards.reads_the_clock, "app/kernel/db.py", "datetime.now(UTC)"),
    (guards.reads_the_clock, USE_CASE, "date.today()"),
    (guards.reads_the_clock, USE_CASE, "time.time()"),
    (guards.reads_the_clock, USE_CASE, "from time import time"),
    (guards.reads_the_clock, USE_CASE, "select(func.now())"),
    (guards.draws_lots, USE_CASE, "import random"),
    (guards.draws_lots, USE_CASE, "import secrets"),
    (guards.draws_lots, USE_CASE, "from secrets import token_hex"),
    (guards.draws_lots, USE_CASE, "from uuid import UUID, uuid4"),
    (guards.draws_lots, USE_CASE, "uuid.uuid4()"),
    (guards.draws_lots, "app/kernel/db.py", "os.urandom(8)"),
    (guards.knows_the_web, USE_CASE, "from flask import request"),
    (guards.knows_the_web, "app/rewards/queries.py", "import werkzeug.exceptions"),
    (guards.knows_the_web, "app/rewards/models.py", "from flask_jwt_extended import current_user"),
    (guards.is_too_long, USE_CASE, _function_of(41)),
    (guards.is_too_long, USE_CASE, "x = 1\n" * 401),
    (guards.has_a_name_that_attracts_everything, "app/rewards/utils.py", ""),
    (guards.has_a_name_that_attracts_everything, "app/rewards/stock_manager.py", ""),
    (guards.has_a_name_that_attracts_everything, "app/services/__init__.py", ""),
    (guards.hides_what_it_returns, USE_CASE, "def redeem(code):\n    pass"),
    (guards.hides_what_it_returns, USE_CASE, "class Voucher:\n    def spend(self):\n        pass"),
    (guards.is_not_introduced, "app/rewards/__init__.py", ""),
    (guards.is_not_introduced, "app/rewards/__init__.py", '"""Rewards"""'),
    *((guards.is_unfinished, USE_CASE, f"# {word} later") for word in guards.UNFINISHED),
    *((guards.is_unfinished, "tests/rewards/test_redemption.py", word) for word in guards.LEFT_OUT),
]


@pytest.mark.parametrize("guard,name,text", PLANTED, ids=lambda value: getattr(value, "__name__", None))
def test_the_guard_bites(guard: Guard, name: str, text: str) -> None:
    assert list(guard(Source(name, text)))


ALLOWED = [
    (guards.commits_elsewhere, guards.COMMITS_HERE, "session.commit()"),
    (guards.commits_elsewhere, USE_CASE, "commit = 1\nidempotency.begin()\nsession.begin_nested()"),
    (guards.reads_the_clock, guards.TIME_HERE, "datetime.now(UTC)"),
    (guards.reads_the_clock, "app/rewards/api.py", "clock.now()"),
    (guards.reads_the_clock, "app/kernel/observing.py", "time.perf_counter() - time.time()"),
    (guards.draws_lots, "app/kernel/randomness.py", "import secrets"),
    (guards.draws_lots, USE_CASE, "from uuid import UUID\nfrom app.kernel import randomness"),
    (guards.knows_the_web, "app/rewards/api.py", "from flask import request"),
    (guards.knows_the_web, "app/main.py", "from flask import Flask"),
    (guards.is_too_long, USE_CASE, _function_of(40)),
    (guards.has_a_name_that_attracts_everything, "app/web/basement.py", ""),
    (guards.hides_what_it_returns, USE_CASE, "def redeem(code: str) -> None:\n    pass"),
    (guards.is_not_introduced, "app/rewards/__init__.py", '"""Owns what stations hand over for points."""'),
    (guards.is_unfinished, USE_CASE, "def to_do_list() -> None: ..."),
]


@pytest.mark.parametrize("guard,name,text", ALLOWED, ids=lambda value: getattr(value, "__name__", None))
def test_the_guard_lets_pass_what_is_right(guard: Guard, name: str, text: str) -> None:
    assert not list(guard(Source(name, text)))


def test_every_guard_has_a_planted_violation() -> None:
    of_module = {
        node.name
        for node in read("tests/architecture/code_guards.py").tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    assert (
        of_module == {guard.__name__ for guard, _, _ in PLANTED} == {guard.__name__ for guard in OF_THE_APP}
    )
