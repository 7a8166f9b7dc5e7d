"""One run: a seed, so many days, so many riders; it ends with the last promise kept, or at the first violation."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from app.identity import senders
from app.identity.actors import SYSTEM
from app.kernel import clock, i18n
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import Base, dialect_name, in_transaction, session
from simulator.agenda import Agenda
from simulator.chance import Chance
from simulator.city import City
from simulator.crossing import Crossings
from simulator.curious import Curious
from simulator.days import days_of
from simulator.department import Department, HonourRounds
from simulator.devices import Network, Post
from simulator.digest import digest
from simulator.doubting import Doubted, SecondLooks
from simulator.faults import Faults
from simulator.fraud import MANNERS, Fraudster, Manner, drawn, how_many
from simulator.hurry import hurrying
from simulator.invariants import Witness
from simulator.leading import Leader
from simulator.product import offline
from simulator.riders import Rider
from simulator.server import Request, Server, Step
from simulator.staff import Clockwork, Counter, Dispatcher, Organiser
from simulator.takings import NOBODY_CHEATED, Paid, Takings
from simulator.violation import Violation

EMPTY_CITY_BEGINS = date(
    2026, 9, 7
)  # a Monday; an empty city always begins here, so that a seed means one thing
MORNING = timedelta(hours=4)
DESKS = ("dispatcher", "dispatcher2", "sim-dispatcher", "sim-dispatcher2", "mediator", "reviewer")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be lived through. `pace`: how much more than usual riders do in a day.

    `audit_every`: so many steps lie between two looks at the whole books. `fraud_manners`: a seed for how cheats go
    about it; None is what each level is known for. `crossings`: on PostgreSQL requests cross (crossing.py).
    """

    seed: int
    days: int
    riders: int
    faults: frozenset[str] = frozenset()
    fraud: int = 0
    fraud_manners: int | None = None
    start_on: date | None = None
    pace: float = 1.0
    audit_every: int = 500
    crossings: bool = False


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of it."""

    plan: Plan
    start_on: date
    database: str = ""
    steps: int = 0
    crashes: int = 0
    crossed: int = 0
    waited: int = 0  # of those that crossed, because the first had locked what they wanted
    took_s: float = 0.0
    done: Tally[str] = field(default_factory=Tally)
    refused: Tally[str] = field(default_factory=Tally)
    violations: list[str] = field(default_factory=list)
    takings: Takings = field(default_factory=Takings)
    paid: Paid = NOBODY_CHEATED
    doubted: Doubted = field(default_factory=Doubted)
    shown: Tally[str] = field(
        default_factory=Tally
    )  # codes and posters of honest riders, by the refusal if any
    digest: str = ""


def first_day(days: int) -> date:
    """The days lived through end where the city's records end; an empty city begins on a day of its own."""
    booked = Base.metadata.tables["ledger_transactions"]
    newest: datetime | None = session.scalar(select(func.max(booked.c.at)))
    return city_day(newest) - timedelta(days=days - 1) if newest else EMPTY_CITY_BEGINS


def run(plan: Plan, say: Say = lambda _words: None) -> Report:
    """Live through it. Needs an application context and a migrated database; leaves what happened behind."""
    start_on = plan.start_on or in_transaction(lambda: first_day(plan.days), write=False)
    report = Report(plan=plan, start_on=start_on)
    agenda = Agenda(city_midnight(start_on))
    faults = Faults(plan.faults, plan.seed)
    crossings = Crossings(plan.seed) if plan.crossings else None
    server = Server(seed=plan.seed, faults=faults, meeting=crossings)
    days = list(days_of(start_on, plan.days, plan.seed))
    network = Network(agenda, server, faults, Post())
    city = City(seed=plan.seed, riders=plan.riders, days=days, network=network, pace=plan.pace)
    witness = Witness(every=plan.audit_every)
    server.watchers += [_counting(report), witness]
    began = time.monotonic()
    riders: list[Rider] = []
    with hurrying(), clock.use(agenda), senders.use(city.mailbox), i18n.speaking("zh"), server.running():
        try:
            riders += _populate(city, plan, report.takings)
            _live(city, agenda, say, report, began)
            witness.close(city.network.post)
        except Violation as violation:
            report.violations.append(str(violation))
        report.steps, report.crashes, report.shown = server.steps, server.crashed, city.shown
        if crossings is not None:
            report.crossed, report.waited = crossings.crossed, crossings.waited
            report.violations += crossings.violations()
        report.paid = in_transaction(report.takings.paid, write=False)
        report.doubted = in_transaction(lambda: Doubted.counted(riders, report.takings), write=False)
        report.database = in_transaction(dialect_name, write=False)
        report.digest = in_transaction(digest, write=False)
    report.took_s = time.monotonic() - began
    return report


