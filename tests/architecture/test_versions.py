"""The version is said in three places that must agree; so must what the browser libraries are locked to."""

import json
import tomllib

from app.main import VERSION
from tests.architecture.sources import ROOT


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert VERSION == project["version"] == package["version"]


def test_browser_libraries_are_pinned_exactly() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    wanted = package["dependencies"] | package["devDependencies"]
    assert wanted == {name: locked[f"node_modules/{name}"]["version"] for name in wanted}
