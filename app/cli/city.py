"""`flask city`: import the official divisions, load the demo city, say where everything is."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

import click

from app.cli.demo import banner as demo_banner
from app.cli.demo import loading
from app.cli.refusing import Commands, never_in_production
from app.kernel import clock
from app.kernel.db import transaction
from app.places.importing import ImportResult, import_divisions

city = Commands("city", help="The city's regions and the demo city.")
DIVISIONS = Path(__file__).parents[2] / "data" / "nanjing_divisions.csv"


@city.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=DIVISIONS)
def import_city(file: Path) -> None:
    """Read official divisions (code,name,level,parent_code); all of FILE or nothing of it."""
    result = read_divisions(file)
    click.echo(f"{file.name}: {result.added} added, {result.changed} changed, {result.unchanged} unchanged")


def read_divisions(file: Path) -> ImportResult:
    """Import a file in one unit of work. It is read line by line, so that a line that is no UTF-8 can be named."""
    lines = file.read_bytes().removeprefix(BOM_UTF8).splitlines(keepends=True)
    with transaction():
        return import_divisions(lines=map(bytes.decode, lines), file=file.name)


@city.command("demo")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same city.")
def load_demo(seed: int) -> None:
    """Fill an empty database with the demo city, clearly marked as such. Run again, it changes nothing."""
    never_in_production("the demo city")
    if loading.is_loaded():
        click.echo("The demo city is already here.")
        return
    read_divisions(DIVISIONS)
    for step in loading.steps(seed=seed, at=clock.now()):
        click.echo(f"  {step}", err=True)
    click.echo("The demo city is ready.")


@city.command("banner")
@click.option("--url", default=None, help="The address to print; the configured public address by default.")
def print_banner(url: str | None) -> None:
    """Print the addresses, the demo logins and a QR code of the address."""
    click.echo(demo_banner.text(url))
