"""What readers get out of a file: pdftotext, an office program, and cells as plain text."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any


def pdf_text(file: Path) -> str:
    """All of its text."""
    done = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, check=True)  # noqa: S607
    return done.stdout.decode()


def in_office(file: Path, folder: Path) -> list[list[str]]:
    """The first sheet as LibreOffice reads it; nothing if it does not open the file."""
    command = [
        *("soffice", f"-env:UserInstallation=file://{folder}/office", "--headless"),
        *("--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"),
        *("--outdir", str(folder / "out"), str(file)),
    ]
    subprocess.run(command, capture_output=True, check=False)
    made = list((folder / "out").glob("*.csv"))
    return plain_rows(csv.reader(io.StringIO(made[0].read_text("utf-8")))) if made else []


def plain_rows(rows: Iterable[Iterable[Any]]) -> list[list[str]]:
    """Rows as text, without the empty cells at their ends, which readers pad differently; empty rows left out."""
    plain = (_trimmed([_plain(value) for value in row]) for row in rows)
    return [row for row in plain if row]


def _trimmed(row: list[str]) -> list[str]:
    return row if not row or row[-1] else _trimmed(row[:-1])


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
