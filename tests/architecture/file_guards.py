"""Guards about committed files: no registry's name, no path of somebody's machine, no address in a lock file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tests.architecture.sources import Source

# Written in pieces, so that this very file holds none of them.
_DOT = r"\."
REGISTRIES = tuple(
    _DOT.join(parts)
    for parts in (
        ("pypi", "org"),
        ("python" + "hosted", "org"),
        ("npm" + "js", "(?:org|com)"),
        ("npm" + "mirror", "com"),
        ("yarn" + "pkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("ftp", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("repo", "maven", "apache", "org"),
        ("tuna", "tsinghua", "edu"),
        ("mirrors", r"[a-z]+", "(?:com|cn|edu)"),
        ("docker", "io"),
        ("js" + "delivr", "net"),
        ("un" + "pkg", "com"),
    )
)
REGISTRY = re.compile("|".join(REGISTRIES), re.IGNORECASE)
# an absolute path into somebody's folders: not after a letter, a dot or another slash (that would be an address)
LOCAL_PATH = re.compile(
    r"(?<![\w./~$}-])/(?:" + "|".join(("ro" + "ot", "wo" + "rk", "ho" + "me", "Us" + "ers")) + r")/\w"
)
FILE_ADDRESS = re.compile("fi" + "le:///")
LOCK_FILES = {"package-lock.json", "uv.lock", "poetry.lock", "pdm.lock", "yarn.lock", "pnpm-lock.yaml"}
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|git\+|\bwww\.", re.IGNORECASE)
PIP_OPTION = re.compile(
    r"^\s*(?:--(?:extra-)?index-url|-i|--find-links|-f|--trusted-host|--no-index)\b", re.MULTILINE
)


def names_a_registry(source: Source) -> Iterator[str]:
    """Whoever installs takes the registry that their pip, npm and apt are set up for."""
    yield from _lines(source, REGISTRY, "names a package registry")


def knows_a_machine(source: Source) -> Iterator[str]:
    """A path into somebody's folders is of no use to anybody else."""
    yield from _lines(source, LOCAL_PATH, "holds a path of one machine")
    yield from _lines(source, FILE_ADDRESS, "holds a path of one machine")


def locks_an_address(source: Source) -> Iterator[str]:
    """A lock file holds names, versions and hashes; where to fetch from is not its business."""
    name = source.path.name
    if name in LOCK_FILES or _is_requirements(source):
        yield from _lines(source, ADDRESS, "a lock file holds an address")
    if name == "package-lock.json":
        for package, entry in json.loads(source.text).get("packages", {}).items():
            if "resolved" in entry:
                yield f"{source.name}: {package} is locked to a place"
            if package and "integrity" not in entry:
                yield f"{source.name}: {package} has no hash"
    if name == ".npmrc":
        yield from _lines(source, re.compile("registry *="), "chooses a registry")


def is_not_hashed(source: Source) -> Iterator[str]:
    """Every locked requirement carries hashes and the file sets no source of its own."""
    if not _is_requirements(source):
        return
    yield from _lines(source, PIP_OPTION, "chooses where pip looks")
    blocks = re.split(r"^(?=[a-z0-9])", source.text, flags=re.MULTILINE | re.IGNORECASE)
    for block in blocks:
        if block.strip() and not block.lstrip().startswith("#") and "--hash=sha256:" not in block:
            yield f"{source.name}: no hash: {block.split()[0]}"


def _is_requirements(source: Source) -> bool:
    return source.path.parts[0] == "requirements" and source.path.suffix == ".txt"


def _lines(source: Source, pattern: re.Pattern[str], what: str) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if match := pattern.search(line):
            yield f"{source.name}:{number}: {what}: {match[0]}"