def _populate(city: City, plan: Plan, takings: Takings) -> list[Rider]:
    at = city.agenda.now
    city.settle(at)
    counters = {station.id: Counter(city, station) for station in city.stations}
    city.tablets = [counter.tablet for counter in counters.values()]
    chance = city.chance("arrivals")
    for counter in counters.values():
        city.agenda.plan(at, counter.step)
    riders = _riders(city, counters, plan, takings)
    leader = Leader(city, "organiser", takings)
    for step in (
        Clockwork(city).step,
        Organiser(city, "organiser", leader.lead).step,
        *(Dispatcher(city, name, takings.is_one_matter).step for name in DESKS),
        *(Department(city, name, riders).step for name in ("department", "department2")),
        HonourRounds(city, riders).step,
        *(SecondLooks(city, name, takings).step for name in ("department", "department2")),
    ):
        city.agenda.plan(at + MORNING, step)
    for rider in riders:
        later = int(chance.random() * len(city.days)) if chance.happens(0.3) else 0
        arrives = chance.after(at + timedelta(days=later) + MORNING, 60, 7200)
        city.agenda.plan(arrives, rider.step)
    curious = Curious(city, riders)
    city.server.watchers.append(curious.listen)
    city.agenda.plan(at + 2 * MORNING, curious.step)
    return riders


def _riders(city: City, counters: dict[str, Counter], plan: Plan, takings: Takings) -> list[Rider]:
    honest = city.size - how_many(city.size, plan.fraud)
    return [
        *(Rider(city, counters, number) for number in range(honest)),
        *(
            Fraudster(city, counters, number, manner=manner_of(plan, number), takings=takings)
            for number in range(honest, city.size)
        ),
    ]


def manner_of(plan: Plan, number: int) -> Manner:
    """How a cheat goes about it: as the level says, or in a way of his own that nobody had in mind."""
    if plan.fraud_manners is None:
        return MANNERS[plan.fraud]
    return drawn(plan.fraud, Chance("manners", plan.fraud_manners, number))


def _live(city: City, agenda: Agenda, say: Say, report: Report, began: float) -> None:
    ends = city_midnight(city.days[-1].on + timedelta(days=1))
    told = began
    for entry in agenda.until(ends):
        entry.step(agenda.now)
        if time.monotonic() - told >= 2:
            told = time.monotonic()
            number = (city_day(agenda.now) - city.days[0].on).days + 1
            pace = city.server.steps / (told - began)
            say(f"day {number} of {len(city.days)}, {city.server.steps} steps, {pace:.0f} a second")
    for tablet in city.tablets:
        tablet.put_away(agenda.now)
    city.server.handle(Request(do=offline.settle, by=SYSTEM), agenda.now, calm=True)
    Clockwork(city).work(agenda.now)


def _counting(report: Report) -> Callable[[Step], None]:
    def count(step: Step) -> None:
        if step.answer is None:
            return
        name = step.request.name
        if step.answer.done:
            report.done[name] += 1
        else:
            report.refused[f"{name}:{step.answer.slug}"] += 1

    return count
