"""Giving an honour and taking it back: to whom, once, written down, and seen by whoever verifies a credential."""

from __future__ import annotations

import base64
import gzip
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Flask

from app.audit.models import AuditRecord
from app.honours import announcing, credentials, objecting, queries, reviewing, statuses
from app.honours.consenting import answer
from app.honours.errors import HonourNotFound, SelectionMovedOn
from app.honours.events import HonourRevoked
from app.honours.models import Honour, Selection
from app.identity.models import Person
from app.identity.profile import close_account
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from tests.conftest import StandingClock
from tests.honours import make
from tests.volunteering.make import listening

NOW = clock_module.now
pytestmark = pytest.mark.once


def _honour(someone: Person) -> Honour:
    with transaction(write=False):
        ((honour, _),) = queries.my_honours(someone.id)
        return honour


def _recorded(action: str) -> list[AuditRecord]:
    with transaction(write=False):
        return session.query(AuditRecord).filter_by(action=action).all()


def _credential(someone: Person, by: Person | None = None) -> tuple[str, dict[str, Any]]:
    honour, acting = _honour(someone), make.acting(by or someone)
    with transaction(write=False):
        token = credentials.credential_of(honour_id=honour.id, by=acting, at=NOW())
    return token, jwt.decode(token, options={"verify_signature": False})


def _choose(selection: Selection, someone: Person, choice: str) -> None:
    acting = make.acting(someone)
    with transaction():
        answer(selection_id=selection.id, choice=choice, by=acting, at=NOW())


def test_honours_given_are_written_down_with_how_many_and_by_whom(app: Flask) -> None:
    here = make.setting(300, 200, 30)
    selection = make.final(here)
    (kept,) = _recorded("honours.granted")
    assert (kept.subject, kept.facts, kept.actor_id) == (
        f"selection:{selection.id}",
        {"honours": 2},
        here.department.id,
    )


def test_whoever_left_between_the_choice_and_the_roll_is_not_honoured(app: Flask) -> None:
    here = make.setting(300, 200)
    selection = make.noticed(here)
    leaving = make.acting(here.riders[0])
    with transaction():
        close_account(by=leaving, at=NOW())
    make.published(here, selection)
    with transaction(write=False):
        assert queries.my_honours(here.riders[0].id) == []
        assert len(queries.my_honours(here.riders[1].id)) == 1
    assert [each.facts for each in _recorded("honours.granted")] == [{"honours": 1}]


def test_an_honour_taken_back_twice_keeps_the_first_day_and_reason_and_is_told_once(app: Flask) -> None:
    here = make.setting(300)
    make.final(here)
    honour, at = _honour(here.riders[0]), NOW()
    with listening(HonourRevoked) as heard:
        for days, reason in enumerate(("事迹不实", "又想了想")):
            with transaction():
                announcing.revoke(
                    honour_id=honour.id, reason=reason, by=here.department, at=at + timedelta(days=days)
                )
    with transaction(write=False):
        kept = queries.honour(honour.id)
        assert (kept.revoked_at, kept.revoked_because) == (at, "事迹不实")
    assert (len(heard), len(_recorded("honour.revoked"))) == (1, 1)


def test_nobody_is_taken_out_of_or_objected_to_on_a_final_roll(app: Flask) -> None:
    here = make.setting(300, 200)
    selection = make.final(here)
    with transaction(write=False):
        candidate = queries.chosen(selection.id)[0]
    about: dict[str, Any] = {"selection_id": selection.id, "at": NOW()}
    objector = make.acting(here.riders[0])
    with pytest.raises(SelectionMovedOn), transaction():
        reviewing.remove(candidate_id=candidate.id, reason="核实不符", by=here.reviewer, **about)
    with pytest.raises(SelectionMovedOn), transaction():
        objecting.object_(pseudonym=candidate.pseudonym, words="事迹有出入", by=objector, **about)
    with transaction(write=False):
        assert len(queries.public_roll(selection.id).listed) == 2


def _revoked_in(app: Flask, number: int) -> set[int]:
    token = app.test_client().get(f"/honours/status/{number}").text
    said = jwt.decode(token, options={"verify_signature": False})["credentialSubject"]["encodedList"][1:]
    bits = gzip.decompress(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    return {at * 8 + bit for at, byte in enumerate(bits) if byte for bit in range(8) if byte & 0x80 >> bit}


def test_each_list_tells_of_its_own_and_the_newest_is_there_to_fetch(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statuses, "HELD", 2)
    here = make.setting(300, 200, 100)
    make.final(here)
    in_second = next(each for each in map(_honour, here.riders) if each.status_list == 1)
    with transaction():
        announcing.revoke(honour_id=in_second.id, reason="事迹不实", by=here.department, at=NOW())
    assert (_revoked_in(app, 0), _revoked_in(app, 1)) == (set(), {in_second.status_index})
    assert app.test_client().get("/honours/status/2").status_code == 404


def test_a_credential_is_its_holders_alone_and_the_same_whenever_he_fetches_it(
    app: Flask, clock: StandingClock
) -> None:
    here = make.setting(300, 200)
    make.final(here)
    granted_at = _honour(here.riders[0]).granted_at
    with pytest.raises(HonourNotFound):
        _credential(here.riders[0], by=here.riders[1])
    first, said = _credential(here.riders[0])
    clock.advance(days=40)
    assert _credential(here.riders[0])[0] == first
    assert said["nbf"] == int(granted_at.timestamp())
    assert said["validFrom"] == f"{granted_at:%Y-%m-%dT%H:%M:%SZ}"


def test_a_credential_carries_a_name_only_while_its_holder_agrees(app: Flask) -> None:
    here = make.setting(300, names=["王小明"])
    selection = make.final(here)
    assert "identifier" not in _credential(here.riders[0])[1]["credentialSubject"]
    _choose(selection, here.riders[0], "full")
    (named,) = _credential(here.riders[0])[1]["credentialSubject"]["identifier"]
    assert (named["identityType"], named["identityHash"]) == ("name", "王小明")
    _choose(selection, here.riders[0], "masked")
    assert "identifier" not in _credential(here.riders[0])[1]["credentialSubject"]
