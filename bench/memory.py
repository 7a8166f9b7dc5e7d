"""How much memory a server and its database hold; what processes share is counted once."""

from __future__ import annotations

import subprocess

import psutil


def of(process: subprocess.Popen[bytes], postmaster: psutil.Process | None) -> dict[str, int]:
    """Megabytes of the server's workers together, and of PostgreSQL."""
    told = {"workers_mb": _mb(psutil.Process(process.pid))}
    if postmaster is not None:
        told["postgresql_mb"] = _mb(postmaster)
    return told


def _mb(parent: psutil.Process) -> int:
    total = 0
    for each in (parent, *parent.children(recursive=True)):
        try:
            total += each.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return round(total / 2**20)
