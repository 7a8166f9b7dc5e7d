"""Where an account belongs, and so who may read it."""

from __future__ import annotations

from uuid import UUID

from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.errors import PersonNotFound
from app.ledger.errors import AccountNotFound
from app.ledger.models import Account
from app.places import queries as places

PERSONS = frozenset({"wallet", "pending", "debt"})


def home_path(person_id: UUID) -> str:
    """Where a rider is at home; without a home, the whole city."""
    home = people.person(person_id).home_region_code
    return places.region_path(home) if home else city_path()


def home_or_city(person_id: UUID) -> str:
    """The same, also for somebody of whom nothing but points is left."""
    try:
        return home_path(person_id)
    except PersonNotFound:
        return city_path()


def city_path() -> str:
    """The whole city."""
    top = places.city()
    return top.path if top else ""


def path_of(account: Account) -> str:
    """The region an account belongs to: that of its budget, its rider's home, its station; else the whole city."""
    if account.region_code is not None:
        return places.region_path(account.region_code)
    if account.owner_id is not None and account.kind in PERSONS:
        return home_path(account.owner_id)
    if account.owner_id is not None and account.kind == "settlement":
        return places.region_path(places.station(account.owner_id).region_code)
    return city_path()


def must_read(account: Account, by: Actor) -> None:
    """Raises AccountNotFound unless the caller may read the ledger where the account belongs."""
    if not by.can("ledger.read", region_path=path_of(account)):
        raise AccountNotFound


def reads_city(by: Actor) -> bool:
    """Whether the caller may read the ledger of the whole city."""
    return by.can("ledger.read", region_path=city_path())


def must_read_city(by: Actor) -> None:
    """Raises Forbidden unless `reads_city`."""
    by.must("ledger.read", region_path=city_path())
