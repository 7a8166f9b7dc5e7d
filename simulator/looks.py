"""What people look at before they act: shifts, shelves, desks, lists. Plain data, in an order of our own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.cases import queries as cases
from app.cases import reporting
from app.cases.models import Case
from app.codes import steps
from app.codes.kinds import personal as personal_kind
from app.codes.kinds import shift as shift_kind
from app.codes.kinds import station as station_kind
from app.codes.kinds import voucher as voucher_kind
from app.doubts import queries as doubts
from app.honours import queries as honours
from app.honours.models import Honour
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel.db import session
from app.kernel.geo import Position
from app.ledger import queries as ledger
from app.ledger import reversals
from app.places import queries as places
from app.places.models import Region, Station
from app.rewards import queries as rewards
from app.rewards.books import closing
from app.rewards.models import Reward
from app.rules import unwinding
from app.rules.queries import version_in_force
from app.sync import queries as sync
from app.volunteering import heads as counting
from app.volunteering import queries as volunteering
from app.volunteering import waiting
from app.volunteering.models import HeadCount


@dataclass(frozen=True, slots=True)
class ShiftSeen:
    """A shift a rider may join."""

    id: str
    activity_id: str
    starts_at: datetime
    ends_at: datetime
    free: int
    position: Position | None  # None: the organiser did not put it on the map


@dataclass(frozen=True, slots=True)
class CaseSeen:
    """A case on somebody's desk or in a reporter's list."""

    id: str
    kind: str
    category: str
    state: str
    created_at: datetime
    accepted_at: datetime | None
    handler_id: UUID | None
    position: Position | None


@dataclass(frozen=True, slots=True)
class ListedSeen:
    """A line of a shift's list."""

    person_id: str
    attendance_id: str | None
    signed_out: bool
    closed_by_time: bool
    pending_hours: str | None
    decided: bool


@dataclass(frozen=True, slots=True)
class StationSeen:
    """A station on the map."""

    id: str
    name: str
    short_code: str
    region_code: str
    position: Position


def stations() -> list[StationSeen]:
    """All active stations, oldest first."""
    found = session.scalars(select(Station).where(Station.active).order_by(Station.id)).all()
    return [
        StationSeen(str(each.id), each.name, each.short_code, each.region_code, each.position)
        for each in found
    ]


def poster(short_code: str) -> str:
    """What the poster of a station carries."""
    return station_kind.make(short_code)


def personal_code(key: bytes, handle: str, alg: str, at: datetime) -> str:
    """What a phone shows that has this key, by its own clock."""
    return personal_kind.make(key=key, handle=handle, step=steps.step_at(at), alg=alg)


def voucher_code(serial: str) -> str:
    """What a rider shows to collect a reward."""
    return voucher_kind.make(serial)


def is_voucher(text: str) -> bool:
    """Whether somebody shows a voucher, and not himself."""
    return len(text) == voucher_kind.LENGTH


def has_regions() -> bool:
    """Whether the divisions were imported."""
    return places.city() is not None


def city_code() -> str:
    """The topmost region."""
    city = places.city()
    assert city is not None
    return city.code


def communities() -> list[str]:
    """The codes of all communities."""
    found = select(Region.code).where(Region.level == "community")
    return sorted(session.scalars(found))


def actor_named(username: str) -> Actor | None:
    """A member of staff as an actor."""
    someone = people.person_by_username(username)
    return people.actor_of(someone) if someone else None


def actor_with_id(person_id: str) -> Actor:
    """A person as an actor."""
    return people.actor_of(people.person(UUID(person_id)))


def has_rules(region_code: str, at: datetime) -> bool:
    """Whether a rule set is in force in a region."""
    return version_in_force(places.region_path(region_code), at) is not None


def rewards_on_offer() -> list[tuple[str, int]]:
    """(id, points) of what is on offer, cheapest first."""
    found = session.scalars(select(Reward).where(Reward.active).order_by(Reward.points, Reward.id))
    return [(str(each.id), each.points) for each in found]


def shelf(station_id: str) -> list[tuple[str, int, int, int]]:
    """(reward, points, on hand, held) of what lies at a station."""
    found = [
        (str(item.reward.id), item.reward.points, item.stock.on_hand, item.stock.held)
        for item in rewards.station_stock(UUID(station_id))
        if item.reward.active
    ]
    return sorted(found, key=lambda each: (each[1], each[0]))


def to_count(station_id: str) -> list[tuple[str, int]]:
    """(reward, on hand) of what must be counted to close a day."""
    shelf = closing.shelf_to_count(UUID(station_id))
    return sorted((str(item.reward.id), item.stock.on_hand) for item in shelf)


def voucher_state(voucher_id: str) -> str:
    """Where a voucher is."""
    return rewards.voucher(UUID(voucher_id)).state


def usable_points(person_id: UUID) -> int:
    """What a rider may spend."""
    return ledger.balance_of(person_id).usable


def newest_entry(person_id: UUID) -> str | None:
    """The newest line of a rider's points."""
    found = ledger.statement(person_id, limit=1).items
    return str(found[0].id) if found else None


def budget_left(region_code: str, period: str) -> int:
    """What is left of a budget."""
    state = ledger.budget_state(region_code, period)
    return state.left if state else 0


