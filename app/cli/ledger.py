"""`flask ledger verify`, `seal`, `seals`, `proof` and `check-proof`: the book, proved on the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import click

from app.cli.refusing import Commands
from app.kernel import clock
from app.kernel.db import freeze, in_transaction, transaction
from app.kernel.schemas import MAX_WHOLE
from app.ledger import proofs, queries, sealing
from app.ledger.verify import verify
from app.rewards.books.settling import settlements_that_disagree
from app.rewards.merchants.settling import statements_that_disagree
from app.rewards.queries import stock_that_disagrees

ledger = Commands("ledger", help="The points ledger.")


class PublishedSeal(click.ParamType[tuple[int, str]]):
    """A seal somebody kept: NUMBER:HASH."""

    name = "NUMBER:HASH"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, str]:
        number, _, known = value.partition(":")
        if not number.isdecimal() or int(number) > MAX_WHOLE or len(known) != 64:
            self.fail("a published seal is its number, a colon and its hash of 64 characters", param, ctx)
        return int(number), known


@ledger.command("verify")
@click.option(
    "--seal", "published", type=PublishedSeal(), multiple=True, help="a published seal that must be there"
)
def verify_ledger(published: tuple[tuple[int, str], ...]) -> None:
    """Recompute every balance, sum, hold, lot and seal, statements and stock; name what is broken and exit with 1."""
    with transaction(write=False):
        freeze()
        findings = [str(each) for each in verify(published=dict(published), on_progress=_progress())]
        findings += [f"settlement statement {number}" for number in settlements_that_disagree()]
        findings += [f"merchant's statement {number}" for number in statements_that_disagree()]
        findings += [
            f"stock {each.id} is not the sum of its movements and vouchers" for each in stock_that_disagrees()
        ]
        last = sealing.last_seal()
        sealed = (
            f"{last.number} seals, the last of {last.sealed_at:%Y-%m-%d %H:%M} UTC: {last.hash}"
            if last
            else ""
        )
    for finding in findings:
        click.echo(f"BROKEN  {finding}", err=True)
    if findings:
        sys.exit(1)
    click.echo(
        "The books close: every transaction sums to zero, balances, holds and lots are the sums of their rows,"
    )
    click.echo(f"and every sealed row is as it was sealed. {sealed or 'Nothing is sealed yet.'}")


def _progress() -> Callable[[int, int], None]:
    """A line that counts up on a terminal; nothing where nobody watches."""
    if not sys.stderr.isatty():
        return lambda done, of: None

    def say(done: int, of: int) -> None:
        click.echo(
            f"\rverifying {done * 100 // max(of, 1):3d} %  {done:,} of {of:,}", err=True, nl=done >= of
        )

    return say


@ledger.command("seal")
@click.option("--all", "everything", is_flag=True, help="look at the whole book, not only at what is new")
def seal(everything: bool) -> None:
    """Seal what no seal covers yet. The worker does it by itself twice a minute."""
    count = in_transaction(lambda: sealing.seal_new(at=clock.now(), everything=everything))
    click.echo(f"{count} rows sealed.")


@ledger.command("seals")
@click.option("--last", type=click.IntRange(1, MAX_WHOLE - 1), default=20, show_default=True, help="how many")
def seals(last: int) -> None:
    """The newest seals, as NUMBER:HASH to be kept elsewhere."""
    with transaction(write=False):
        for each in queries.seals(limit=last).items:
            click.echo(f"{each.number}:{each.hash}  {each.sealed_at:%Y-%m-%d %H:%M:%S} UTC  {each.size} rows")


@ledger.command("proof")
@click.argument("entry_id", type=click.UUID)
def proof(entry_id: UUID) -> None:
    """The proof of one entry, to be saved and checked with `check-proof`."""
    with transaction(write=False):
        click.echo(json.dumps(sealing.proof_of(entry_id), ensure_ascii=False, indent=1))


@ledger.command("check-proof", with_appcontext=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--seal", "published", required=True, help="the published hash of the seal")
def check_proof(file: Path, published: str) -> None:
    """Check a proof against a published seal. Needs no database; `python app/ledger/proofs.py` does the same alone."""
    sys.exit(proofs.main([str(file), "--seal", published]))
