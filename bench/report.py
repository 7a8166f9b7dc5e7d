"""What a run says: a table on the terminal, everything as JSON, in `bench/results/` (which git leaves alone)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
HEADS = (
    ("path", "path"),
    ("bytes", "bytes"),
    ("count", "of"),
    ("tables", "tables"),
    ("per_s", "/s"),
    ("ceiling_per_s", "ceiling /s"),
    ("against", "against"),
    ("ratio", "ratio"),
    ("range", "range"),
    ("bar", "bar"),
    ("goal", "goal"),
    ("verdict", "verdict"),
    ("p50_ms", "p50 ms"),
    ("p99_ms", "p99 ms"),
    ("app_ms", "app CPU-ms"),
    ("db_ms", "db CPU-ms"),
    ("refused", "refused"),
    ("lost", "lost"),
    ("took_s", "s"),
    ("group_by_s", "GROUP BY s"),
    ("peak_mb", "peak MB"),
)


def say(words: str) -> None:
    """Progress, beside the result."""
    print(f"  {words}", file=sys.stderr, flush=True)


def table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows; what a row does not know stays empty."""
    if not rows:
        return
    shown = [head for head in HEADS if any(row.get(head[0]) not in (None, "") for row in rows)]
    lines = [[name for _, name in shown], *[[_cell(row.get(key)) for key, _ in shown] for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(shown))]
    print(f"\n{title}")
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def write(name: str, result: Mapping[str, Any]) -> Path:
    """Keep a result as JSON."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    file.write_text(json.dumps(result, indent=2, ensure_ascii=False, default=str) + "\n", "utf-8")
    return file


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "–".join(_cell(each) for each in value)
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
