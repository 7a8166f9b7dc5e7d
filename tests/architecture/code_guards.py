"""Guards about the code: each looks at one file and returns what is wrong in it, each complaint with its line."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.sources import Source

FILE_LINES = 400
FUNCTION_LINES = 40
ATTRACTS_EVERYTHING = {
    f"{stem}{ending}"
    for stem in ("util", "helper", "manager", "service", "common", "misc", "base")
    for ending in ("", "s")
} | {"utilities", "commons"}

COMMITS_HERE = "app/kernel/db.py"
TIME_HERE = "app/kernel/clock.py"
CHANCE_HERE = {"app/kernel/ids.py", "app/kernel/randomness.py"}
WEB_FRAMEWORK = {
    "flask",
    "flask_jwt_extended",
    "flask_migrate",
    "flask_smorest",
    "werkzeug",
    "webargs",
    "jinja2",
}
EDGE_FILES = {"api.py", "edge.py"}
EDGE_PACKAGES = {"kernel", "web", "cli"}

CLOCK_CALLS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime", "strftime", "ctime", "sleep"},
    "func": {"now", "current_timestamp", "localtimestamp", "sysdate"},
}
CHANCE_MODULES = {"random", "secrets"}
CHANCE_NAMES = {"uuid": {"uuid1", "uuid4", "uuid6", "uuid7", "uuid8"}, "os": {"urandom", "getrandom"}}

# put together here, so that this file holds none of them
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK:", "Not" + "ImplementedError")
LEFT_OUT = (
    "pytest." + "skip",
    "pytest.mark." + "skip",
    "pytest.mark." + "xfail",
    "pytest." + "xfail",
    "import" + "orskip",
)


def commits_elsewhere(source: Source) -> Iterator[str]:
    """One unit of work is one request or job: only the kernel's transaction commits."""
    if source.name == COMMITS_HERE:
        return
    for call in _calls(source):
        if not isinstance(call.func, ast.Attribute):
            continue
        on_its_own = call.func.attr == "begin" and _last_name(call.func.value) == "engine"
        if call.func.attr == "commit" or on_its_own:
            yield source.at(call, f"calls {call.func.attr}(); only {COMMITS_HERE} ends a unit of work")


def reads_the_clock(source: Source) -> Iterator[str]:
    """A use case is told the instant; only the kernel's clock knows it (the kernel may measure durations)."""
    if source.name == TIME_HERE:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time" and source.package != "kernel":
            yield source.at(node, "takes the time from the system; ask app.kernel.clock at the edge")
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_CALLS.get(_last_name(node.value), ()):
            if _last_name(node.value) == "time" and source.package == "kernel":
                continue
            yield source.at(node, f"{_last_name(node.value)}.{node.attr} reads a clock; take `at` instead")


def draws_lots(source: Source) -> Iterator[str]:
    """Chance comes from one place, which tests and the demo city can make repeatable."""
    if source.name in CHANCE_HERE:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            drawn = [alias.name for alias in node.names if alias.name.split(".")[0] in CHANCE_MODULES]
        elif isinstance(node, ast.ImportFrom):
            of_module = CHANCE_NAMES.get(node.module or "", set())
            drawn = [
                alias.name for alias in node.names if alias.name in of_module or node.module in CHANCE_MODULES
            ]
        elif isinstance(node, ast.Attribute):
            drawn = [node.attr] if node.attr in CHANCE_NAMES.get(_last_name(node.value), ()) else []
        else:
            continue
        for name in drawn:
            yield source.at(node, f"{name} is chance of its own; use app.kernel.ids or app.kernel.randomness")


def knows_the_web(source: Source) -> Iterator[str]:
    """Only edge files know HTTP: api.py, edge.py, the web pages, the command line, main.py and the kernel."""
    if source.package in EDGE_PACKAGES or not source.package or source.path.name in EDGE_FILES:
        return
    for node in ast.walk(source.tree):
        for module in _imported(node):
            if module.split(".")[0] in WEB_FRAMEWORK:
                yield source.at(node, f"imports {module}; only edge files know HTTP")


def is_too_long(source: Source) -> Iterator[str]:
    """A file is split by activity near 400 lines; a function tells one story in at most 40."""
    lines = source.text.count("\n")
    if lines > FILE_LINES:
        yield f"{source.name}:{FILE_LINES}: the file has {lines} lines, more than {FILE_LINES}; split it by activity"
    for function in _functions(source) if source.path.parts[0] == "app" else ():
        length = (function.end_lineno or 0) - function.lineno + 1
        if length > FUNCTION_LINES:
            yield source.at(function, f"{function.name} has {length} lines, more than {FUNCTION_LINES}")


def has_a_name_that_attracts_everything(source: Source) -> Iterator[str]:
    """A module is named by what happens in it."""
    for part in source.path.with_suffix("").parts:
        if part in ATTRACTS_EVERYTHING or any(part.endswith(f"_{name}") for name in ATTRACTS_EVERYTHING):
            yield f"{source.name}:1: {part!r} says nothing about what is in it; name it by its activity"


def hides_what_it_returns(source: Source) -> Iterator[str]:
    """Every function says what it returns."""
    for function in _functions(source):
        if function.returns is None:
            yield source.at(function, f"{function.name} does not say what it returns")


def is_not_introduced(source: Source) -> Iterator[str]:
    """Every package says in a sentence what it owns."""
    if source.path.name == "__init__.py" and len(ast.get_docstring(source.tree) or "") < 10:
        yield f"{source.name}:1: the package does not say what it owns"


def is_unfinished(source: Source) -> Iterator[str]:
    """Nothing is left for later in the code; that is what issues are for. No test is left out."""
    words = UNFINISHED + (LEFT_OUT if source.path.parts[0] == "tests" else ())
    for number, line in enumerate(source.text.splitlines(), 1):
        for word in words:
            if word in line:
                yield f"{source.name}:{number}: {word}"


def _calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def _functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
