"""A refusal on the command line is one sentence and a non-zero exit, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError, OperationalError

from app.kernel import i18n, problems, settings
from app.kernel.errors import Problem
from app.kernel.settings import SettingsError

NOT_MIGRATED = ("42P01", "42703")  # a table or a column that this version needs is not there
REFUSED = ("42501", "42704")  # who asks may not do this; there is no such role


class Commands(AppGroup):
    """A group whose commands all refuse in words."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        with in_words():
            return super().invoke(ctx)


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a refusal, of the product or of what it stands on, into click's error message, in English."""
    try:
        yield
    except Problem as problem:
        raise click.ClickException(_told(problem)) from None
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        if not (words := _of_the_database(error)):
            raise
        raise click.ClickException(words) from None
    except OSError as error:
        if error.filename is None:  # no file of the operator's
            raise
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


def never_in_production(command: str) -> None:
    """Refuse what fills a city with invented people where real ones are served."""
    if settings.current().is_production:
        raise click.ClickException(f"FENGXING_ENV is production: {command} would write invented people there")


def _told(problem: Problem) -> str:
    with i18n.speaking("en"):
        words = problems.sentence(problem)
        if problem.fields:
            words += "".join(f"\n  {path}: {text}" for path, text in problems.flatten(problem.fields))
    return words


def _of_the_database(error: DBAPIError) -> str | None:
    state, said = getattr(error.orig, "sqlstate", None), str(error.orig).partition("\n")[0]
    if state in NOT_MIGRATED or said.startswith(("no such table", "no such column")):
        return f"The database is not what this version needs: flask --app wsgi db upgrade ({said})"
    if state in REFUSED:
        return f"The database refuses this to whom FENGXING_DATABASE_URL names: {said}"
    return f"The database does not do this now: {said}" if isinstance(error, OperationalError) else None
