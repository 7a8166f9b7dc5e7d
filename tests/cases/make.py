"""A subdistrict with its desk, and cases brought into any state by the use cases themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.cases import asking, closing, reporting, triage, working
from app.cases import states as s
from app.cases.models import Case
from app.cases.moving import move
from app.identity.actors import SYSTEM, Actor
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session
from app.kernel.geo import Position
from app.media.accepting import accept_photo
from tests import make
from tests.media import make as photos

POTHOLE = Position(make.STATION_POSITION.lat + 0.0005, make.STATION_POSITION.lng)


@dataclass(frozen=True)
class Town:
    """Who is there."""

    rider: Person
    other: Person
    dispatcher: Person
    colleague: Person
    elsewhere: Person
    department: Person
    mediator: Person
    manager: Person


def town() -> Town:
    """Regions, a station, two riders and the staff. Run inside a unit of work."""
    make.regions()
    make.station()
    return Town(
        rider=make.rider("王师傅", name="王小明", phone="+8613912341204", home_region_code=make.COMMUNITY),
        other=make.rider("李师傅", name="李大力"),
        dispatcher=make.staff("dispatcher", region_code=make.MEIYUAN, name="陈一调"),
        colleague=make.staff("dispatcher", region_code=make.XUANWU, name="周二调"),
        elsewhere=make.staff("dispatcher", region_code=make.QINHUAI, name="吴三调"),
        department=make.staff("department", region_code=make.CITY, name="郑处长"),
        mediator=make.staff("mediator", region_code=make.CITY, name="冯调解"),
        manager=make.staff("auditor", region_code=make.CITY, name="沈审计"),
    )


def report(by: Person, **more: Any) -> Case:
    """A pothole close to the station, unless told otherwise."""
    values: dict[str, Any] = {"category": "pothole", "position": POTHOLE, "place_words": "珠江路口"} | more
    return reporting.report(**values, by=make.actor(by), at=clock.now())


def photo(by: Person, *, width: int = 64) -> UUID:
    return accept_photo(data=photos.jpeg(width, 48), purpose="report", by=make.actor(by), at=clock.now()).id


def bring(case: Case, town: Town, *verbs: str) -> Case:
    """Lead a case along by using these verbs, each by whoever may."""
    for verb in verbs:
        use(verb, case, town)
    return case


PATHS: dict[str, tuple[str, ...]] = {
    s.SUBMITTED: (),
    s.ACCEPTED: (s.ACCEPT,),
    s.IN_PROGRESS: (s.ACCEPT, s.START),
    s.RESOLVED: (s.ACCEPT, s.RESOLVE),
    s.CLOSED: (s.ACCEPT, s.RESOLVE, s.CONFIRM),
    s.REJECTED: (s.REJECT,),
    s.MERGED: (s.MERGE,),
    s.WITHDRAWN: (s.WITHDRAW,),
    s.RETURNED: (s.ACCEPT, s.HAND_BACK),
    s.REOPENED: (s.ACCEPT, s.RESOLVE, s.REOPEN),
}


def report_in(state: str, town: Town) -> Case:
    """A report in this state."""
    return bring(report(town.rider), town, *PATHS[state])


def appeal(town: Town) -> Case:
    return asking.appeal(category="pay", words="少算了三单。", by=make.actor(town.rider), at=clock.now())


def handler(case: Case, town: Town) -> Actor:
    """Whoever handles it now: a colleague once it was reopened."""
    return make.actor(
        town.mediator if case.kind == "appeal" else town.colleague if case.reopened else town.dispatcher
    )


def use(verb: str, case: Case, town: Town) -> object:
    """Use a verb on a case by the use case behind it, by somebody who may."""
    staff = {"case_id": case.id, "by": handler(case, town), "at": clock.now()}
    rider = staff | {"by": make.actor(town.rider)}
    time = {"by": SYSTEM, "at": clock.now()}
    calls: dict[str, Callable[[], object]] = {
        s.ACCEPT: lambda: triage.accept(**staff),
        s.REJECT: lambda: triage.reject(reason="照片看不清。", **staff),
        s.MERGE: lambda: triage.merge(into_id=report(town.other).id, **staff),
        s.REASSIGN: lambda: triage.reassign(note="请看一下", **staff),
        s.START: lambda: working.start(**staff),
        s.RESOLVE: lambda: working.resolve(note="补好了。", **staff),
        s.HAND_BACK: lambda: working.hand_back(reason="不归我们管", **staff),
        # other stars each time: the very same answer twice would be a double tap, which is welcome
        s.CONFIRM: lambda: closing.rate(answer=s.SOLVED, stars=min(5, case.moves), **rider),
        s.ANSWER: lambda: closing.rate(answer=s.UNSURE, **rider),
        s.REOPEN: lambda: closing.reopen(reason="还在", **rider),
        s.WITHDRAW: lambda: closing.withdraw(**rider),
        s.ESCALATE: lambda: move(case, s.ESCALATE, **time),
        s.CLOSE: lambda: move(case, s.CLOSE, closed_at=clock.now(), **time),
    }
    return calls[verb]()


def fresh(case: Case) -> Case:
    """The case as the database has it now."""
    return session.get_one(Case, case.id, populate_existing=True)
