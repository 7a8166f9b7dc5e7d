"""The browser libraries: `npm ci` as locked, then the few files that are served go to app/web/static/vendor/.

They are a comfort, not a need: without Node, or when npm fails, the pages work in plain HTML and the server reads and
draws the codes.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from pathlib import Path

from tools import layout, progress

# from node_modules → to app/web/static/vendor. `.mjs` becomes `.js`, which every server gives the right media type.
SERVED = {
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "lean-qr/index.mjs": "lean-qr/lean-qr.js",
    "lean-qr/LICENSE": "lean-qr/LICENSE",
    "zxing-wasm/dist/es/reader/index.js": "zxing/reader/index.js",
    "zxing-wasm/dist/es/share.js": "zxing/share.js",
    "zxing-wasm/dist/reader/zxing_reader.wasm": "zxing/reader/zxing_reader.wasm",
    "zxing-wasm/LICENSE": "zxing/LICENSE",
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf": "noto/NotoSansSC-Regular.ttf",
    "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf": "noto/NotoSansSC-Bold.ttf",
    "@expo-google-fonts/noto-sans-sc/LICENSE_FONT": "noto/LICENSE",
}
TIMEOUT_S = 300


def ensure(*, required: bool) -> None:
    """Bring the browser libraries. Where they are not required, a failure is one line and no more."""
    wanted = _wanted_stamp()
    if _read(layout.VENDOR / "stamp") == wanted and (not required or layout.NODE_MODULES.is_dir()):
        return
    if not required and _read(_failed_file()) == wanted:
        progress.say("browser libraries are missing: npm failed last time; `make vendor` tries again")
        return
    if not (shutil.which("node") and shutil.which("npm")):
        if required:
            raise progress.StepFailed("browser libraries need Node with npm", [], None)
        progress.say(
            "no Node with npm here: pages work without browser libraries; codes are read from photos"
        )
        return
    try:
        _bring(wanted)
    except progress.StepFailed as failure:
        if required:
            raise
        _failed_file().write_text(wanted, "utf-8")
        progress.say(f"browser libraries are missing: npm failed, see {failure.log}; pages work without them")


def _bring(wanted: str) -> None:
    _failed_file().unlink(missing_ok=True)
    progress.run(
        "bringing the browser libraries (once)",
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        log=layout.LOGS / "npm.log",
        cwd=layout.ROOT,
        timeout_s=TIMEOUT_S,
    )
    copy(layout.NODE_MODULES, layout.VENDOR)
    (layout.VENDOR / "stamp").write_text(wanted, "utf-8")


def copy(source: Path, target: Path) -> None:
    """Lay the served files out anew, so that nothing old stays."""
    shutil.rmtree(target, ignore_errors=True)
    for there, here in SERVED.items():
        destination = target / here
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / there, destination)


def _failed_file() -> Path:
    return layout.LOGS / "npm-failed.stamp"


def _wanted_stamp() -> str:
    digest = hashlib.sha256((layout.ROOT / "package-lock.json").read_bytes())
    digest.update(repr(sorted(SERVED.items())).encode())
    return digest.hexdigest()


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_text("utf-8")
    return ""
