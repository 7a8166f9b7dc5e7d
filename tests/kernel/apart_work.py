"""Work for the child process of the tests, in a module that imports next to nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any


def echo(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    return {"size": len(data), "pid": os.getpid(), "secrets": sorted(os.environ)}, [data]


def eat_memory(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    return {"size": len(bytearray(2 * 640 * 1024 * 1024))}, []


def take_for_ever(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    while True:
        time.sleep(1)


def write_a_file(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    Path(data.decode()).write_text("x", "utf-8")
    return {}, []


def die(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    os._exit(1)
