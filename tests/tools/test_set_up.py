"""What is there is left alone, what is missing is installed if it may be, and otherwise told in one line."""

import json
from pathlib import Path

import pytest

from tools import environment, layout, lock, progress, system, vendor


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up checkout with a virtual environment."""
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    monkeypatch.setattr(layout, "LOGS", tmp_path / "var" / "log")
    monkeypatch.setattr(layout, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(layout, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(layout, "REQUIREMENTS", tmp_path / "requirements")
    monkeypatch.setattr(layout, "NODE_MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(layout, "VENDOR", tmp_path / "vendor")
    layout.PYTHON.parent.mkdir(parents=True)
    layout.PYTHON.touch()
    (layout.VENV / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.2\n")
    layout.REQUIREMENTS.mkdir()
    for name in environment.SETS:
        (layout.REQUIREMENTS / f"{name}.txt").write_text(f"{name}\n")
    (tmp_path / "package-lock.json").write_text("{}")
    return tmp_path


def _installed(name: str) -> None:
    environment._stamp_file(name).write_text(environment._wanted_stamp(name))


def test_what_was_installed_is_not_installed_again(checkout: Path) -> None:
    assert not environment.is_ready("runtime")
    _installed("runtime")
    assert environment.is_ready("runtime")
    assert not environment.is_ready("dev")


def test_the_development_packages_hold_those_of_the_runtime(checkout: Path) -> None:
    _installed("dev")
    assert environment.is_ready("runtime")
    assert environment.is_ready("dev")


def test_another_lock_another_python_or_another_folder_installs_again(checkout: Path) -> None:
    _installed("runtime")
    (layout.REQUIREMENTS / "runtime.txt").write_text("newer\n")
    assert not environment.is_ready("runtime")
    _installed("runtime")
    (layout.VENV / "pyvenv.cfg").write_text("version = 3.12.1\n")
    assert not environment.is_ready("runtime")
    _installed("runtime")
    layout.PYTHON.unlink()
    assert not environment.is_ready("runtime")


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (("chromium", "chromium-headless-shell"), "chromium-headless-shell"),
        (("google-chrome", "chromium"), "chromium"),
        ((), None),
    ],
)
def test_the_chromium_that_never_had_a_window_is_preferred_and_any_other_will_do(
    there: tuple[str, ...], taken: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system.shutil, "which", lambda name: name if name in there else None)
    assert system.chromium_program() == taken
    assert system.CHROMIUM.packages == ("chromium-headless-shell",)


MISSING = system.Need("a teapot", ("teapot", "lid"), lambda: False)


def test_what_is_there_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_privilege", lambda: pytest.fail("no need to ask"))
    system.ensure([system.Need("a cup", ("cup",), lambda: True)], otherwise="")


def test_what_may_not_be_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_privilege", lambda: None)
    with pytest.raises(progress.Refused) as caught:
        system.ensure([MISSING], otherwise=", or drink water")
    assert str(caught.value) == (
        "missing: a teapot. Install it (on Debian: apt-get install teapot lid), or drink water"
    )


def test_what_may_be_installed_is(monkeypatch: pytest.MonkeyPatch) -> None:
    there: list[str] = []
    need = system.Need("a teapot", ("teapot",), lambda: bool(there))
    monkeypatch.setattr(system, "_privilege", list)
    monkeypatch.setattr(system, "_install", lambda _prefix, packages, _names: there.extend(packages))
    system.ensure([need], otherwise="")
    assert there == ["teapot"]


def test_a_package_that_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_privilege", list)
    monkeypatch.setattr(system, "_install", lambda *_: None)
    with pytest.raises(progress.Refused, match="brought no a teapot that fits"):
        system.ensure([MISSING], otherwise="")


def test_only_the_served_files_are_laid_out(tmp_path: Path) -> None:
    source, target = tmp_path / "node_modules", tmp_path / "vendor"
    for name in (*vendor.SERVED, "htmx.org/dist/htmx.js"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    (target / "old").mkdir(parents=True)
    vendor.copy(source, target)
    laid_out = {str(file.relative_to(target)) for file in target.rglob("*") if file.is_file()}
    assert laid_out == set(vendor.SERVED.values())


def test_without_node_a_start_goes_on_and_says_so(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    vendor.ensure(required=False)
    assert capsys.readouterr().out.count("\n") == 1
    with pytest.raises(progress.StepFailed):
        vendor.ensure(required=True)


def test_npm_that_failed_is_not_tried_at_every_start(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries: list[str] = []

    def fail(text: str, *_: object, **__: object) -> None:
        tries.append(text)
        raise progress.StepFailed(text, [], None)

    layout.LOGS.mkdir(parents=True)
    monkeypatch.setattr(vendor.shutil, "which", lambda name: name)
    monkeypatch.setattr(progress, "run", fail)
    vendor.ensure(required=False)
    vendor.ensure(required=False)
    assert len(tries) == 1
    assert "`make vendor` tries again" in capsys.readouterr().out


def test_a_package_lock_loses_its_addresses(tmp_path: Path) -> None:
    file = tmp_path / "package-lock.json"
    entry = {"version": "1.0.0", "resolved": "there", "funding": {"url": "x"}, "integrity": "sha512-x"}
    file.write_text(json.dumps({"packages": {"": {}, "node_modules/x": entry}}))
    lock.strip_addresses(file)
    kept = json.loads(file.read_text())["packages"]["node_modules/x"]
    assert kept == {"version": "1.0.0", "integrity": "sha512-x"}
