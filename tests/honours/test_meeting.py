"""The deciding meeting: who, when, how they voted; without one that agreed there is no public notice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.honours import filing, queries
from app.honours.announcing import end_notice, finalise, open_notice
from app.honours.errors import (
    BlindRoundRunning,
    ContactNeeded,
    MeetingMissing,
    MeetingNotCarried,
    MeetingStale,
    MeetingWrong,
    SelectionMovedOn,
)
from app.honours.models import Meeting, Selection
from app.honours.reviewing import remove
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from tests.honours import make


def test_no_notice_without_the_record_of_a_meeting_that_agreed(app: object) -> None:
    here = make.setting(300)
    selection = make.signed(here)
    with pytest.raises(MeetingMissing):
        _notice(selection, here)
    make.met(here, selection, votes_for=1, votes_against=1)
    with pytest.raises(MeetingNotCarried):
        _notice(selection, here)
    make.met(here, selection, votes_for=2, votes_against=1, votes_abstained=0)
    assert _notice(selection, here).state == "notice"


def test_nobody_meets_about_a_final_roll(app: object) -> None:
    here = make.setting(300)
    selection = make.final(here)
    with pytest.raises(SelectionMovedOn):
        make.met(here, selection)


def _take_out(selection: Selection, here: make.Setting, number: int = 0) -> None:
    with transaction():
        each = queries.chosen(selection.id)[number]
        remove(
            selection_id=selection.id,
            candidate_id=each.id,
            reason="异议成立",
            by=here.reviewer,
            at=clock.now(),
        )


def test_a_decision_after_the_meeting_needs_another_one(app: object) -> None:
    here = make.setting(300, 200, 100)
    selection = make.reviewed(here)
    _take_out(selection, here)
    with pytest.raises(MeetingStale):
        _notice(selection, here)
    make.met(here, selection)
    _notice(selection, here)
    _take_out(selection, here)
    later = clock.now() + timedelta(days=14)
    case: dict[str, Any] = {"selection_id": selection.id, "by": here.department, "at": later}
    with transaction():
        end_notice(**case)
    with pytest.raises(MeetingStale), transaction():
        finalise(**case)
    make.met(here, selection, votes_for=1, votes_against=2, votes_abstained=0)
    with pytest.raises(MeetingNotCarried), transaction():
        finalise(**case)
    make.met(here, selection)
    with transaction():
        assert finalise(**case).state == "final"


def test_the_database_announces_only_what_was_agreed_and_with_a_contact(app: object) -> None:
    here = make.setting(300)
    selection = make.signed(here)
    notice = sa.update(Selection).values(state="notice", notice_ends_on=date(2026, 12, 1))
    for values, complaint in (({}, "contact"), (make.CONTACT, "meeting")):
        with pytest.raises(DBAPIError, match=complaint), transaction():
            session.execute(notice.values(**values))
    make.met(here, selection, votes_for=0, votes_against=1)
    with pytest.raises(DBAPIError, match="meeting"), transaction():
        session.execute(notice.values(**make.CONTACT))
    make.met(here, selection)
    _take_out(selection, here)
    with pytest.raises(DBAPIError, match="meeting"), transaction():
        session.execute(notice.values(**make.CONTACT))
    make.met(here, selection)
    with transaction():
        session.execute(notice.values(**make.CONTACT))


def test_a_selection_begins_as_a_draft(app: object) -> None:
    here = make.setting(300)
    make.draft(here)
    with pytest.raises(DBAPIError, match="begun"), transaction():
        session.add(_final_from_nowhere(here))
        session.flush()


def _final_from_nowhere(here: make.Setting) -> Selection:
    like = session.scalars(sa.select(Selection)).one()
    kept = {each.name: getattr(like, each.name) for each in Selection.__table__.columns}
    changed = {"id": new_id(), "state": "final", "snapshot": "{}", "approved_by": here.reviewer.id}
    return Selection(**kept | changed | {"notice_ends_on": date(2026, 12, 1)})


@pytest.mark.usefixtures("owned")
def test_a_meeting_is_kept_with_who_was_there_and_how_they_voted(app: object) -> None:
    here = make.setting(300)
    selection = make.weighed(here, make.frozen(here))
    make.met(here, selection, decision="再补一份材料")
    make.met(here, selection)
    with transaction():
        kept = filing.case_file(selection.id, here.reviewer).meetings
        assert [each.decision for each in kept] == ["同意名单", "再补一份材料"]
    assert (kept[0].present, kept[0].votes_abstained) == (["吴评审", "孙部门", "郑社区"], 1)
    with pytest.raises(DBAPIError, match="append-only"), transaction():
        session.get_one(Meeting, kept[0].id).votes_for = 3


@pytest.mark.parametrize(
    "change",
    [
        {"held_on": date(2026, 12, 24)},
        {"held_on": date(2026, 10, 1)},
        {"votes_for": 3},
        {"votes_for": 0, "votes_abstained": 0},
    ],
)
def test_a_meeting_lies_after_the_sealing_and_only_those_present_vote(
    app: object, change: dict[str, Any]
) -> None:
    here = make.setting(300)
    selection = make.weighed(here, make.frozen(here))
    with pytest.raises(MeetingWrong):
        make.met(here, selection, **change)


def test_nobody_meets_before_the_blind_round_is_closed(app: object) -> None:
    here = make.setting(300)
    with pytest.raises(BlindRoundRunning):
        make.met(here, make.frozen(here))


def test_a_notice_may_run_longer(app: object) -> None:
    here = make.setting(300)
    selection = make.reviewed(here)
    assert _notice(selection, here, working_days=10).notice_ends_on == date(2026, 12, 8)


@pytest.mark.parametrize("missing", list(make.CONTACT))
def test_a_notice_says_where_to_object(app: Any, missing: str) -> None:
    here = make.setting(300)
    selection = make.reviewed(here)
    with pytest.raises(ContactNeeded) as refused:
        _notice(selection, here, **{missing: " "})
    assert set(refused.value.fields) == {missing}
    _notice(selection, here, contact_place_en="1 Zhujiang Road")
    page = app.test_client().get(f"/honours/{selection.id}").text
    assert all(words in page for words in make.CONTACT.values())
    english = app.test_client().get(f"/honours/{selection.id}", headers={"Accept-Language": "en"}).text
    assert "1 Zhujiang Road" in english
    assert make.CONTACT["contact_hours"] in english
    with transaction():
        assert queries.public_roll(selection.id).selection.contact_phone == make.CONTACT["contact_phone"]


def _notice(selection: Selection, here: make.Setting, **more: Any) -> Selection:
    with transaction():
        return open_notice(
            selection_id=selection.id, **make.CONTACT | more, by=here.department, at=clock.now()
        )
