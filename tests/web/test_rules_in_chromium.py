"""A clerk writes the worked example in the page; the dry run and the live awards agree with it to the point."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from app.identity.models import Person
from app.identity.queries import person
from app.kernel.db import session, transaction
from app.rules import campaigns
from app.rules.models import Award, DryRun
from app.rules.replay import replay
from tests import make as people
from tests.conftest import StandingClock
from tests.rules import make, worked_example
from tests.rules.make import Scene, rule
from tests.web.make import browser
from tests.web.test_in_chromium import LOOK

pytestmark = pytest.mark.browser

FIRST_WEEK, SECOND_WEEK = date(2026, 11, 9), date(2026, 11, 16)


@pytest.fixture
def open_as(chromium: Browser, address: str, app: Flask) -> Iterator[Any]:
    """Screens at which somebody is signed in."""
    contexts = []

    def opened(someone: Person, width: int = 360) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 780}, locale="zh-CN", base_url=address
        )
        contexts.append(context)
        client = browser(app, someone)
        for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token"):
            cookie = client.get_cookie(name)
            assert cookie is not None
            context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
        return context.new_page()

    yield opened
    for each in contexts:
        each.close()


def staff(actor: Any) -> Person:
    with transaction():
        return person(actor.person_id)


def tick(page: Page, name: str, value: str) -> None:
    """Tap a chip in the middle of the screen, clear of the bar at its foot."""
    chip = page.locator(f'input[name="{name}"][value="{value}"]')
    chip.evaluate("(each) => each.scrollIntoView({ block: 'center' })")
    chip.check(force=True)


def fill(page: Page, form: dict[str, Any]) -> None:
    """Fill a rule's form as a hand would: open what is folded, tick, choose, type."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    for name, value in sorted(form.items(), key=lambda pair: pair[0] != "worth"):
        if isinstance(value, list):
            for each in value:
                tick(page, name, each)
        elif page.locator(f'select[name="{name}"]').count():
            page.locator(f'select[name="{name}"]').select_option(value)
        elif page.locator(f'input[name="{name}"][type=radio]').count():
            tick(page, name, value)
        else:
            page.locator(f'input[name="{name}"]').fill(value)


def write_rules(page: Page, rule_set_id: Any) -> str:
    """All ten rules, one form after the other; returns the address of the draft."""
    for number, (fact, form) in enumerate(worked_example.RULES):
        where = page.url if number else f"/desk/rule-sets/{rule_set_id}"
        page.goto(f"{where}/new/{fact}")
        fill(page, form)
        page.locator(".rule-form .bar button").click()
        page.wait_for_url(lambda url: "/desk/rules/" in url and "/new/" not in url)
    return page.url


def live_week(scene: Scene, riders: list[Person], monday: date, clock: StandingClock) -> None:
    """The twenty facts happen, each judged at its moment."""
    for number in range(len(worked_example.FACTS)):
        one = worked_example.fact(monday, number, riders)
        if (
            worked_example.FACTS[number][0] == worked_example.WEATHER_DAY
            and clock.at.date() < one.happened_at.date()
        ):
            clock.at = worked_example.moment(monday, worked_example.WEATHER_DAY, "11:00") - timedelta(hours=4)
            with transaction():
                campaigns.declare_campaign(
                    region_code=people.CITY, kind="weather", title_zh="寒潮", title_en="Cold wave",
                    starts_at=worked_example.moment(monday, worked_example.WEATHER_DAY, "11:00"),
                    ends_at=worked_example.moment(monday, worked_example.WEATHER_DAY, "20:00"),
                    by=scene.reviewer, at=clock.at,
                )  # fmt: skip
        clock.at = one.happened_at
        assert make.judge(one)


def given(version_number: int) -> dict[str, int]:
    with transaction(write=False):
        rows = session.execute(
            select(Award.rule_key, func.sum(Award.points))
            .where(Award.version.has(number=version_number))
            .group_by(Award.rule_key)
        )
        return {key: int(points) for key, points in rows}


def test_the_worked_example_is_written_in_the_page_and_agrees_to_the_point(
    app: Flask, open_as: Any, clock: StandingClock
) -> None:
    clock.at = datetime(2026, 11, 8, 16, 0, tzinfo=UTC)  # Monday of the first week, midnight in the city
    scene = make.scene([rule("R-90", points=1)])
    with transaction():
        riders = [scene.rider, people.rider("李师傅", phone="+8613900139000")]
    live_week(scene, riders, FIRST_WEEK, clock)

    clock.at = datetime(2026, 11, 15, 15, 30, tzinfo=UTC)  # Sunday evening
    editor = open_as(staff(scene.editor))
    assert scene.version is not None
    draft = write_rules(editor, scene.version.rule_set_id)
    editor.locator("[name=from_on]").fill(FIRST_WEEK.isoformat())
    editor.locator("[name=until_on]").fill((FIRST_WEEK + timedelta(days=6)).isoformat())
    editor.locator("form[action$=dry-run] button").click()
    expect(editor.locator("#dry-run")).to_be_visible()
    assert editor.evaluate(LOOK)["wide"] is False

    with transaction(write=False):
        result = session.scalars(select(DryRun.result).order_by(DryRun.id.desc())).first()
    assert result is not None
    tried = {row["rule"]: row["draft"] for row in result["rules"] if row["draft"]}
    assert tried == worked_example.totals()
    assert result["points"]["draft"] == sum(worked_example.totals().values())

    reviewer = open_as(staff(scene.reviewer))
    reviewer.goto(draft)
    reviewer.locator("form[action$=review] button").click()
    expect(reviewer.locator("form[action$=publish]")).to_be_visible()
    reviewer.locator("form[action$=publish] button").click()
    expect(reviewer.locator("form[action$=retire-now], #retire")).to_be_visible()

    live_week(scene, riders, SECOND_WEEK, clock)
    assert given(2) == worked_example.totals()
    for number, (_, _, _, kind, _, expected) in enumerate(worked_example.FACTS):
        assert sum(expected.values()) == _points_of(number, kind), number
    with transaction(write=False):
        assert replay().agrees


def _points_of(number: int, kind: str) -> int:
    """What the fact at this place of the second week gave."""
    from app.rules.models import RecordedFact

    with transaction(write=False):
        ids = session.scalars(select(RecordedFact.id).order_by(RecordedFact.id)).all()
        recorded = session.get_one(RecordedFact, ids[len(worked_example.FACTS) + number])
        assert recorded.kind == kind
        return (
            session.scalar(select(func.sum(Award.points)).where(Award.recorded_fact_id == recorded.id)) or 0
        )
