"""Where things lie in a checkout."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app" / "web" / "static" / "vendor"
LOGS = ROOT / "var" / "log"
FAULTS_REPORT = ROOT / "var" / "faults.json"
MUTANTS_REPORT = ROOT / "var" / "mutants.json"


def instance() -> Path:
    """The folder of this instance's own data: `var/`, or what FENGXING_DATA_DIR says."""
    return Path(os.environ.get("FENGXING_DATA_DIR") or ROOT / "var").absolute()
