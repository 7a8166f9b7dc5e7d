"""What is committed is of use on any machine: no registry, no local path, no address in a lock file."""

from collections.abc import Callable, Iterator

import pytest

from tests.architecture import file_guards as guards
from tests.architecture.sources import Source, all_names, read

Guard = Callable[[Source], Iterator[str]]
GUARDS: tuple[Guard, ...] = (
    guards.names_a_registry,
    guards.knows_a_machine,
    guards.locks_an_address,
    guards.is_not_hashed,
)
NO_TEXT = (".png", ".jpg", ".webp", ".ico", ".woff2", ".xlsx", ".gz", ".wasm")


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_committed_files_keep_the_rule(guard: Guard) -> None:
    sources = [read(name) for name in all_names() if not name.endswith(NO_TEXT)]
    complaints = [complaint for source in sources for complaint in guard(source)]
    assert not complaints, f"{guard.__doc__}\n" + "\n".join(complaints)


def test_what_the_guards_look_for_is_there() -> None:
    assert {"package-lock.json", ".npmrc", "requirements/runtime.txt", "requirements/dev.txt"} <= set(
        all_names()
    )


def test_nothing_that_is_made_or_secret_is_committed() -> None:
    made = ("var/", ".venv/", "node_modules/", "app/web/static/vendor/")
    assert not [
        name
        for name in all_names()
        if name.startswith(made) or name.endswith((".pyc", ".pem", ".env", ".db"))
    ]


def _package_lock(entry: str) -> Source:
    return Source("package-lock.json", '{"packages": {"": {}, "node_modules/lean-qr": {%s}}}' % entry)  # noqa: UP031


PLANTED = [
    (guards.names_a_registry, Source("Makefile", "pip install -i https://py" + "pi.org/simple")),
    (guards.names_a_registry, Source("README.md", "https://files.python" + "hosted.org/packages/a.whl")),
    (guards.names_a_registry, Source(".npmrc", "@x:registry=https://registry.npm" + "js.org/")),
    (guards.names_a_registry, Source("Dockerfile", "RUN echo deb http://deb.deb" + "ian.org/debian")),
    (
        guards.names_a_registry,
        Source("app/web/templates/a.html", '<script src="https://cdn.js' + 'delivr.net/npm/x">'),
    ),
    (guards.knows_a_machine, Source("docs/a.md", "see /ro" + "ot/fengxing/app")),
    (guards.knows_a_machine, Source("tools/a.py", "Path('/wo" + "rk/main')")),
    (guards.knows_a_machine, Source("tools/a.py", "open('/ho" + "me/li/key')")),
    (guards.knows_a_machine, Source("requirements/dev.txt", "x @ fi" + "le:///opt/wheels/x.whl")),
    (guards.locks_an_address, _package_lock('"resolved": "a.tgz", "integrity": "sha512-x"')),
    (guards.locks_an_address, _package_lock('"funding": "https://example.org", "integrity": "sha512-x"')),
    (guards.locks_an_address, _package_lock('"version": "1.0.0"')),
    (guards.locks_an_address, Source("uv.lock", 'source = { registry = "https://example.org/simple" }')),
    (guards.locks_an_address, Source(".npmrc", "registry = somewhere")),
    (
        guards.is_not_hashed,
        Source("requirements/runtime.txt", "flask==3.1.3\n    # via -r requirements/runtime.in\n"),
    ),
    (guards.is_not_hashed, Source("requirements/runtime.txt", "--index-url somewhere\n")),
    (guards.is_not_hashed, Source("requirements/dev.txt", "--find-links wheels\n")),
]


@pytest.mark.parametrize("guard,source", PLANTED, ids=lambda value: getattr(value, "__name__", None))
def test_the_guard_bites(guard: Guard, source: Source) -> None:
    assert list(guard(source))


ALLOWED = [
    (guards.names_a_registry, Source("README.md", "https://fengxing.example/api/openapi.json")),
    (
        guards.knows_a_machine,
        Source("app/web/a.py", '"/api/v1/ho" "me" and /station and var/media and /usr/lib'),
    ),
    (guards.knows_a_machine, Source("README.md", "https://example.org/wo" + "rk/day")),
    (guards.locks_an_address, _package_lock('"version": "1.0.0", "integrity": "sha512-x"')),
    (guards.locks_an_address, Source("README.md", "https://example.org")),
    (
        guards.is_not_hashed,
        Source("requirements/runtime.txt", "flask==3.1.3 \\\n    --hash=sha256:0a\n    # via x\n"),
    ),
]


@pytest.mark.parametrize("guard,source", ALLOWED, ids=lambda value: getattr(value, "__name__", None))
def test_the_guard_lets_pass_what_is_right(guard: Guard, source: Source) -> None:
    assert not list(guard(source))
