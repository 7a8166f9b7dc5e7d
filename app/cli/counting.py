"""How far a long command is, as a bar on a terminal; nothing but its label where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def counted(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for as long as this is open; what is yielded takes (done, of)."""
    with click.progressbar(length=0, label=label, file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show
