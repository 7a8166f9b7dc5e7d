"""Every look of staff at a person leaves a row, on pages and in the API; nobody's look at what is their own does."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.audit.models import AuditRecord
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.kernel import clock as city_clock
from app.kernel.db import session, transaction
from app.ledger import sealing
from app.ledger.accounts import wallet_of
from app.media.accepting import accept_photo
from app.media.attaching import attach_photos
from app.media.models import REWARD
from tests import make
from tests.conftest import StandingClock
from tests.databases import built_once
from tests.media.make import jpeg
from tests.security.world import HERE, OWNER, World, build
from tests.web.make import browser

STATEMENT = "/desk/ledger/accounts/{account_id}"
# Who looks where, and what is written down of it.
LOOKS = [
    ("dispatcher", "/api/v1/media/{media_id}", "photo.seen", "media:{media_id}"),
    ("dispatcher", "/api/v1/media/{media_id}?size=thumb", "photo.seen", "media:{media_id}"),
    ("auditor-city", "/api/v1/awards/{award_id}", "award.seen", "award:{award_id}"),
    ("auditor-city", "/api/v1/facts/checkin/{fact_id}/award", "award.seen", "checkin:{fact_id}"),
    ("auditor-city", "/api/v1/ledger/accounts", "accounts.seen", "list"),
    ("auditor-city", "/desk/ledger/accounts", "accounts.seen", "list"),
    ("auditor-city", "/api/v1/ledger/accounts/{account_id}/statement", "account.seen", "account:{account_id}"),
    ("auditor-city", STATEMENT, "account.seen", "account:{account_id}"),
    ("auditor-city", "/api/v1/ledger/entries/{entry_id}/proof", "entry.seen", "entry:{entry_id}"),
    ("auditor-city", "/desk/ledger/entries/{entry_id}/proof.json", "entry.seen", "entry:{entry_id}"),
    ("department", "/api/v1/ledger/corrections", "corrections.seen", "list"),
    ("department", "/api/v1/ledger/reversals", "reversals.seen", "list"),
    ("department", "/desk/ledger/reversals", "reversals.seen", "list"),
    ("department", "/api/v1/ledger/entries/{entry_id}/reversal", "entry.seen", "entry:{entry_id}"),
    ("department", "/desk/ledger/entries/{entry_id}/reversal", "entry.seen", "entry:{entry_id}"),
    ("reviewer", "/api/v1/selections/{selection_id}/candidates", "candidates.seen", "selection:{selection_id}"),
    ("reviewer", "/desk/honours/{selection_id}", "candidates.seen", "selection:{selection_id}"),
    ("reviewer", "/desk/honours/{selection_id}/review", "candidates.seen", "selection:{selection_id}"),
    (
        "reviewer",
        "/desk/honours/{selection_id}/review/candidates/{candidate_id}",
        "candidates.seen",
        "candidate:{candidate_id}",
    ),
]  # fmt: skip


@pytest.fixture
def world(app: Flask, clock: StandingClock) -> World:
    return _sealed_world()


@built_once
def _sealed_world() -> World:
    found = build()
    with transaction():
        found.ids["account_id"] = wallet_of(found.people[OWNER].id).id
        sealing.seal_new(at=city_clock.now())
    return found


def client_of(app: Flask, world: World, name: str, address: str) -> FlaskClient:
    who = world.people[name]
    return make.signed_in(app, who) if address.startswith("/api/") else browser(app, who)


def looks() -> list[tuple[str, str, UUID | None]]:
    with transaction(write=False):
        chosen = select(AuditRecord).where(AuditRecord.action.like("%.seen")).order_by(AuditRecord.id)
        return [(each.action, each.subject, each.actor_id) for each in session.scalars(chosen)]


@pytest.mark.once
@pytest.mark.parametrize(("name", "address", "action", "subject"), LOOKS)
def test_staff_who_look_at_a_person_leave_a_row(
    app: Flask, world: World, name: str, address: str, action: str, subject: str
) -> None:
    place = address.format(**world.ids)
    answer = client_of(app, world, name, address).get(place)
    assert answer.status_code == 200
    assert looks() == [(action, subject.format(**world.ids), world.people[name].id)]


@pytest.mark.once
@pytest.mark.parametrize(
    "address",
    ["/api/v1/media/{media_id}", "/api/v1/awards/{award_id}", "/api/v1/facts/checkin/{fact_id}/award"],
)
def test_what_is_ones_own_is_looked_at_without_a_row_also_by_staff(
    app: Flask, world: World, clock: StandingClock, address: str
) -> None:
    with transaction():
        owner = world.people[OWNER].id
        appoint(
            person_id=owner, role="auditor", region_code=make.CITY, station_id=None, by=SYSTEM, at=clock.at
        )
    answer = make.signed_in(app, world.people[OWNER]).get(address.format(**world.ids))
    assert answer.status_code == 200
    assert looks() == []


@pytest.mark.once
def test_a_look_that_was_refused_leaves_no_row(app: Flask, world: World) -> None:
    refused = make.signed_in(app, world.people["dispatcher-there"]).get(
        f"/api/v1/media/{world.ids['media_id']}"
    )
    assert refused.status_code == 404
    assert looks() == []


@pytest.mark.once
def test_the_picture_of_a_reward_is_of_nobody(app: Flask, world: World, clock: StandingClock) -> None:
    manager = world.actor("station-manager")
    with transaction():
        photo = accept_photo(data=jpeg(), purpose=REWARD, by=manager, at=clock.at)
        attach_photos(
            photo_ids=[photo.id], region_code=HERE, seen_with=["case.triage"], shown_to_id=None, purpose=REWARD,
            by=manager, at=clock.at,
        )  # fmt: skip
    seen = make.signed_in(app, world.people["dispatcher"]).get(f"/api/v1/media/{photo.id}")
    assert seen.status_code == 200
    assert looks() == []
