"""A question about points and an objection say what they are about: to whoever answers, and to whoever asked."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from app.cases import asking
from app.honours import objecting, queries
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.ledger.accounts import wallet_of
from app.ledger.posting import entry_of
from tests import make
from tests.honours import make as honours
from tests.ledger import make as points
from tests.web.make import browser


def test_whoever_answers_a_question_reads_which_line_it_is_about(
    app: Flask, rider: FlaskClient, wang: Person
) -> None:
    with transaction():
        booked = points.give(wang.id, 7)
        wallet_id = wallet_of(wang.id).id
        entry_id = entry_of(booked.source, wallet_id)
        case = asking.open_points_query(
            entry_id=entry_id, words="怎么少了", by=make.actor(wang), at=clock.now()
        )
        department = make.staff("department", region_code=make.CITY)
    shown = browser(app, department).get(f"/grid/{case.id}").text
    assert "+7 ·" in shown
    assert f'href="/desk/ledger/accounts/{wallet_id}"' in shown
    assert f'href="/points/{entry_id}"' in rider.get(f"/reports/{case.id}").text
    with transaction():
        dispatcher = make.staff("dispatcher", region_code=make.CITY)
    shown = browser(app, dispatcher).get(f"/grid/{case.id}").text
    assert "+7 ·" in shown
    assert "/desk/ledger/accounts/" not in shown  # who does not read the ledger reads the line asked about


def test_whoever_answers_an_objection_reads_which_notice_and_whom_it_is_about(app: Flask) -> None:
    here = honours.setting(600, 300)
    selection = honours.noticed(here)
    with transaction():
        neighbour = make.rider("张师傅", phone="+8613800138077")
        by = make.actor(neighbour)
        whom = queries.public_roll(selection.id).listed[0].candidate.pseudonym
        told = {"selection_id": selection.id, "words": "那天他不在", "by": by, "at": clock.now()}
        cases = [objecting.object_(**told), objecting.object_(pseudonym=whom, **told)]
        reviewer = session.get_one(Person, here.reviewer.id)
    for case, name in zip(cases, (selection.title_zh, f"{selection.title_zh} · {whom}"), strict=True):
        desk = browser(app, reviewer).get(f"/grid/{case.id}").text
        assert f'<a class="link" href="/desk/honours/{selection.id}">{name}</a>' in desk
        own = browser(app, neighbour).get(f"/reports/{case.id}").text
        assert f'<a class="link" href="/honours/{selection.id}">{name}</a>' in own
