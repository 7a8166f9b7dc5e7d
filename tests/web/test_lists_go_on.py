"""A list that shows the newest twenty leads on to the first: nothing that waits or was decided is out of reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.honours import queries as selections
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.paging import DEFAULT_LIMIT
from app.ledger import correcting, reversing
from app.ledger.accounts import wallet_of
from app.ledger.posting import entry_of
from app.rewards import shop, stocking
from app.rewards.books import closing, settling
from app.rewards.books.closing import Counted
from app.rewards.queries import station_stock
from tests import make
from tests.honours import make as honours
from tests.ledger import make as points
from tests.rewards import make as rewards
from tests.rewards.make import Scene
from tests.web.make import browser, person, read

MORE = DEFAULT_LIMIT + 1
SMALL, BIG = 1, 300  # decided at once, and what waits for a second person


def leads_to(page: str) -> list[str]:
    """Where the lists of a page go on."""
    return [
        given["href"] or ""
        for tag, given in read(page).tags
        if tag == "a" and "cursor=" in (given.get("href") or "")
    ]


@pytest.fixture
def department(app: Flask, wang: Person) -> Person:
    with transaction():
        points.give(wang.id, MORE * (SMALL + BIG))
        return make.staff("department", region_code=make.CITY)


def correct(wang: Person, by: Person, size: int, number: int) -> None:
    correcting.correct(
        person_id=wang.id, points=size, reason=f"更正之{number}。", by=make.actor(by), at=clock.now()
    )


def take_back(wang: Person, by: Person, size: int, number: int) -> None:
    booked = points.give(wang.id, size, kind="correction", source=f"mistake:{size}:{number}")
    entry_id = entry_of(booked.source, wallet_of(wang.id).id)
    reversing.ask_to_reverse(entry_id=entry_id, reason=f"更正之{number}。", by=make.actor(by), at=clock.now())


@pytest.mark.parametrize(("address", "done"), [("corrections", correct), ("reversals", take_back)])
def test_all_that_waits_for_a_second_person_and_all_that_was_decided(
    app: Flask, wang: Person, department: Person, address: str, done: Callable[..., None]
) -> None:
    with transaction():
        for number in range(MORE):
            for size in (BIG, SMALL):
                done(wang, department, size, number)
    client, first = browser(app, department), "更正之0。"
    begin = client.get(f"/desk/ledger/{address}").text
    waiting, decided = leads_to(begin)
    assert (first in begin, "show=decided" in waiting, "show=decided" in decided) == (False, False, True)
    for onward, button in ((waiting, 'value="refuse"'), (decided, "")):
        shown = client.get(onward).text
        assert (shown.count("更正之"), first in shown, button in shown) == (1, True, True)
        assert leads_to(shown) == []
        assert 'name="reason"' not in shown  # the form is on the first page


@pytest.fixture
def scene(app: Flask) -> Scene:
    return rewards.scene()


@pytest.fixture
def manager(app: Flask, scene: Scene) -> FlaskClient:
    return browser(app, person(scene.manager))


def reaches(client: FlaskClient, address: str, first: str) -> bool:
    """Whether the first row stands behind the newest, on a page that has the list alone."""
    begin = client.get(address).text
    (onward,) = leads_to(begin)
    behind = client.get(onward).text
    assert [form.action for form in read(behind).found] == ["/preferences"]
    return first not in begin and first in behind


def test_all_that_came_to_a_shelf_and_went(scene: Scene, manager: FlaskClient) -> None:
    with transaction():
        for number in range(MORE):
            stocking.deliver(
                reward_id=scene.reward.id, station_id=scene.station.id, quantity=1, reason=f"第{number}箱。",
                by=scene.manager, at=clock.now(),
            )  # fmt: skip
    assert reaches(manager, f"/station/{scene.station.id}/stock", "第0箱。")


def test_all_days_that_were_closed(scene: Scene, manager: FlaskClient) -> None:
    today = clock.city_day(clock.now())
    with transaction():
        (shelf,) = station_stock(scene.station.id)
        counts = [Counted(shelf.reward.id, shelf.stock.on_hand, None)]
        made = [
            closing.close_day(
                station_id=scene.station.id,
                day=today - timedelta(days=back),
                counts=counts,
                by=scene.manager,
                at=clock.now(),
            )
            for back in range(MORE, 0, -1)
        ]
    assert reaches(manager, f"/station/{scene.station.id}/day", f"/day/{made[0].id}")


def test_all_months_of_a_station(scene: Scene, manager: FlaskClient) -> None:
    month, made = clock.city_day(clock.now()).replace(day=1) - timedelta(days=365 * 2), []
    with transaction():
        for _ in range(MORE):
            by, at = scene.manager, clock.now()
            made.append(settling.settle(station_id=scene.station.id, month=month, by=by, at=at).number)
            month = settling.next_month(month)
    assert reaches(manager, f"/station/{scene.station.id}/settlements", made[0])


def shown_by_one(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    """A list that shows one row at a time, as if there were many."""
    listed = getattr(where, name)
    monkeypatch.setattr(where, name, lambda *given, **named: listed(*given, **named | {"limit": 1}))


def test_all_selections_and_all_rolls(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    here = honours.setting(120)
    older, newer = (honours.noticed(here, title_zh=title) for title in ("十月之一", "十月之二"))
    desk, guest = browser(app, person(here.department)), browser(app)
    for name in ("selections_of", "public_selections"):
        shown_by_one(monkeypatch, selections, name)
    assert reaches(desk, "/desk/honours", older.title_zh)
    assert reaches(guest, "/honours", older.title_zh)
    assert newer.title_zh in desk.get("/desk/honours").text


def test_all_rewards(app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction():
        department = make.staff("department", region_code=make.CITY)
        rewards.reward(scene.station, name_zh="雨衣")
    shown_by_one(monkeypatch, shop, "shop")
    desk = browser(app, department)
    (onward,) = leads_to(desk.get("/desk/rewards").text)
    assert (
        scene.reward.name_zh in desk.get("/desk/rewards").text,
        scene.reward.name_zh in desk.get(onward).text,
    ) == (
        False,
        True,
    )


def test_the_shop_goes_on_from_where_the_phone_is_and_does_not_begin_again(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page behind the first that asked for the place by itself led back to the first, and there was no second."""
    with transaction():
        rewards.reward(scene.station, name_zh="雨衣")
    shown_by_one(monkeypatch, shop, "shop")
    guest = browser(app)
    for begin, kept in (("/shop", False), ("/shop?lat=32.0435&lng=118.798", True)):
        (onward,) = leads_to(guest.get(begin).text)
        behind = guest.get(onward).text
        assert (scene.reward.name_zh in behind, "data-auto" in behind) == (True, False)
        assert ("lat=32.0435&lng=118.798" in onward) is kept
