"""A district with riders who served last month, somebody who runs selections and somebody who reviews them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from app.honours import queries, snapshots
from app.honours.announcing import end_notice, finalise, open_notice
from app.honours.criteria import approve_criteria
from app.honours.models import Mark, Meeting, NominationPhoto, Selection
from app.honours.nominating import nominate
from app.honours.picturing import Given
from app.honours.reviewing import record_meeting, show_names, sign
from app.honours.selecting import create_selection, run_selection
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel import clock
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.media.accepting import accept_photo
from app.media.models import NOMINATION
from app.volunteering.models import Activity, Hours
from tests import make
from tests.databases import built_once
from tests.volunteering import make as volunteering

CRITERIA: dict[str, Any] = {
    "seats": 3,
    "eligibility": {"enrolled_days": 30, "minimum_minutes": 60},
    "components": [
        {"source": "hours.proven", "weight": 3, "cap": 600},
        {"source": "hours.witnessed", "weight": 2, "cap": 600},
        {"source": "reports.resolved", "weight": 2, "cap": 10},
    ],
    "tie_break": ["hours.proven"],
    "quotas": [],
}
START, END = date(2026, 10, 1), date(2026, 10, 31)


@dataclass(slots=True)
class Setting:
    """Who is there."""

    department: Actor
    reviewer: Actor
    activity: Activity
    riders: list[Person] = field(default_factory=list)


@built_once
def setting(*minutes: int, names: list[str] | None = None) -> Setting:
    """One rider for each number of proven minutes in October, enrolled since August."""
    with transaction():
        make.regions()
        department = make.actor(make.staff("department", region_code=make.CITY, name="孙部门"))
        reviewer = make.actor(make.staff("reviewer", region_code=make.CITY, name="吴评审"))
        here = Setting(department, reviewer, volunteering.activity(department))
        for number, served in enumerate(minutes):
            name = names[number] if names else f"王{number}明"
            here.riders.append(rider(here.activity, name, served))
        return here


def another_reviewer(name: str = "郑评审") -> Actor:
    """One more reviewer, in a unit of work of its own."""
    with transaction():
        return make.actor(make.staff("reviewer", region_code=make.CITY, name=name))


def rider(about: Activity, name: str | None, minutes: int, **more: Any) -> Person:
    """A rider enrolled since August with so many proven minutes. Run inside a unit of work."""
    someone = make.rider(name=name, nickname="骑手")
    session.execute(
        update(Person)
        .where(Person.id == someone.id)
        .values(enrolled_at=datetime.fromisoformat("2026-08-01T02:00Z"))
    )
    if minutes:
        served(about, someone, minutes, **more)
    return someone


def served(
    about: Activity, someone: Person, minutes: int, *, day: date = date(2026, 10, 12), **more: Any
) -> None:
    """Confirmed hours of one day."""
    starts_at = city_midnight(day) + timedelta(hours=8)
    values = {
        "id": new_id(),
        "person_id": someone.id,
        "activity_id": about.id,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "minutes": minutes,
        "basis": "proven",
        "state": "confirmed",
        "created_at": starts_at,
        "confirmed_at": starts_at,
    }
    session.execute(insert(Hours).values(values | more))


def draft(here: Setting, **more: Any) -> Selection:
    """A selection for October, in a unit of work of its own."""
    values: dict[str, Any] = {
        "title_zh": "十月最美骑手",
        "region_code": make.CITY,
        "purpose": "example",
        "period_start_on": START,
        "period_end_on": END,
        "criteria": CRITERIA,
    }
    with transaction():
        return create_selection(**values | more, by=here.department, at=clock.now())


def frozen(here: Setting, **more: Any) -> Selection:
    """Approved criteria and a sealed snapshot."""
    selection = draft(here, **more)
    with transaction():
        approve_criteria(selection_id=selection.id, by=here.reviewer, at=clock.now())
    with transaction():
        return run_selection(selection_id=selection.id, by=here.department, at=clock.now())


def announced(here: Setting, selection: Selection) -> Selection:
    """From the sealed snapshot through marks, signature and meeting to the public notice."""
    weighed(here, selection)
    with transaction():
        sign(selection_id=selection.id, by=here.reviewer, at=clock.now())
    met(here, selection)
    with transaction():
        return open_notice(selection_id=selection.id, **CONTACT, by=here.department, at=clock.now())


def published(here: Setting, selection: Selection) -> Selection:
    """From the public notice to the final roll, two weeks later."""
    later = clock.now() + timedelta(days=14)
    with transaction():
        end_notice(selection_id=selection.id, by=here.department, at=later)
    with transaction():
        return finalise(selection_id=selection.id, by=here.department, at=later)


def weighed(here: Setting, selection: Selection, *, score: int = 80) -> Selection:
    """Everybody who is in marked by the reviewer, and the blind round closed."""
    with transaction():
        given = {"reviewer_id": here.reviewer.id, "score": score, "comment": "", "at": clock.now()}
        marks = [given | {"id": new_id(), "candidate_id": each.id} for each in queries.chosen(selection.id)]
        if marks:
            session.execute(insert(Mark), marks)
    with transaction():
        return show_names(selection_id=selection.id, by=here.reviewer, at=clock.now())


CONTACT = {
    "contact_phone": "025-12345678",
    "contact_place": "玄武区珠江路 1 号",
    "contact_hours": "工作日 9:00 到 17:00",
}


def met(here: Setting, selection: Selection, **more: Any) -> Meeting:
    """A meeting that agreed to the list."""
    said: dict[str, Any] = {
        "held_on": city_day(clock.now()),
        "present": ["吴评审", "孙部门", "郑社区"],
        "votes_for": 2,
        "votes_against": 0,
        "votes_abstained": 1,
        "decision": "同意名单",
    }
    with transaction():
        return record_meeting(selection_id=selection.id, **said | more, by=here.reviewer, at=clock.now())


def signed(here: Setting, **more: Any) -> Selection:
    """Marked and signed by the reviewer."""
    selection = weighed(here, frozen(here, **more))
    with transaction():
        return sign(selection_id=selection.id, by=here.reviewer, at=clock.now())


def reviewed(here: Setting, **more: Any) -> Selection:
    """The same, and a meeting agreed."""
    selection = signed(here, **more)
    met(here, selection)
    return selection


def noticed(here: Setting, **more: Any) -> Selection:
    """Under public notice."""
    return announced(here, frozen(here, **more))


def final(here: Setting, **more: Any) -> Selection:
    """Final, two weeks later."""
    return published(here, noticed(here, **more))


def nominated(
    selection: Selection,
    someone: Person,
    by: Actor,
    *,
    story: str = "冒雨救起落水老人",
    photo: bytes | None = None,
    **more: Any,
) -> list[NominationPhoto]:
    """Somebody put forward, with a photo of himself if one is given. His number is set if he has none."""
    with transaction():
        kept = session.get_one(Person, someone.id)
        kept.phone = kept.phone or f"+86138{kept.id.int % 10**8:08}"
        phone = kept.phone
        sent = (
            [] if photo is None else [accept_photo(data=photo, purpose=NOMINATION, by=by, at=clock.now()).id]
        )
        given = [Given(each, "nominee") for each in sent]
        nominate(
            selection_id=selection.id, phone=phone, story=story, photos=given, by=by, at=clock.now(), **more
        )
    with transaction():
        asked = select(NominationPhoto).where(NominationPhoto.media_id.in_(sent))
        return list(session.scalars(asked))


def snapshot(selection: Selection) -> str:
    """The sealed text, in a unit of work of its own."""
    with transaction(write=False):
        return "".join(snapshots.lines_of(snapshots.of_selection(selection.id)))


def records(text: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """What a sealed text says: the head, everybody in order, and the others."""
    head, *people = [json.loads(line) for line in text.splitlines()]
    return (
        head,
        [each for each in people if "verdict" in each],
        [each for each in people if "verdict" not in each],
    )


def acting(someone: Person) -> Actor:
    """A rider as an actor, in a unit of work of its own."""
    with transaction(write=False):
        return make.actor(someone)
