"""Two persons make policy; what is published is never edited, not even by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from app.audit.models import AuditRecord
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden, Invalid
from app.kernel.problems import flatten
from app.rules import drafting
from app.rules.errors import (
    DryRunNeeded,
    EndsInThePast,
    RuleSetExists,
    SecondPersonNeeded,
    StartsInThePast,
    VersionNotOpen,
)
from app.rules.models import Award, NoAward, RecordedFact, RuleSetVersion
from app.rules.starter import publish_starter
from tests import make as people
from tests.rules import make
from tests.rules.make import cap, rule, when


@pytest.fixture
def scene(app):
    return make.scene()


def draft(scene, rules=None, tried=True):
    with transaction():
        rule_set_id = scene.version.rule_set_id
        written = drafting.draft_version(
            rule_set_id=rule_set_id, rules=rules or [rule()], by=scene.editor, at=clock_module.now()
        )
        if tried:
            make.try_out(written.id, scene.editor)
        return written


@pytest.mark.parametrize(
    ("conditions", "at_fault"),
    [
        ([], {"rules.0.when"}),
        ([when("stage", "accepted", "is_not")], {"rules.0.when"}),
        ([when("stage", ["resolved", "verified"], "one_of")], {"rules.0.when"}),
        ([when("stage", ["resolved"], "one_of")], set()),
        ([when("grade", "urgent"), when("stage", "verified")], set()),
    ],
)
def test_a_rule_about_reports_names_its_step(scene, conditions, at_fault):
    """A rule gives once per fact: one that held at two steps would stop the second one."""
    try:
        draft(scene, [rule("R-03", "report", 10, when=conditions)], tried=False)
        said = set()
    except Invalid as refusal:
        said = {field for field, _ in flatten(refusal.fields)}
    assert said == at_fault


def both_roles(scene):
    """Somebody who may write and review."""
    with transaction():
        someone = people.staff("rule-editor", region_code=people.CITY, name="周全能")
        people.appoint(
            person_id=someone.id,
            role="department",
            region_code=people.CITY,
            station_id=None,
            by=people.SYSTEM,
            at=clock_module.now(),
        )
        return people.actor(someone)


def test_whoever_wrote_it_does_not_review_it(scene):
    scene.editor = both_roles(scene)
    written = draft(scene)
    with pytest.raises(SecondPersonNeeded), transaction():
        drafting.review(version_id=written.id, by=scene.editor, at=clock_module.now())


def test_whoever_changed_it_last_does_not_review_it(scene):
    second = both_roles(scene)
    written = draft(scene)
    with transaction():
        drafting.change_draft(version_id=written.id, rules=[rule(points=9)], by=second, at=clock_module.now())
    with pytest.raises(SecondPersonNeeded), transaction():
        drafting.review(version_id=written.id, by=second, at=clock_module.now())


def test_the_database_wants_two_persons_too(scene):
    written = draft(scene)
    with pytest.raises(DBAPIError, match="two_persons"), transaction():
        session.execute(
            update(RuleSetVersion)
            .where(RuleSetVersion.id == written.id)
            .values(state="reviewed", reviewed_by=written.written_by, reviewed_at=clock_module.now())
        )


def test_a_draft_is_not_published_unread(scene):
    written = draft(scene)
    with pytest.raises(VersionNotOpen), transaction():
        drafting.publish(version_id=written.id, by=scene.reviewer, at=clock_module.now())


def test_a_wording_is_tried_before_it_is_reviewed(scene):
    written = draft(scene, tried=False)
    with pytest.raises(DryRunNeeded), transaction():
        drafting.review(version_id=written.id, by=scene.reviewer, at=clock_module.now())


def test_a_changed_wording_is_tried_again(scene):
    written = draft(scene)
    with transaction():
        drafting.change_draft(
            version_id=written.id, rules=[rule(points=9)], by=scene.editor, at=clock_module.now()
        )
    with pytest.raises(DryRunNeeded), transaction():
        drafting.review(version_id=written.id, by=scene.reviewer, at=clock_module.now())


def test_it_never_reaches_back(scene):
    written = draft(scene)
    at = clock_module.now()
    with transaction():
        drafting.review(version_id=written.id, by=scene.reviewer, at=at)
    with pytest.raises(StartsInThePast) as refused, transaction():
        drafting.publish(version_id=written.id, starts_at=at - timedelta(1), by=scene.reviewer, at=at)
    assert set(refused.value.fields) == {"starts_at"}


def test_a_reviewed_version_is_not_rewritten(scene):
    written = draft(scene)
    with transaction():
        drafting.review(version_id=written.id, by=scene.reviewer, at=clock_module.now())
    with pytest.raises(VersionNotOpen), transaction():
        drafting.change_draft(version_id=written.id, rules=[rule()], by=scene.editor, at=clock_module.now())


@pytest.mark.parametrize(
    "values",
    [
        {"rules": [{"key": "R-01"}]},
        {"number": 99},
        {"state": "reviewed", "starts_at": None, "published_at": None, "published_by": None},
        {"starts_at": datetime(2027, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_published_version_cannot_be_edited_in_the_database(scene, values):
    with pytest.raises(DBAPIError, match="never edited"), transaction():
        session.execute(update(RuleSetVersion).where(RuleSetVersion.id == scene.version.id).values(**values))


@pytest.mark.usefixtures("owned")
def test_nor_deleted(scene):
    with pytest.raises(DBAPIError, match=r"never edited|foreign key"), transaction():
        session.execute(delete(RuleSetVersion).where(RuleSetVersion.id == scene.version.id))


def test_nor_brought_back_once_retired(scene):
    with transaction():
        drafting.retire(version_id=scene.version.id, by=scene.reviewer, at=clock_module.now())
    with pytest.raises(DBAPIError, match="never edited"), transaction():
        session.execute(
            update(RuleSetVersion)
            .where(RuleSetVersion.id == scene.version.id)
            .values(state="published", ends_at=None)
        )


def test_a_retired_version_gives_nothing_more(scene, clock):
    with transaction():
        drafting.retire(version_id=scene.version.id, by=scene.reviewer, at=clock.at)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (0, 0)


def test_it_is_not_retired_in_the_past(scene, clock):
    clock.advance(days=1)
    with pytest.raises(EndsInThePast), transaction():
        drafting.retire(
            version_id=scene.version.id, ends_at=clock.at - timedelta(hours=1), by=scene.reviewer, at=clock.at
        )


@pytest.mark.usefixtures("owned")
@pytest.mark.parametrize("model", [RecordedFact, NoAward, Award])
def test_what_was_judged_is_never_rewritten(scene, model):
    make.judge(make.checkin(scene.rider))
    make.judge(make.checkin(scene.rider, first_of_day=False))
    changed = {RecordedFact: {"kind": "hours"}, NoAward: {"why": "x"}, Award: {"points": 500}}[model]
    with pytest.raises(DBAPIError, match=r"append-only|never rewritten"), transaction():
        session.execute(update(model).values(**changed))
    with pytest.raises(DBAPIError, match=r"append-only|never rewritten|foreign key"), transaction():
        session.execute(delete(model))


def test_an_award_does_not_move_backward(scene):
    make.judge(make.checkin(scene.rider))
    with pytest.raises(DBAPIError, match="never rewritten"), transaction():
        session.execute(text("UPDATE awards SET state = 'pending'"))


def test_a_region_has_one_rule_set(scene):
    with pytest.raises(RuleSetExists), transaction():
        drafting.open_rule_set(
            region_code=people.CITY, title_zh="又", title_en="again", by=scene.editor, at=clock_module.now()
        )


def test_an_editor_elsewhere_may_not_write(scene):
    with transaction():
        elsewhere = people.actor(people.staff("rule-editor", region_code=people.QINHUAI, name="外区"))
    with pytest.raises(Forbidden), transaction():
        drafting.draft_version(
            rule_set_id=scene.version.rule_set_id, rules=[rule()], by=elsewhere, at=clock_module.now()
        )


def test_the_starter_rules_are_published_once(scene):
    with transaction():
        again = publish_starter(
            region_code=people.CITY,
            written_by=scene.editor,
            reviewed_by=scene.reviewer,
            at=clock_module.now(),
        )
        assert again.id == scene.version.id


def test_reviews_and_publications_leave_a_trace(scene):
    with transaction(write=False):
        actions = session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)).all()
    assert actions[-2:] == ["rules.reviewed", "rules.published"]


HOURLY = {"kind": "per_unit", "field": "minutes", "unit": 30, "points": 5}


@pytest.mark.parametrize(
    "wrong, field",
    [
        (rule(when=[when("streak", 7)]), "rules.0.when.0.field"),
        (rule(when=[when("how", "drone")]), "rules.0.when.0.value"),
        (rule(when=[when("how", "scanned", "at_least")]), "rules.0.when.0.op"),
        (rule(when=[when("hour", 24)]), "rules.0.when.0.value"),
        (rule(when=[when("hour", True)]), "rules.0.when.0.value"),
        (rule(when=[when("how", [], "one_of")]), "rules.0.when.0.value"),
        (rule(when=[when("how", ["scanned"] * 51, "one_of")]), "rules.0.when.0.value"),
        (rule(when=[when("station", "1' OR 1=1")]), "rules.0.when.0.value"),
        (rule(when=[when("how", {"a": 1})]), "rules.0.when.0.value"),
        (rule(when=[when("how", "scanned")] * 11), "rules.0.when"),
        (rule(points=0), "rules.0.points.points"),
        (rule(points={"kind": "fixed"}), "rules.0.points.points"),
        (rule(points={"kind": "fixed", "points": 5, "unit": 3}), "rules.0.points.unit"),
        (rule(points=HOURLY), "rules.0.points.field"),
        (rule(points={"kind": "code", "points": 5}), "rules.0.points.kind"),
        (rule("R-01", "hours", HOURLY | {"field": "basis"}), "rules.0.points.field"),
        (rule("R-01", "hours", caps=[cap(per="station", points=5)]), "rules.0.caps"),
        (rule(caps=[cap(points=5, times=5)]), "rules.0.caps.0.points"),
        (rule(caps=[cap()]), "rules.0.caps.0.points"),
        (rule(usable="on_outcome"), "rules.0.usable"),
        (rule(fact="appeal"), "rules.0.fact"),
        (rule(key="first"), "rules.0.key"),
        (rule(exec="import os"), "rules.0.exec"),
    ],
)
def test_a_rule_that_cannot_be_judged_is_refused_by_field(wrong, field):
    with pytest.raises(Invalid) as refused:
        drafting.checked([wrong])
    assert [path for path, _ in flatten(refused.value.fields)] == [field]


def test_a_key_is_used_once():
    with pytest.raises(Invalid):
        drafting.checked([rule("R-01"), rule("R-01")])


def test_there_is_an_end_to_rules():
    with pytest.raises(Invalid):
        drafting.checked([rule(f"R-{number:02}") for number in range(51)])
