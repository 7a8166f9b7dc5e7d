"""`flask keys`: list, rotate, revoke and rehearse the loss of the keys that all codes are made with."""

from __future__ import annotations

import click

from app.cli.refusing import Commands
from app.cli.texts import Words
from app.codes import keyring, rotating
from app.codes.drilling import rehearse_compromise
from app.codes.macs import ALGORITHMS, NAMES
from app.kernel import clock, settings
from app.kernel.db import transaction

keys = Commands("keys", help="Keys of all codes.")


@keys.command("list")
def list_keys() -> None:
    """Every key with its id, algorithm and state. Secrets are never printed."""
    ring = keyring.current()
    for epoch, each in sorted(ring.keys.items()):
        made = f"made {each.made_at:%Y-%m-%d %H:%M}Z" if each.made_at else "from the environment"
        ended = f", revoked {each.revoked_at:%Y-%m-%d %H:%M}Z ({each.reason})" if each.revoked_at else ""
        click.echo(f"{epoch:>4}  {ring.state_of(epoch):9}  {NAMES.get(each.alg, each.alg)}  {made}{ended}")


@keys.command("rotate")
@click.option(
    "--alg", type=click.Choice(sorted(ALGORITHMS)), help="1 HMAC-SHA256, 2 HMAC-SM3; as before by default."
)
@click.option(
    "--announce", is_flag=True, help="Only make the key known; the next rotation takes it into use."
)
def rotate(alg: str | None, announce: bool) -> None:
    """A new key signs from now on; the others go on verifying. No worker needs a restart."""
    new = rotating.rotate_keys(alg=alg, announce_only=announce, at=clock.now())
    state = keyring.current().state_of(new.epoch)
    click.echo(f"key {new.epoch} ({NAMES[new.alg]}) is {state}; kept in {settings.current().key_file}")


@keys.command("revoke")
@click.argument("epoch", type=int)
@click.option("--reason", type=Words(300), required=True, help="Why; it is kept with the key.")
@click.confirmation_option(
    prompt="Everything this key made stops counting, and its secret is destroyed. Go on?"
)
def revoke(epoch: int, reason: str) -> None:
    """End a key for good. The key that signs cannot be revoked: rotate first."""
    rotating.revoke_key(epoch=epoch, reason=reason, at=clock.now())
    click.echo(
        f"key {epoch} is revoked; phones renew by themselves when next online, posters have to be printed anew"
    )


@keys.command("drill")
def drill() -> None:
    """Rehearse the theft of the signing key. Nothing is changed; exit 1 if a step does not come out."""
    with transaction(write=False):
        played = rehearse_compromise(at=clock.now())
    for step in played.steps:
        click.echo(f"{'ok  ' if step.good else 'FAIL'}  {step.words}")
    click.echo(f"in earnest, {played.phones} phones would renew their key {played.epoch} when next online")
    if not played.good:
        raise SystemExit(1)
