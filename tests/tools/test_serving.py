"""However the product is served, a long address reaches the application, which refuses it in its own words."""

from __future__ import annotations

from flask import Flask

from tools import layout, serving
from tools.network import Door
from tools.serve import Server


def test_every_way_of_serving_takes_the_longest_line() -> None:
    option, longest = "--limit-request-line", str(serving.LONGEST_LINE)
    command = serving.command(8000, workers=1, threads=1)
    assert command[command.index(option) + 1] == longest
    documents = (layout.ROOT / "docs" / "operations.md").read_text("utf-8").splitlines()
    told = [line for line in documents if "gunicorn wsgi:app" in line]
    assert [f"{option} {longest}" in line for line in told] == [True]
    assert str(Server(Flask("any"), Door("127.0.0.1", 8000)).cfg.limit_request_line) == longest
