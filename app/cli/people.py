"""`flask people`: the first administrator comes from here; all others are appointed in the product."""

from __future__ import annotations

import click

from app.cli.refusing import Commands
from app.identity import appointing, queries, second_factor
from app.identity.actors import SYSTEM
from app.identity.permissions import ADMIN
from app.identity.schemas import AddStaff
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Invalid
from app.places import queries as places

people = Commands("people", help="Staff accounts.")


@people.command("appoint-admin")
@click.argument("username")
@click.option("--name", required=True, help="The person's name.")
@click.option("--region", default=None, help="Code of the region; the city by default.")
@click.password_option(help="At least 12 characters.")
def appoint_admin(username: str, name: str, region: str | None, password: str) -> None:
    """Make the first administrator. Refused once there are two: then administrators appoint each other."""
    if wrong := AddStaff().validate({"username": username, "password": password, "name": name}):
        raise Invalid(fields=wrong)
    with transaction():
        city = places.city()
        if city is None:
            raise click.ClickException("Import the city first: flask city import")
        if appointing.admins() >= 2:
            raise click.ClickException(
                "There are two administrators already; appoint further ones in the product."
            )
        at = clock.now()
        someone = appointing.add_staff(username=username, password=password, name=name, by=SYSTEM, at=at)
        appointing.appoint(
            person_id=someone.id,
            role=ADMIN,
            region_code=region or city.code,
            station_id=None,
            by=SYSTEM,
            at=at,
        )
    click.echo(f"{username} is now an administrator.")


@people.command("reset-second-step")
@click.argument("username")
def reset_second_step(username: str) -> None:
    """Take an administrator's second step away, where no other administrator can: after a change of the secret."""
    with transaction():
        someone = queries.person_by_username(username)
        if someone is None:
            raise click.ClickException(f"Nobody signs in as {username}.")
        if not any(each.role == ADMIN for each in queries.grants_of(someone.id)):
            raise click.ClickException(
                "This is for administrators; they help everybody else at /desk/people."
            )
        second_factor.reset(person_id=someone.id, by=SYSTEM, at=clock.now())
    click.echo(f"{username} sets up a new second step when next signing in.")
