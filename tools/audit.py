"""`make audit`: ask the package indexes for known holes in exactly what is locked; what cannot be asked about fails."""

from __future__ import annotations

import subprocess

from tools import environment, layout, progress

PYTHON_AUDIT = ["pip_audit", "--strict", "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
NPM_AUDIT = ["npm", "audit", "--omit", "dev", "--audit-level", "moderate"]


def main() -> int:
    """Audit what the product ships with, then the browser libraries. Needs indexes that answer such questions."""
    environment.ensure("dev")
    locked = str(layout.ROOT / "requirements" / "runtime.txt")
    commands = [[str(layout.PYTHON), "-m", *PYTHON_AUDIT, "-r", locked], NPM_AUDIT]
    failed = [
        command for command in commands if subprocess.run(command, cwd=layout.ROOT, check=False).returncode
    ]
    for command in failed:
        progress.say(f"FAILED {' '.join(command[-6:])}")
    return 1 if failed else 0


if __name__ == "__main__":
    progress.start(main)
