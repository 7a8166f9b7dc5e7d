"""A refusal on the command line is one sentence and a non-zero exit, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.kernel import i18n, problems
from app.kernel.errors import Problem


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a Problem into click's error message, in English."""
    try:
        yield
    except Problem as problem:
        with i18n.speaking("en"):
            words = problems.sentence(problem)
            if problem.fields:
                words += "".join(f"\n  {path}: {text}" for path, text in problems.flatten(problem.fields))
        raise click.ClickException(words) from None
