"""Generated requests to every operation: never a 500, never an answer that breaks the published description."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
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
from tests.conftest import SERVER_URL

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Making requests up takes longer than sending them, and the database has no say in it.
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


def _try(operation, headers: dict[str, str]) -> None:
    @GENERATED
    @given(case=operation.as_strategy())
    def check(case):
        session.remove()
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    check()


# A visitor is shown in where no database is asked; what others send reaches both of them.
@pytest.mark.parametrize("who", [pytest.param("visitor", marks=pytest.mark.once), "rider", "staff"])
def test_it_never_answers_500_nor_breaks_the_description(app: Flask, who: str):
    caller = _people()[who]
    for operation in _operations(app):
        headers = {}
        if caller is not None:  # signed in anew each time: some operations end the session
            headers["Authorization"] = make.signed_in(app, caller).environ_base["HTTP_AUTHORIZATION"]
        _try(operation, headers)
