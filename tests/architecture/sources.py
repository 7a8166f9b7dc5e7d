"""The files of the repository as the guards see them: a name from the root, the text, the syntax tree."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT_OUT = {".git", ".venv", "node_modules", "vendor", "var", "__pycache__"}


@dataclass(frozen=True)
class Source:
    """One file."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, self.name)

    @property
    def path(self) -> Path:
        """Its name, to be taken apart."""
        return Path(self.name)

    @property
    def package(self) -> str:
        """The package of the app it belongs to; empty for main.py and everything outside."""
        parts = self.path.parts
        return parts[1] if parts[0] == "app" and len(parts) > 2 else ""

    def at(self, node: ast.AST, what: str) -> str:
        """A complaint with a place one can click on."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}: {what}"


@cache
def all_names() -> tuple[str, ...]:
    """Every file that is committed or would be (git ignores the rest); without git, every file that is not made."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    except (OSError, subprocess.CalledProcessError):
        files = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        names = {str(path) for path in files if not KEPT_OUT & set(path.parts)}
    return tuple(sorted(names))


@cache
def read(name: str) -> Source:
    """One file of the repository; bytes that are no text become question marks."""
    return Source(name, (ROOT / name).read_text("utf-8", errors="replace"))


def python(*folders: str) -> list[Source]:
    """The Python files below these folders."""
    return [read(name) for name in all_names() if name.endswith(".py") and Path(name).parts[0] in folders]


def below(folder: str, *endings: str) -> list[Source]:
    """Files below a folder whose names end like this."""
    return [read(name) for name in all_names() if name.startswith(f"{folder}/") and name.endswith(endings)]
