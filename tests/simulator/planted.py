"""Bugs planted on purpose, one for each promise: what is broken, and which invariant must speak.

A bug may take guards of the database away, too (`without`: parts of the names of triggers), where the guard would turn
the bug into a mere refusal; then the simulator shows that it would have found it without them.

`quick`: of those that break a promise, the one that its own invariant finds soonest. `make test` plants these, `make
mutants` all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.cases import queries as cases
from app.cases.models import Case
from app.codes import enrolling, presenting
from app.codes.kinds.personal import PersonalCode
from app.codes.models import ScanSession
from app.doubts import deciding
from app.identity.actors import Actor
from app.kernel import idempotency
from app.kernel.db import session
from app.kernel.ids import new_id
from app.ledger import correcting, holds, posting
from app.ledger.models import Correction
from app.rewards import expiring, ordering, redemption, shelf, turning
from app.rewards.books import closing
from app.rewards.books.models import DayClose, DayCount
from app.rewards.models import HANDED_OVER, Stock, Voucher
from app.rules import awarding, paying
from app.sync import receiving, settling
from app.sync.errors import ItemUnreadable
from app.volunteering import confirming

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Bug:
    """One planted bug."""

    name: str
    plant: Callable[[Patch], None]
    found_by: frozenset[str]
    quick: bool = False
    without: tuple[str, ...] = ()
    fraud: int = 0
    days: int = 4
    seed: int = 1


BUGS: list[Bug] = []


def bug(*found_by: str, **how: Any) -> Callable[..., Any]:
    """Register a function that plants a bug."""

    def register(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
        name = plant.__name__.replace("_", " ")
        BUGS.append(Bug(name, plant, frozenset(found_by), **how))
        return plant

    return register


@bug("I5", quick=True, seed=2)
def the_key_of_a_request_is_not_kept(patch: Patch) -> None:
    patch.setattr(idempotency, "begin", lambda **_facts: None)


@bug("I0", quick=True, seed=2)
def the_outcome_of_a_request_is_not_kept(patch: Patch) -> None:
    patch.setattr(idempotency, "finish", lambda **_facts: None)


@bug("I0", "I3")
def an_item_is_promised_without_looking_at_the_shelf(patch: Patch) -> None:
    def keep_one(*, reward_id: Any, station_id: Any) -> Any:
        promised = update(Stock).where(Stock.reward_id == reward_id, Stock.station_id == station_id)
        return session.scalar(promised.values(held=Stock.on_hand + 1).returning(Stock.id))

    patch.setattr(shelf, "keep_one", keep_one)


@bug("I0")
def a_use_case_commits_half_way(patch: Patch) -> None:
    judge = awarding.judge

    def after_a_commit(*facts: Any, **more: Any) -> bool:
        session.commit()
        return judge(*facts, **more)

    patch.setattr(awarding, "judge", after_a_commit)


@bug("I3", seed=29)
def a_cancelled_voucher_keeps_its_item(patch: Patch) -> None:
    def cancel(**facts: Any) -> Any:
        voucher = turning.cancel(
            facts["voucher_id"], person_id=facts["by"].id, by=facts["by"], at=facts["at"]
        )
        holds.release(
            voucher.hold_id, source=f"voucher:{voucher.id}:cancelled", by=facts["by"], at=facts["at"]
        )
        return voucher

    patch.setattr(ordering, "cancel", cancel)


@bug("I11", seed=10)
def an_expired_voucher_keeps_its_points(patch: Patch) -> None:
    class NoHolds:
        @staticmethod
        def release(*_args: Any, **_facts: Any) -> None: ...

    patch.setattr(expiring, "holds", NoHolds)


@bug("I4", quick=True, seed=11)
def an_undone_hand_over_leaves_the_shelf_as_it_is(patch: Patch) -> None:
    patch.setattr(redemption.shelf, "take_back", lambda *_args, **_facts: None)


@bug("I0", "I4", "I13", fraud=3, seed=12)
def a_voucher_is_handed_over_whatever_its_state(patch: Patch) -> None:
    def hand_over(voucher_id: Any, *, station_id: Any, by: Actor, at: Any) -> Voucher:
        values = {
            "state": HANDED_OVER,
            "open_slot": None,
            "handed_over_at": at,
            "handed_over_by": by.person_id,
        }
        return turning._turn(Voucher.id == voucher_id, values=values)[0]

    patch.setattr(redemption.turning, "hand_over", hand_over)


@bug("I0", "I11", quick=True, seed=10)
def pending_points_are_settled_twice(patch: Patch) -> None:
    move = paying._move

    def twice(award: Any, step: str, *legs: Any) -> None:
        move(award, step, *legs)
        if step == "settled":
            move(award, "settled-again", *legs)

    patch.setattr(paying, "_move", twice)


@bug("I11", seed=12)
def points_of_a_rejected_report_stay_pending(patch: Patch) -> None:
    move = paying._move
    patch.setattr(
        paying, "_move", lambda award, step, *legs: step != "given-back" and move(award, step, *legs)
    )


@bug("I9", quick=True, seed=9)
def an_award_is_a_point_too_high(patch: Patch) -> None:
    draw_up = awarding.drawn_up

    def generous(version: Any, recorded: Any, outcome: Any, *more: Any) -> Any:
        object.__setattr__(outcome, "points", outcome.points + 1)
        return draw_up(version, recorded, outcome, *more)

    patch.setattr(awarding, "drawn_up", generous)


@bug("I0")
def a_budget_pays_what_it_does_not_have(patch: Patch) -> None:
    patch.setattr(posting, "must_suffice", lambda *_args: None)


@bug("I7", quick=True, without=("entries_append_only", "entries_immutable"))
def entries_can_be_changed(patch: Patch) -> None:
    """Only the guards are gone."""


@bug("I1", "I6", quick=True, without=("entries_move",))
def a_balance_does_not_move_with_its_entries(patch: Patch) -> None:
    """Only the trigger is gone."""


@bug("I8", quick=True, without=("ex_hours_no_overlap",), days=7, seed=20)
def hours_may_overlap(patch: Patch) -> None:
    patch.setattr(confirming.queries, "hours_that_overlap", lambda *_args: None)


@bug("I10", quick=True, seed=9)
def a_case_is_resolved_before_it_was_accepted(patch: Patch) -> None:
    patch.setattr(Case, "not_before", lambda case, at: at.replace(year=2020))


@bug("I11", fraud=2, days=6, seed=43)
def what_was_set_aside_stays_aside(patch: Patch) -> None:
    patch.setattr(deciding, "give_free", lambda *_args: 0)


@bug("I0", "I5", "I12", quick=True, seed=3)
def an_acknowledged_write_is_lost(patch: Patch) -> None:
    commit, count = Session.commit, iter(range(-500, 10**9))
    patch.setattr(Session, "commit", lambda self: self.rollback() if next(count) % 50 == 49 else commit(self))


@bug("I13", quick=True, seed=9)
def anybody_may_do_anything(patch: Patch) -> None:
    patch.setattr(Actor, "can", lambda *_args, **_where: True)


@bug("I13", seed=5)
def everybody_counts_as_the_reporter(patch: Patch) -> None:
    patch.setattr(cases, "is_reporter", lambda *_args: True)


@bug("I3", quick=True, seed=7)
def a_difference_of_the_day_is_written_down_and_not_booked(patch: Patch) -> None:
    def count(close: Any, item: Any, given: Any, by: Actor, at: Any) -> None:
        session.add(
            DayCount(
                close_id=close.id,
                stock_id=item.stock.id,
                system=item.stock.on_hand,
                counted=given.counted if given else item.stock.on_hand,
                reason=given.reason if given else None,
            )
        )

    patch.setattr(closing, "_count", count)


@bug("I14", seed=2)
def what_was_told_is_never_judged(patch: Patch) -> None:
    patch.setattr(settling, "_ripe", lambda *_args: [])


@bug("I14", quick=True, seed=2)
def what_was_told_is_not_kept(patch: Patch) -> None:
    patch.setattr(receiving, "_read_all", lambda items, _lease, _by: [
        receiving._unkept(receiving._id_in(each), ItemUnreadable()) for each in items
    ])  # fmt: skip


@bug("I0", "I16", quick=True, seed=8)
def a_large_correction_takes_one_person(patch: Patch) -> None:
    patch.setattr(correcting, "CORRECTION_LIMIT", 10**9)


@bug("I0", "I16", seed=2)
def whoever_asked_agrees_to_it_too(patch: Patch) -> None:
    patch.setattr(Correction, "must_be_decided_by_another_than", lambda *_args: None)


@bug("I0", "I16")
def whoever_closed_a_day_opens_it_again(patch: Patch) -> None:
    patch.setattr(DayClose, "must_be_reopened_by_another_than", lambda *_args: None)


@bug("I15", quick=True, days=6, seed=23)
def a_lost_phone_is_still_believed(patch: Patch) -> None:
    patch.setattr(enrolling, "revoke_handles", lambda **_facts: 0)
    patch.setattr(enrolling, "is_good", lambda handle, _at: handle is not None)


@bug("I15", fraud=2)
def a_forged_code_is_believed(patch: Patch) -> None:
    patch.setattr(PersonalCode, "is_made_by", lambda *_args: True)


@bug("I15", fraud=2)
def a_code_is_good_at_a_second_station(patch: Patch) -> None:
    def take(shown: Any, station_id: Any, by: Actor, at: Any) -> Any:
        used = presenting.use_of_step(shown.handle.id, shown.step)
        if used is None:
            values = {
                "handle_id": shown.handle.id,
                "step": shown.step,
                "person_id": shown.handle.person_id,
                "opened_by": by.person_id,
            }
            used = ScanSession(id=new_id(), station_id=station_id, opened_at=at, **values)
            session.add(used)
            session.flush()
        return presenting.Presentation(used, shown.skew_s, replayed=False, rider=shown.handle.person)

    patch.setattr(presenting, "_take", take)
