"""What is written down of an act: who, when, about whom or what, and the facts that say why; nothing else of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from app import audit
from app.audit import queries, recording
from app.audit.models import AuditRecord
from app.identity import events
from app.identity.actors import SYSTEM, Actor, HeldRole
from app.kernel.db import session, transaction
from tests import make

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
WHO, PERSON, PLACE, THING, OTHER = (UUID(int=number) for number in range(1, 6))
BY = Actor(person_id=WHO)
BOTH = {"person_id": str(PERSON), "station_id": str(PLACE)}


def plain(kind: str, **facts: Any) -> Any:
    """An event of a sibling, which the log knows by its name and what it says."""
    return type(kind, (SimpleNamespace,), {})(by=BY, at=AT, **facts)


def moving(kind: Any, **more: str) -> Any:
    return kind(move_id=THING, person_id=PERSON, station_id=PLACE, by=BY, at=AT, **more)


def returning(kind: Any, **more: str) -> Any:
    return kind(return_id=THING, person_id=PERSON, station_id=PLACE, by=BY, at=AT, **more)


ROLE: dict[str, Any] = {
    "grant_id": OTHER,
    "person_id": PERSON,
    "role": "auditor",
    "place": "320100",
    "by": BY,
    "at": AT,
}
POINTS: dict[str, Any] = {"points": 7, "reason": "记错了"}
REVERSAL = {"reversal_id": THING, "entry_id": OTHER, **POINTS}
ABOUT, MOVE, RETURN = f"person:{PERSON}", f"number-move:{THING}", f"rider-return:{THING}"
Case = tuple[Callable[[Any], None], Any, str, str, dict[str, Any]]
CASES: list[Case] = [
    (
        recording.on_exported,
        plain("BookExported", what="entries", filename="e.csv", rows=9),
        "ledger.exported",
        "entries",
        {"filename": "e.csv", "rows": 9},
    ),
    *(
        (
            recording.on_reversal,
            plain(kind, **REVERSAL),
            action,
            f"reversal:{THING}",
            {"entry": str(OTHER), **POINTS},
        )
        for kind, action in (
            ("ReversalAsked", "reversal.asked"),
            ("ReversalRefused", "reversal.refused"),
            ("EntryReversed", "reversal.done"),
        )
    ),
    *(
        (
            recording.on_correction,
            plain(kind, correction_id=THING, **POINTS),
            action,
            f"correction:{THING}",
            POINTS,
        )
        for kind, action in (
            ("CorrectionAsked", "correction.asked"),
            ("CorrectionRefused", "correction.refused"),
            ("PointsCorrected", "correction.done"),
        )
    ),
    (
        recording.on_policy,
        plain("PolicyEvent", region_code="320102", share_percent=20, reason="试行", state="agreed"),
        "debt-policy.agreed",
        "region:320102",
        {"share_percent": 20, "reason": "试行"},
    ),
    (
        recording.on_appointed,
        events.Appointed(**ROLE),
        "role.given",
        ABOUT,
        {"role": "auditor", "place": "320100"},
    ),
    (
        recording.on_role_taken_back,
        events.RoleTakenBack(**ROLE),
        "role.taken-back",
        ABOUT,
        {"role": "auditor", "place": "320100"},
    ),
    (
        recording.on_second_factor,
        events.SecondFactorChanged(person_id=PERSON, what="reset", by=BY, at=AT),
        "second-factor.reset",
        ABOUT,
        {},
    ),
    (
        recording.on_password_passed,
        events.PasswordPassed(person_id=PERSON, what="given", by=BY, at=AT),
        "password.given",
        ABOUT,
        {},
    ),
    (
        recording.on_phone_ended,
        events.PhoneEnded(person_id=PERSON, station_id=PLACE, reason="丢了", by=BY, at=AT),
        "phone.ended-on-behalf",
        ABOUT,
        {"station_id": str(PLACE), "reason": "丢了"},
    ),
    (
        recording.on_move,
        moving(events.MoveAsked, tail="1204", reason="换号"),
        "number-move.asked",
        MOVE,
        BOTH | {"reason": "换号"},
    ),
    (recording.on_move, moving(events.MoveConfirmed), "number-move.confirmed", MOVE, BOTH),
    (recording.on_move, moving(events.MoveRefused), "number-move.refused", MOVE, BOTH),
    (recording.on_move, moving(events.NumberMoved), "number-move.done", MOVE, BOTH),
    (
        recording.on_return,
        returning(events.ReturnAsked, reason="手机丢了"),
        "rider-return.asked",
        RETURN,
        BOTH | {"reason": "手机丢了"},
    ),
    (recording.on_return, returning(events.ReturnConfirmed), "rider-return.confirmed", RETURN, BOTH),
    (recording.on_return, returning(events.ReturnRefused), "rider-return.refused", RETURN, BOTH),
    (recording.on_return, returning(events.ReturnInvited), "rider-return.invited", RETURN, BOTH),
    (recording.on_return, returning(events.RiderReturned), "rider-return.done", RETURN, BOTH),
]


def kept() -> list[tuple[Any, ...]]:
    with transaction(write=False):
        rows = session.scalars(select(AuditRecord).order_by(AuditRecord.id)).all()
        return [(each.action, each.subject, each.facts, each.actor_id, each.at) for each in rows]


def test_each_act_is_kept_with_who_when_what_and_why(app: Flask) -> None:
    with transaction():
        for keep, event, *_ in CASES:
            keep(event)
    assert kept() == [(action, subject, facts, WHO, AT) for _, _, action, subject, facts in CASES]


def test_a_code_in_two_places_is_seen_by_nobody_in_particular(app: Flask) -> None:
    seen = SimpleNamespace(
        person_id=PERSON, station_id=PLACE, before_id=OTHER, seconds=61, metres=9000, at=AT
    )
    with transaction():
        recording.on_two_places(seen)
    facts = {"station_id": str(PLACE), "before_id": str(OTHER), "seconds": 61, "metres": 9000}
    assert kept() == [("code.in-two-places", ABOUT, facts, SYSTEM.person_id, AT)]


@pytest.mark.parametrize(
    ("path", "subject", "facts"),
    [
        ({}, "list", {}),
        ({"case_id": THING}, f"case:{THING}", {"case": str(THING)}),
        (
            {"station_id": PLACE, "close_id": THING},
            f"close:{THING}",
            {"station": str(PLACE), "close": str(THING)},
        ),
    ],
)
def test_a_look_is_at_what_the_address_names_last(
    app: Flask, path: dict[str, Any], subject: str, facts: dict[str, str]
) -> None:
    staff = Actor(person_id=WHO, roles=(HeldRole("auditor", "/320100/", None),))
    with transaction():
        recording.look(action="case.seen", path=path, by=staff, at=AT)
        recording.look(
            action="case.seen", path=path, by=BY, at=AT
        )  # holds no role: what they see is their own
    assert kept() == [("case.seen", subject, facts, WHO, AT)]


def test_whatever_is_asked_of_the_log_is_asked_together_and_told_page_by_page(app: Flask) -> None:
    with transaction():
        make.regions()
        someone = make.staff("auditor", region_code=make.CITY)
        for action, subject, by in (
            ("case.seen", "case:1", make.actor(someone)),
            ("case.seen", "case:2", SYSTEM),
            ("hours.seen", "case:1", make.actor(someone)),
            ("of-old.seen", "case:1", make.actor(someone)),
        ):
            recording.record(action=action, subject=subject, facts={}, by=by, at=AT)

    def asked(**wanted: Any) -> list[tuple[str, str, bool]]:
        found = queries.records(make.actor(someone), **wanted)
        return [(each.record.action, each.record.subject, each.actor is not None) for each in found.items]

    with transaction(write=False):
        assert asked(limit=3) == [
            ("of-old.seen", "case:1", True),
            ("hours.seen", "case:1", True),
            ("case.seen", "case:2", False),
        ]
        assert asked(action="case.seen") == [("case.seen", "case:2", False), ("case.seen", "case:1", True)]
        assert asked(action="case.seen", actor_id=someone.id) == [("case.seen", "case:1", True)]
        assert asked(subject="case:2", actor_id=someone.id) == []
        first = queries.records(make.actor(someone), subject="case:1", limit=2)
        assert [each.actor.id for each in first.items if each.actor] == [someone.id] * 2
        assert asked(subject="case:1", cursor=first.next_cursor) == [("case.seen", "case:1", True)]
        seen = [each for each in queries.actions() if each.endswith(".seen")]
    assert seen == ["case.seen", "hours.seen", "of-old.seen"]
    assert [queries.told(each) for each in ("case.seen", "of-old.seen")] == ["看了工单", "of-old.seen"]


def test_an_action_is_told_without_its_facts_since_a_filter_has_none():
    words = tomllib.loads((Path(audit.__file__).parent / "words.toml").read_text("utf-8"))
    told = {slug: each for slug, each in words.items() if slug.startswith("audit.")}
    assert len(told) > 50
    assert [slug for slug, each in told.items() if "{" in each["zh"] + each["en"]] == []
