"""A dry run over many facts is a job: it tells how far it is, survives its worker, stops when nobody wants it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.kernel import clock as clock_module
from app.kernel import working
from app.kernel.db import in_transaction, session, transaction
from app.kernel.jobs import Job
from app.rules import drafting, queries, recalling, trying
from app.rules.errors import DryRunOver, VersionNotFound
from app.rules.models import DryRun, RuleSetVersion
from app.rules.working_out import WorkingOut, work_out
from tests import make as people
from tests.rules import make
from tests.rules.make import cap, rule
from tests.web.make import browser

RULES = [rule(points=5, caps=[cap(period="week", times=3)])]
FACTS = 7


@pytest.fixture
def many(app, clock, monkeypatch):
    """Seven facts are many, and a part holds two of them. A draft stands beside the version in force."""
    monkeypatch.setattr(trying, "MAX_FACTS_AT_ONCE", FACTS - 1)
    monkeypatch.setattr(recalling, "PART", 2)
    scene = make.scene(RULES)
    for _ in range(FACTS):
        clock.advance(hours=20)
        make.judge(make.checkin(scene.rider))
    with transaction():
        scene.version = drafting.draft_version(
            rule_set_id=scene.version.rule_set_id, rules=[rule(points=9)], by=scene.editor, at=clock()
        )
    return scene


def asked(scene, days=20):
    with transaction():
        return make.try_out(scene.version.id, scene.editor, days=days).id


def run(run_id) -> DryRun:
    with transaction():
        return session.get_one(DryRun, run_id)


def state_of(scene) -> str:
    with transaction(write=False):
        return session.get_one(RuleSetVersion, scene.version.id).state


def test_it_waits_for_a_job_and_comes_to_what_it_would_have_at_once(many, clock):
    run_id = asked(many)
    waiting = run(run_id)
    assert (waiting.state, waiting.facts, waiting.facts_read, waiting.result) == ("waiting", FACTS, 0, None)
    assert state_of(many) == "draft"
    working.run_due(at=clock())
    done = run(run_id)
    assert (done.state, done.facts_read, state_of(many)) == ("done", FACTS, "tried")
    with transaction(write=False):
        period = recalling.Period(done.from_on, done.until_on)
        assert done.result == work_out(queries.version(many.version.id), period, at=clock())
    assert done.result["points"] == {"draft": 9 * FACTS, "before": sum(many.points())}


def test_it_tells_how_far_it_is_and_holds_nothing_open_meanwhile(many, clock, monkeypatch):
    run_id, far = asked(many), []
    real = working._keep_lease

    def beating(mine, at):
        far.append(session.get_one(DryRun, run_id).facts_read)
        real(mine, at)

    monkeypatch.setattr(working, "_keep_lease", beating)
    working.run_due(at=clock())
    assert far == [2, 4, 6, 7]


def test_a_worker_that_dies_leaves_it_to_the_next(many, clock, monkeypatch):
    run_id = asked(many)
    real = WorkingOut.judge

    def killed(steps, part):
        if steps.read >= 4:
            raise SystemExit  # as a killed process: nothing is tidied up
        return real(steps, part)

    monkeypatch.setattr(WorkingOut, "judge", killed)
    with pytest.raises(SystemExit):
        working.run_due(at=clock())
    assert (run(run_id).state, run(run_id).facts_read) == ("waiting", 4)
    monkeypatch.setattr(WorkingOut, "judge", real)
    clock.advance(seconds=61)
    working.run_due(at=clock())
    assert (run(run_id).state, run(run_id).facts_read) == ("done", FACTS)


def test_one_that_kills_every_worker_is_given_up_in_words(many, clock, monkeypatch):
    run_id = asked(many)
    monkeypatch.setattr(WorkingOut, "judge", lambda steps, part: 1 // 0)
    for _ in range(4):
        working.run_due(at=clock())
        clock.advance(hours=2)
    working.run_due(at=clock())
    assert (run(run_id).state, run(run_id).why) == ("failed", "lost")
    with transaction(write=False):
        assert session.scalar(sa.select(Job.state).where(Job.key == str(run_id))) == "failed"
        assert trying.run_under_way(many.version).id == run_id
    assert run(asked(many)).state == "waiting"  # it may be asked for again


def test_it_stops_when_nobody_wants_it_any_more(many, clock, monkeypatch):
    run_id, settle = asked(many), trying._settle

    def tell(this, **values):
        if values.get("facts_read") == 4:
            trying.cancel(run_id=run_id, by=many.editor, at=clock())
        return settle(this, **values)

    monkeypatch.setattr(trying, "_settle", tell)
    results = [each.result for each in working.run_due(at=clock()) if each.kind == trying.TRY]
    assert results == ["cancelled"]
    assert (run(run_id).state, run(run_id).result, state_of(many)) == ("cancelled", None, "draft")
    with pytest.raises(DryRunOver), transaction():
        trying.cancel(run_id=run_id, by=many.editor, at=clock())


def test_what_was_stopped_before_it_began_does_nothing(many, clock):
    run_id = asked(many)
    with transaction():
        trying.cancel(run_id=run_id, by=many.editor, at=clock())
    working.run_due(at=clock())
    assert run(run_id).state == "cancelled"


def test_a_slow_worker_does_not_overwrite_what_another_finished(many, clock, monkeypatch):
    run_id = asked(many)
    late = []
    real = trying._finish
    monkeypatch.setattr(trying, "_finish", lambda *given: late.append(given))
    working.run_due(at=clock())
    monkeypatch.setattr(trying, "_finish", real)
    in_transaction(lambda: real(*late[0]))
    first = run(run_id)
    in_transaction(lambda: real(run_id, {"other": True}, clock() + timedelta(hours=1)))
    assert (run(run_id).result, run(run_id).done_at) == (first.result, first.done_at)


def test_asking_twice_is_once_and_another_period_takes_its_place(many, clock):
    first = asked(many)
    assert asked(many) == first
    second = asked(many, days=19)
    assert (run(first).state, run(second).state) == ("cancelled", "waiting")
    with pytest.raises(IntegrityError), transaction():
        session.get_one(DryRun, first).state = "waiting"
        session.flush()


def test_a_wording_that_was_changed_meanwhile_is_not_called_tried(many, clock, monkeypatch):
    run_id = asked(many)
    real = trying._finish

    def changed_first(this, told, at):
        drafting.change_draft(version_id=many.version.id, rules=[rule(points=1)], by=many.editor, at=at)
        real(this, told, at)

    monkeypatch.setattr(trying, "_finish", changed_first)
    working.run_due(at=clock())
    assert (run(run_id).state, state_of(many)) == ("done", "draft")
    with transaction(write=False):
        assert trying.latest_run(session.get_one(RuleSetVersion, many.version.id)) is None


def test_a_wording_that_was_changed_before_it_began_is_not_tried(many, clock):
    run_id = asked(many)
    with transaction():
        drafting.change_draft(version_id=many.version.id, rules=[rule(points=1)], by=many.editor, at=clock())
    working.run_due(at=clock())
    assert run(run_id).result is None
    assert run(run_id).state == "cancelled"


def test_only_who_may_try_may_stop(many, clock):
    run_id = asked(many)
    with transaction():
        stranger = people.actor(people.staff("auditor", region_code=people.CITY))
    with pytest.raises(VersionNotFound), transaction():
        trying.cancel(run_id=run_id, by=stranger, at=clock())
    assert run(run_id).state == "waiting"


def test_the_page_shows_how_far_it_is_without_any_script(app, many, clock):
    with transaction():
        editor = people.people.person(many.editor.person_id)
    desk = browser(app, editor)
    path = f"/desk/rules/{many.version.id}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', desk.get(path).text).group(1)
    days = {"from_on": (clock_module.city_day(clock()) - timedelta(days=20)).isoformat()}
    days |= {"until_on": clock_module.city_day(clock()).isoformat(), "csrf_token": token}
    assert desk.post(f"{path}/dry-run", data=days).status_code == 303
    page = desk.get(path).text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert re.search(rf'<progress max="{FACTS}" value="0"', page)
    (run_id,) = re.findall(rf"{path}/dry-runs/([0-9a-f-]+)/cancel", page)
    assert desk.post(f"{path}/dry-runs/{run_id}/cancel", data={"csrf_token": token}).status_code == 303
    assert "<progress" not in desk.get(path).text
    assert desk.post(f"{path}/dry-run", data=days).status_code == 303
    working.run_due(at=clock())
    page = desk.get(path).text
    assert "<progress" not in page
    assert 'id="dry-run"' in page
