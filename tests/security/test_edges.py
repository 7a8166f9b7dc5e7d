"""What every route promises at its edge is what edges.toml says: counted once, how often at most, and what is traced.

A decorator that is lost in passing is missed by nobody until somebody sends a request twice, or a thousand times, or
asks who looked. For a new route run this with FENGXING_WRITE_EDGES=1, which writes the file anew, and read the
difference as a reviewer would.
"""

from __future__ import annotations

import inspect
import os
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from app.kernel.answering import MOST, Edge
from app.kernel.limits import Limit

EDGES = Path(__file__).with_name("edges.toml")


def promises(edge: Edge) -> Iterator[str]:
    """What the decorators of a view have promised, in words."""
    if edge.idempotent:
        yield "once"
    if edge.trace is not None:
        yield f"trace {edge.trace}"
    for limit, subject in edge.limits:
        yield f"{limit.name} {limit.tries} in {limit.per_s} s by {_whose(limit, subject)}"
    if edge.body is not None and edge.most != MOST:
        yield f"up to {edge.most} bytes"


def _whose(limit: Limit, subject: Callable[[], tuple[str, ...]]) -> str:
    parts = inspect.getclosurevars(subject).nonlocals["parts"]
    return " and ".join(part.__name__.removeprefix("_") for part in parts)


def promised(app: Flask) -> dict[str, str]:
    """Of each route that promises anything."""
    found = {}
    for rule in app.url_map.iter_rules():
        edge = getattr(app.view_functions[rule.endpoint], "__edge__", None)
        words = "; ".join(promises(edge)) if edge is not None else ""
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}) if words else ():
            found[f"{method} {rule.rule}"] = words
    return dict(sorted(found.items(), key=lambda each: (each[0].split(" ", 1)[1], each[0])))


def test_each_route_keeps_what_its_edge_promised(built_app: Flask) -> None:
    found = promised(built_app)
    if os.environ.get("FENGXING_WRITE_EDGES"):
        EDGES.write_text("".join(f'"{name}" = "{words}"\n' for name, words in found.items()), "utf-8")
    assert found == tomllib.loads(EDGES.read_text("utf-8"))


def test_there_are_promises_of_every_sort(built_app: Flask) -> None:
    told = promised(built_app).values()
    assert sum("once" in each for each in told) > 50
    assert sum("trace " in each for each in told) > 20
    assert sum(" in " in each for each in told) > 20
