"""`flask honours`: bring a sealed snapshot in, write its list as a file, and make exports of any length."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from app.cli.counting import counted
from app.cli.refusing import Commands
from app.cli.texts import Words
from app.cli.writing import whole_file
from app.honours.exporting import write_export
from app.honours.importing import import_snapshot
from app.honours.listing import FORMATS, write_list
from app.honours.making import KINDS
from app.honours.sealing import list_lines
from app.honours.snapshots import imported
from app.identity.actors import SYSTEM, Actor
from app.identity.queries import actor_of, person_by_username
from app.kernel import clock
from app.kernel.db import transaction

honours = Commands("honours", help="Selections and their sealed snapshots.")
FILE = click.Path(dir_okay=False, path_type=Path)


@honours.command("import-snapshot")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def bring_in(file: Path) -> None:
    """Check a sealed snapshot, compute its list again, and keep it; prints its digest."""
    with file.open("rb") as opened, transaction():
        digest = import_snapshot(lines=list_lines(opened), by=SYSTEM, at=clock.now())
    click.echo(digest)


@honours.command("list-snapshot")
@click.argument("digest")
@click.option("--as", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("--out", type=FILE, required=True, help="The file to write.")
def show(digest: str, form: str, out: Path) -> None:
    """Write the list of an imported snapshot: the same bytes on every machine."""
    with whole_file(out) as file, transaction(write=False):
        write_list(file, imported(digest), form)
    click.echo(f"{out.name}: {out.stat().st_size} bytes")


@honours.command("export")
@click.argument("selection", type=click.UUID)
@click.argument("kind", type=click.Choice(tuple(KINDS)))
@click.option("--by", "username", required=True, help="Who wants it: a member of staff who may.")
@click.option("--reason", type=Words(300, 2), required=True, help="What it is for; kept in the audit log.")
@click.option("--personal", is_flag=True, help="With telephone numbers, masked without consent.")
@click.option("--out", type=FILE, required=True, help="The file to write.")
def export(selection: UUID, kind: str, username: str, reason: str, personal: bool, out: Path) -> None:
    """Make an export of any length on this machine; prints the id by which it is made again."""
    with whole_file(out) as file, transaction(), counted("rows") as show:
        asked = write_export(
            file,
            selection_id=selection,
            kind=kind,
            reason=reason,
            personal=personal,
            progress=show,
            by=_staff_named(username),
            at=clock.now(),
        )
        made = asked.id
    click.echo(made)


def _staff_named(username: str) -> Actor:
    someone = person_by_username(username)
    if someone is None:
        raise click.ClickException(f"Nobody on the staff is called {username}.")
    return actor_of(someone)
