"""A check-in leaves the same rows and gets the same answer whether its writes go out with the COMMIT, it waits for each
answer, or it is settled in a group with others."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.checkins.models import Checkin
from app.codes.kinds import station
from app.identity.actors import SYSTEM
from app.kernel.answering import edge_of
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from app.ledger.accounts import issuance_of
from app.ledger.models import Account, Entry, LedgerTransaction
from app.ledger.posting import Leg, post
from app.ledger.verify import verify
from app.rules.models import Award, FirstFact, NoAward, RecordedFact, UsageCounter
from app.scans import api
from tests import make as everyone
from tests.codes import make as codes
from tests.kernel.gathering import gathered
from tests.rules import make as rules
from tests.scans.test_scanning import HERE, client_of, scan

ITS_OWN = {"id", "source", "recorded_by"}


class Someone:
    """A rider with a phone, a station of their own, and who stands there."""

    def __init__(self, app, name: str, position: Position = everyone.STATION_POSITION) -> None:
        with transaction():
            rider = everyone.rider(name)
            self.here = everyone.station(f"{name}的驿站", position=position)
            manager = everyone.staff("station-manager", station_id=self.here.id, name="站长")
            self.rider, self.manager = everyone.actor(rider), everyone.actor(manager)
            self.phone = codes.phone(self.rider)
        self.app = app

    def scans_poster(self):
        return scan(client_of(self.app, self.rider), station.make(self.here.short_code), **HERE)

    def is_scanned(self):
        return scan(client_of(self.app, self.manager), self.phone.code(), station_id=str(self.here.id))

    def rows(self):
        """All that came of it, without what is each one's own."""
        with transaction(write=False):
            facts = session.scalars(select(RecordedFact).filter_by(person_id=self.rider.id)).all()
            ids = [each.id for each in facts]
            awards = session.scalars(
                select(Award).where(Award.recorded_fact_id.in_(ids)).order_by(Award.id)
            ).all()
            none = session.scalars(select(NoAward).where(NoAward.recorded_fact_id.in_(ids))).all()
            booked = session.scalars(
                select(LedgerTransaction)
                .where(LedgerTransaction.source.in_([f"award:{each.id}:1:given" for each in awards]))
                .order_by(LedgerTransaction.id)
            ).all()
            entries = session.scalars(
                select(Entry)
                .where(Entry.transaction_id.in_([each.id for each in booked]))
                .order_by(Entry.transaction_id, Entry.amount)
            ).all()
            own = (f"rider:{self.rider.id}", f"station:{self.here.id}")
            counters = session.scalars(
                select(UsageCounter)
                .where(UsageCounter.subject.in_(own))
                .order_by(UsageCounter.subject, UsageCounter.rule_key, UsageCounter.period)
            ).all()
            checkins = session.scalars(select(Checkin).filter_by(person_id=self.rider.id)).all()
            firsts = session.scalars(select(FirstFact).filter_by(person_id=self.rider.id)).all()
            wallet = session.scalars(select(Account).filter_by(owner_id=self.rider.id, kind="wallet")).all()
            assert verify() == []
            kept = [*checkins, *firsts, *facts, *counters, *awards, *none, *booked, *entries]
            return [self._told(each) for each in kept] + [(each.balance, each.held) for each in wallet]

    def _told(self, row):
        names = {str(self.rider.id): "RIDER", str(self.here.id): "STATION"}
        told = {}
        for name in row.__table__.columns.keys():  # noqa: SIM118
            if name in ITS_OWN or name.endswith("_id"):
                continue
            value = getattr(row, name)
            if isinstance(value, dict):
                value = {each: of for each, of in value.items() if each != "award_id"}
            told[name] = str(value)
            for id_, word in names.items():
                told[name] = told[name].replace(id_, word)
        return type(row).__name__, told


@pytest.fixture
def both(app, monkeypatch):
    """The same for four people: one's scans write with their COMMIT, one's wait for each answer, two go together."""
    rules.scene()
    quick, slow = Someone(app, "李师傅"), Someone(app, "王师傅")
    pair = Someone(app, "赵师傅"), Someone(app, "钱师傅")

    def do(what):
        edge = edge_of(api.scan)
        monkeypatch.setattr(edge, "unanswered", True)
        first = what(quick)
        monkeypatch.setattr(edge, "unanswered", False)
        second = what(slow)
        ids = ("checkin_id", "scan_session_id", "rider", "request_id")
        monkeypatch.setattr(edge, "unanswered", True)
        grouped = gathered(edge.lane, *(lambda each=each: what(each) for each in pair))
        for status, body in (second, *grouped):
            assert status == first[0]
            assert [body.get(name) for name in first[1] if name not in ids] == [
                first[1][name] for name in first[1] if name not in ids
            ]
        for each in (slow, *pair):
            assert each.rows() == quick.rows()
        return first

    return do


def test_the_first_of_the_day_by_poster_and_the_second_by_code(both, clock):
    status, told = both(Someone.scans_poster)
    assert (status, told["outcome"], told["points"] > 0) == (200, "done", True)
    clock.advance(hours=4)
    status, told = both(Someone.is_scanned)
    assert (status, told["outcome"]) == (200, "done")


def test_the_same_window_again(both):
    both(Someone.is_scanned)
    status, told = both(Someone.scans_poster)
    assert (status, told["code"]) == (409, "checked-in-already")


def test_days_on_end(both, clock):
    for _ in range(3):
        assert both(Someone.is_scanned)[0] == 200
        clock.advance(days=1)


def test_an_empty_budget_queues_the_award(both, clock):
    with transaction():
        for budget in session.scalars(select(Account).filter_by(kind="budget")):
            empty(budget, clock.at)
    status, told = both(Someone.scans_poster)
    assert (status, told["outcome"]) == (200, "done")


def empty(budget, at):
    """All of it goes back to where it came from."""
    source = issuance_of(budget.region_code, budget.period)
    legs = [Leg(budget.id, -budget.balance), Leg(source.id, budget.balance)]
    post(
        kind="back", source=f"back:{budget.id}", legs=legs, words={"slug": "ledger.funded"}, by=SYSTEM, at=at
    )
