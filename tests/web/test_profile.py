"""What a rider says about himself stays as it is unless he changes it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity.models import Person
from app.kernel.db import dialect_name, in_transaction, session, transaction
from app.ledger import queries as ledger
from app.ledger.queries import Balance
from app.web.rider import my_data
from tests import make
from tests.ledger import make as points
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


def test_what_is_known_of_somebody_is_told_as_of_one_moment(
    app: Flask, rider: FlaskClient, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        points.give(wang.id, 30)

    def post() -> None:
        with app.app_context():
            in_transaction(lambda: points.give(wang.id, 7, source="meanwhile"))

    def balance_of(person_id: UUID) -> Balance:
        found = ledger.balance_of(person_id)
        if dialect_name() == "postgresql":  # on SQLite a read sees one moment by itself
            thread = threading.Thread(target=post)
            thread.start()
            thread.join()
        return found

    monkeypatch.setattr(my_data, "ledger", SimpleNamespace(balance_of=balance_of, statement=ledger.statement))
    told = rider.get("/me/data").json
    assert (
        told["points"]["balance"]["usable"] == sum(each["amount"] for each in told["points"]["entries"]) == 30
    )
