"""Generated requests to every operation: never a 500, never an answer that breaks the published description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, note, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.identity.models import Person
from app.identity.permissions import ADMIN, ROLES, STATION_MANAGER
from app.kernel import clock
from app.kernel.db import session, transaction
from tests import make
from tests.databases import SERVER_URL

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Making requests up takes longer than sending them, so each is sent by everybody; and the database has no say in it.
GENERATED = settings(
    max_examples=2 if SERVER_URL else 4,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LAST = "/api/v1/me"  # closes the account of whoever calls


def _people() -> dict[str, Person | None]:
    """A visitor, a rider, and somebody who holds every role in the city and keeps a station."""
    with transaction():
        make.regions()
        station = make.station()
        rider = make.rider()
        staff = make.staff(ADMIN, region_code=make.CITY)
        places = [(role, make.CITY, None) for role in ROLES if role != ADMIN]
        for role, region, kept in [*places, (STATION_MANAGER, None, station.id)]:
            appoint(
                person_id=staff.id, role=role, region_code=region, station_id=kept, by=SYSTEM, at=clock.now()
            )
    return {"visitor": None, "rider": rider, "staff": staff}


def _operations(app: Flask) -> Iterator:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    found = [result.ok() for result in schema.get_all_operations()]
    return iter(sorted(found, key=lambda one: one.method == "delete" and one.path == LAST))


def _try(app: Flask, operation, callers: Mapping[str, Person | None]) -> None:
    """The same requests by each of them, who is signed in anew before: some operations end the session."""
    signed_in = {who: {} if caller is None else _token(app, caller) for who, caller in callers.items()}

    @GENERATED
    @given(case=operation.as_strategy())
    def check(case):
        for who, headers in signed_in.items():
            session.remove()
            note(f"sent by a {who}")
            case.validate_response(case.call(headers=headers), checks=CHECKS)

    check()


def _token(app: Flask, caller: Person) -> dict[str, str]:
    return {"Authorization": make.signed_in(app, caller).environ_base["HTTP_AUTHORIZATION"]}


def test_it_never_answers_500_nor_breaks_the_description(app: Flask):
    callers = _people()
    if SERVER_URL:  # a visitor is shown in where no database is asked; what others send reaches both of them
        del callers["visitor"]
    for operation in _operations(app):
        _try(app, operation, callers)
