"""`flask honours`: bring a sealed snapshot in, and write its list as a file."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli.refusing import in_words
from app.honours.importing import import_snapshot, imported
from app.honours.listing import FORMATS, listed
from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.db import transaction

honours = AppGroup("honours", help="Selections and their sealed snapshots.")
FILE = click.Path(dir_okay=False, path_type=Path)


@honours.command("import-snapshot")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def bring_in(file: Path) -> None:
    """Check a sealed snapshot, compute its list again, and keep it; prints its digest."""
    with in_words(), transaction():
        digest = import_snapshot(content=file.read_bytes().decode("utf-8"), by=SYSTEM, at=clock.now())
    click.echo(digest)


@honours.command("list-snapshot")
@click.argument("digest")
@click.option("--as", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("--out", type=FILE, required=True, help="The file to write.")
def write_list(digest: str, form: str, out: Path) -> None:
    """Write the list of an imported snapshot: the same bytes on every machine."""
    with in_words(), transaction(write=False):
        out.write_bytes(listed(imported(digest), form))
    click.echo(f"{out.name}: {out.stat().st_size} bytes")
