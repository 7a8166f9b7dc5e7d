"""pgbench: one prepared call of a function, again and again from several connections."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools import system


@dataclass(frozen=True, slots=True)
class Pace:
    """What pgbench found."""

    per_s: float
    done: int
    latency_ms: float


def run(url: str, statement: str, *, seconds: float, clients: int) -> Pace:
    """Call `statement` over and over. One failed call fails the run: a ceiling that skips work is none."""
    programs = system.postgres_folder()
    assert programs is not None
    where = urlsplit(url)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.sql"
        script.write_text(f"{statement};\n", "utf-8")
        command = [
            str(programs / "pgbench"), "--no-vacuum", "--protocol", "prepared", "--file", str(script),
            "--client", str(clients), "--jobs", str(min(2, clients)), "--time", str(max(1, round(seconds))),
            "--host", str(where.hostname), "--port", str(where.port), "--username", str(where.username),
            where.path.lstrip("/"),
        ]  # fmt: skip
        env = {**os.environ, "PGPASSWORD": where.password or ""}
        told = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if told.returncode:
        raise SystemExit(f"pgbench failed: {told.stderr.strip()[-600:]}")
    return Pace(
        per_s=_figure(r"tps = ([0-9.]+)", told.stdout),
        done=int(_figure(r"transactions actually processed: ([0-9]+)", told.stdout)),
        latency_ms=_figure(r"latency average = ([0-9.]+)", told.stdout),
    )


def _figure(pattern: str, told: str) -> float:
    found = re.search(pattern, told)
    if found is None:
        raise SystemExit(f"pgbench said: {told[-600:]}")
    return float(found[1])
