"""The conflict desk: a person looks at the evidence and decides, once; the decision is logged and the rider is told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.audit.recording import record
from app.checkins.checking_in import LATEST, check_in_by_code
from app.identity.actors import Actor
from app.kernel.db import session
from app.ledger import accounts, posting
from app.ledger.posting import Leg
from app.ledger.taking_back import usable_to_change
from app.notices.telling import About, tell
from app.places import queries as places
from app.sync import queries
from app.sync.errors import DecisionUnfit
from app.sync.judging import holder_of, in_its_window
from app.sync.models import CHARGE, COUNT, COUNTED, REFUSE, REFUSED, WRITE_OFF, Conflict, Lease, SyncItem
from app.sync.outcomes import said


def decide(*, conflict_id: UUID, decision: str, note: str | None, by: Actor, at: datetime) -> Conflict:
    """Settle a conflict for good.

    A presence counts or does not. Goods are gone already, so the question is who bears them: the rider's wallet as far
    as it goes (`charge`), the programme (`write-off`), or the station (`refuse`). What was booked as unmatched is
    cleared to zero in each case.
    """
    conflict = queries.conflict_to_change(conflict_id)
    by.must("station.manage", station_id=conflict.station_id)
    conflict.must_be_open()
    if decision not in conflict.decisions:
        raise DecisionUnfit(fields={"decision": ["decision-unfit"]})
    item = session.get_one(SyncItem, conflict.item_id)
    if decision == COUNT:
        _count(item)
    elif conflict.points:
        _book(conflict, decision, by, at)
    item.state = REFUSED if decision == REFUSE else COUNTED
    item.words = said(f"sync.decided-{decision}")
    conflict.decision, conflict.note = decision, note
    conflict.decided_by, conflict.decided_at = by.person_id, at
    session.flush()
    facts = {"decision": decision, "loss": conflict.loss, "note": note}
    record(action="conflict.decided", subject=f"conflict:{conflict.id}", facts=facts, by=by, at=at)
    _tell(conflict, at)
    return conflict


def _count(item: SyncItem) -> None:
    """The presence counts as of when it happened; if the window was counted meanwhile, that one stands."""
    person_id, station_id = item.person_id, item.station_id
    assert person_id is not None
    assert station_id is not None
    lease = session.get_one(Lease, item.lease_id)
    happened_at = item.known_at
    made, _ = in_its_window(
        person_id,
        station_id,
        happened_at,
        lambda: check_in_by_code(
            person_id=person_id,
            station_id=station_id,
            happened_at=happened_at,
            by=holder_of(lease),
            at=min(item.arrived_at, happened_at + LATEST),
        ),
    )
    item.checkin_id = made.id


def _book(conflict: Conflict, decision: str, by: Actor, at: datetime) -> None:
    legs = _legs(conflict, decision)
    if legs:
        posting.post(
            kind=f"offline-{decision}",
            source=f"sync:{conflict.item_id}:decided",
            legs=legs,
            words={"slug": f"sync.entry-{decision}"},
            by=by,
            at=at,
        )


def _legs(conflict: Conflict, decision: str) -> list[Leg]:
    station = accounts.settlement_of(conflict.station_id).id
    owed_to = accounts.unmatched_account().id if conflict.loss else station  # whom the payer pays
    owed = conflict.loss or conflict.points
    if decision == REFUSE:
        return [Leg(station, -owed), Leg(owed_to, owed)] if conflict.loss else []
    paid = _payable(conflict, owed) if decision == CHARGE else 0
    rest = owed - paid if conflict.loss or decision == WRITE_OFF else 0
    legs = [Leg(accounts.correction_account().id, -rest)] if rest else []
    if paid and conflict.person_id is not None:
        legs.append(Leg(accounts.wallet_of(conflict.person_id).id, -paid))
    return [*legs, Leg(owed_to, paid + rest)] if paid + rest else []


def _payable(conflict: Conflict, owed: int) -> int:
    return min(owed, usable_to_change(conflict.person_id)) if conflict.person_id is not None else 0


def _tell(conflict: Conflict, at: datetime) -> None:
    tell(
        person_id=conflict.person_id,
        slug="offline-decided",
        source=f"sync:{conflict.item_id}:decided",
        facts={
            "station": places.station(conflict.station_id).name,
            "outcome": said(f"sync.told-{conflict.decision}"),
        },
        about=About("offline", conflict.item_id),
        at=at,
    )
