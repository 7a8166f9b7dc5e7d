"""What riders read of their account and of their code, and what a reviewer does of being set aside."""

from __future__ import annotations

import pytest

from app.honours.events import ReviewerSetAside
from app.identity.models import Person
from app.kernel.db import session, transaction
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.notices import queries
from app.notices.telling import text_of
from tests import make as people
from tests.codes import make as codes

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("app")]


def told(person: Person) -> list[str]:
    with transaction(write=False):
        return [text_of(notice) for notice in reversed(queries.inbox(person.id).items)]


def test_a_code_in_two_places_names_where_it_was_first(clock):
    scene = codes.scene()
    codes.present(scene.phone.code(), scene.station, scene.manager)
    clock.advance(minutes=2)
    codes.present(scene.phone.code(), scene.other_station, scene.other_manager)

    with transaction(write=False):
        rider = session.get_one(Person, scene.rider.id)
    (text,) = told(rider)
    assert text.startswith(
        f"你的骑手码先后在{scene.station.name}和{scene.other_station.name}出示，相隔约 2 分钟"
    )


def test_a_reviewer_is_told_each_time_of_being_set_aside(clock):
    with transaction():
        people.regions()
        reviewer = people.staff("reviewer", region_code=people.CITY)
        selection = {"selection_id": new_id(), "title_zh": "十一月之星", "title_en": None}
        for reason in ("同住一室", "是亲戚"):
            publish(
                ReviewerSetAside(
                    **selection, reviewer_id=reviewer.id, reason=reason, at=clock.advance(hours=1)
                )
            )

    first, second = told(reviewer)
    assert "原因：同住一室。" in first
    assert "原因：是亲戚。" in second