def open_shifts(at: datetime, person_id: UUID) -> list[ShiftSeen]:
    """The next shifts with room."""
    found = volunteering.open_shifts(person_id=person_id, limit=12, at=at).items
    return [
        ShiftSeen(
            str(each.shift.id), str(each.activity.id), each.shift.starts_at, each.shift.ends_at,
            each.shift.places_left, each.activity.position,
        )
        for each in found
        if not each.is_full and not each.overlaps and not each.signed_up
    ]  # fmt: skip


def shift_screen(shift_id: str, at: datetime) -> str:
    """What the organiser's screen shows now."""
    return shift_kind.make(volunteering.shift(UUID(shift_id)).short_code, at)


def shift_list(shift_id: str, by: Actor) -> list[ListedSeen]:
    """Who signed up and who was there."""
    return [
        ListedSeen(
            str(each.person.id),
            str(each.attendance.id) if each.attendance else None,
            bool(each.attendance and each.attendance.signed_out_at),
            bool(each.attendance and each.attendance.auto_closed),
            next((str(hours.id) for hours in each.hours if hours.state == "pending"), None),
            any(hours.state != "pending" for hours in each.hours),
        )
        for each in volunteering.attendance_list(UUID(shift_id), by)
    ]


def heads_to_count(shift_id: str, by: Actor, at: datetime) -> list[UUID]:
    """Whom the list of those signed in asks about, when heads are counted."""
    return [attended.id for attended, _ in counting.to_count(UUID(shift_id), by, at)]


def was_counted(shift_id: str) -> bool:
    """Whether heads were counted at this shift: whoever is there has seen it."""
    counted = select(HeadCount.id).where(HeadCount.shift_id == UUID(shift_id))
    return session.scalar(select(counted.exists())) or False


def hours_to_approve(by: Actor) -> list[tuple[str, str]]:
    """(hours, reason) of what was entered later and waits for a second person."""
    found = waiting.to_confirm(by, limit=50).items
    return [(str(each.id), each.reason or "") for each in found if each.basis == "backfilled"]


def open_conflicts(by: Actor) -> list[tuple[str, tuple[str, ...]]]:
    """(conflict, ways to decide it) of what no rule can judge."""
    return sorted((str(each.id), each.decisions) for each in sync.conflicts_for(by, limit=20).items)


def waiting_corrections(by: Actor) -> list[str]:
    """Corrections that wait for a second person."""
    found = ledger.corrections(by=by, state="waiting").items
    return sorted(str(each.id) for each in found if each.asked_by != by.person_id)


def waiting_reversals(by: Actor) -> list[str]:
    """Entries to be taken back that wait for a second person."""
    found = reversals.reversals(by=by, state="waiting").items
    return sorted(str(each.id) for each in found if each.asked_by != by.person_id)


def open_doubts(by: Actor) -> list[tuple[str, UUID]]:
    """What waits for a second look, and the fact it is about."""
    found = doubts.to_look_at(by, limit=100).items
    return sorted((str(each.doubt.id), each.doubt.fact_id) for each in found if each.doubt.state == "open")


def waiting_unwindings(by: Actor) -> list[tuple[str, UUID]]:
    """Facts that somebody else found wanting."""
    found = unwinding.unwindings(by)
    return sorted(
        (str(each.id), each.fact_id)
        for each in found
        if each.state == "asked" and each.asked_by != by.person_id
    )


def some_entry(person_id: UUID, number: int) -> str | None:
    """One of the newest lines of a rider's points."""
    found = ledger.statement(person_id, limit=5).items
    return str(found[number % len(found)].id) if found else None


def on_notice(selection_id: str) -> list[str]:
    """The pseudonyms on a public notice."""
    found = honours.selection(UUID(selection_id))
    return [each.candidate.pseudonym for each in honours.roll(found, masked=True).listed]


def honours_of(selection_id: str) -> list[str]:
    """The honours that stand after a selection."""
    standing = select(Honour.id).where(Honour.selection_id == UUID(selection_id), Honour.revoked_at.is_(None))
    return [str(each) for each in session.scalars(standing.order_by(Honour.id))]


def desk(by: Actor, at: datetime) -> list[CaseSeen]:
    """The open cases of a desk, most pressing first."""
    return [_case(each) for each in cases.to_do(by, at=at, limit=40).items]


def disputed(by: Actor, at: datetime) -> list[CaseSeen]:
    """Cases whose reporter said that they are not solved."""
    return [_case(each) for each in cases.to_do(by, at=at, disputed=True, limit=20).items]


def case_state(case_id: str, by: Actor) -> str:
    """Where a case is, for somebody who may know."""
    return cases.case_for(by, UUID(case_id)).state


def similar(position: Position, category: str) -> list[str]:
    """Open reports of the same thing close by."""
    return [str(each.case.id) for each in reporting.similar_near(position, category)]


def told_around(case_id: str, by: Actor) -> list[str]:
    """Open reports that the same rider made near this one on the same day, as the desk shows them."""
    return [str(each.case.id) for each in reporting.told_around(cases.case_for(by, UUID(case_id)))]


def candidates(selection_id: str, by: Actor) -> list[tuple[str, str]]:
    """(candidate, decision), in order."""
    return [(str(each.id), each.decision) for each in honours.candidates(UUID(selection_id), by)]


def asked_to_name(person_id: UUID) -> list[str]:
    """Selections that ask a rider how to be named."""
    return sorted(str(selection.id) for _candidate, selection in honours.asked_of(person_id))


def _case(case: Case) -> CaseSeen:
    return CaseSeen(
        str(case.id), case.kind, case.category, case.state, case.created_at, case.accepted_at, case.handler_id,
        case.position,
    )  # fmt: skip
