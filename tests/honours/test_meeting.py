"""The deciding meeting: who, when, how they voted; without one that agreed there is no public notice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.honours import filing, queries
from app.honours.announcing import open_notice
from app.honours.errors import (
    BlindRoundRunning,
    ContactNeeded,
    MeetingMissing,
    MeetingNotCarried,
    MeetingWrong,
    SelectionMovedOn,
)
from app.honours.models import Meeting, Selection
from app.kernel import clock
from app.kernel.db import session, transaction
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
    with pytest.raises(SelectionMovedOn):
        make.met(here, selection)


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


@pytest.mark.parametrize("missing", list(make.CONTACT))
def test_a_notice_says_where_to_object(app: Any, missing: str) -> None:
    here = make.setting(300)
    selection = make.reviewed(here)
    with pytest.raises(ContactNeeded) as refused:
        _notice(selection, here, **{missing: " "})
    assert set(refused.value.fields) == {missing}
    _notice(selection, here)
    page = app.test_client().get(f"/honours/{selection.id}").text
    assert all(words in page for words in make.CONTACT.values())
    with transaction():
        assert queries.public_roll(selection.id).selection.contact_phone == make.CONTACT["contact_phone"]


def _notice(selection: Selection, here: make.Setting, **more: str) -> Selection:
    with transaction():
        return open_notice(
            selection_id=selection.id, **make.CONTACT | more, by=here.department, at=clock.now()
        )
