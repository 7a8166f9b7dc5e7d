"""What a rider says about himself stays as it is unless he changes it."""

from __future__ import annotations

from flask.testing import FlaskClient

from app.identity.models import Person
from app.kernel.db import session, transaction
from tests import make
from tests.web.make import form_on, person_now, send


def test_to_save_the_profile_forgets_no_name_that_the_page_did_not_show(
    rider: FlaskClient, wang: Person
) -> None:
    with transaction():
        session.get_one(Person, wang.id).name = "王小明"
    assert send(rider, "/me/profile", "/me/profile", nickname="老王").status_code == 303
    kept = person_now(wang)
    assert (kept.nickname, kept.name) == ("老王", "王小明")
    assert send(rider, "/me/profile", "/me/profile", name="").status_code == 303
    assert person_now(wang).name is None


def test_the_first_steps_once_more_take_no_community_back(rider: FlaskClient, wang: Person) -> None:
    with transaction():
        session.get_one(Person, wang.id).home_region_code = make.XUANWU
    assert send(rider, "/first-steps", "/first-steps", nickname="老王").status_code == 303
    assert person_now(wang).home_region_code == make.XUANWU
    assert "district" in form_on(rider.get("/first-steps"), "/first-steps").names
