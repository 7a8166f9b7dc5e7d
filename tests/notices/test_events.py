"""What the real use cases tell people, through the subscriptions of the running application."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.cases import asking, closing, reporting, triage, working
from app.checkins.checking_in import check_in_by_code, check_in_by_poster
from app.honours.events import CandidatesChosen, HonoursGranted
from app.kernel import clock as clock_module
from app.kernel.db import transaction
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.notices import queries, reminding
from app.notices.telling import text_of
from app.rewards import ordering
from app.rewards.books import refunding
from app.rules.explaining import explain_fact
from app.rules.queries import recorded_fact
from app.volunteering import confirming
from tests import make as people
from tests.rewards import make as rewards
from tests.rules import make
from tests.volunteering import make as volunteering


@pytest.fixture(autouse=True)
def _app(app):
    """The application, wired."""


def told(person_id, locale=None):
    with transaction():
        return [(notice.slug, text_of(notice, locale)) for notice in reversed(queries.inbox(person_id).items)]


class Desk:
    """A rider's report and the two who handle it."""

    def __init__(self):
        self.scene = make.scene()
        with transaction():
            self.rider = people.actor(self.scene.rider)
            self.dispatcher = people.actor(people.staff("dispatcher", region_code=people.CITY, name="调度甲"))
            self.case = self.report()

    def report(self, by=None):
        return reporting.report(
            category="pothole",
            position=people.STATION_POSITION,
            place_words="梅园路口",
            by=by or self.rider,
            at=clock_module.now(),
        )

    def does(self, verb, **more):
        values = {"case_id": self.case.id, "by": self.dispatcher, "at": clock_module.now()} | more
        with transaction():
            return verb(**values)


def test_a_report_accepted_and_resolved(clock):
    desk = Desk()
    desk.does(triage.accept)
    clock.advance(hours=1)
    desk.does(working.resolve, note="坑已经填平了。")
    number = desk.case.number
    assert told(desk.rider.id) == [
        ("points-pending", "随手报被采纳 +5，办结后可用（规则 R-03 第 1 版）。"),
        ("case-accepted", f"{number} 已受理，有人去办了。"),
        ("points-usable", "随手报办结 +10，已经可以用了（规则 R-04 第 1 版）。"),
        ("points-settled", "办结了！随手报被采纳的 5 分可以用了（规则 R-03 第 1 版）。"),
        ("case-resolved", f"{number} 办好了，去看看；没解决可以退回重办。处理说明：坑已经填平了。"),
    ]
    assert desk.scene.points() == (15, 0)


def test_a_report_rejected_says_why():
    desk = Desk()
    desk.does(triage.reject, reason="照片看不清。")
    assert told(desk.rider.id) == [
        ("case-rejected", f"{desk.case.number} 没采纳，可以重拍再报。原因：照片看不清。")
    ]
    assert desk.scene.points() == (0, 0)


def test_a_report_handed_back_and_rejected_gives_pending_points_back():
    desk = Desk()
    desk.does(triage.accept)
    desk.does(working.hand_back, reason="不归我们管")
    desk.does(triage.reject, reason="那里没有坑。")
    assert [slug for slug, _ in told(desk.rider.id)][2:] == ["points-given-back", "case-rejected"]
    assert desk.scene.points() == (0, 0)


def test_a_merged_report_shares_the_outcome(clock):
    desk = Desk()
    with transaction():
        later = people.rider("李师傅")
        second = desk.report(people.actor(later))
    desk.does(triage.accept)
    desk.does(triage.merge, case_id=second.id, into_id=desk.case.id)
    assert (desk.scene.balance(later).usable, desk.scene.balance(later).pending) == (0, 2)
    desk.does(working.resolve, note="坑已经填平了。")
    assert (desk.scene.balance(later).usable, desk.scene.balance(later).pending) == (2, 0)
    assert [slug for slug, _ in told(later.id)] == [
        "points-pending",
        "case-merged",
        "points-settled",
        "case-merged-resolved",
    ]


def test_a_withdrawn_report_leaves_nothing():
    desk = Desk()
    desk.does(closing.withdraw, by=desk.rider)
    assert (told(desk.rider.id), desk.scene.points()) == ([], (0, 0))


def test_a_grievance_is_told_without_a_word_of_it():
    desk = Desk()
    with transaction():
        mediator = people.actor(people.staff("mediator", region_code=people.CITY, name="调解员"))
        desk.case = asking.appeal(
            category="pay", words="拖欠工资三个月", by=desk.rider, at=clock_module.now()
        )
    desk.does(triage.accept, by=mediator)
    assert told(desk.rider.id) == [("case-moved", f"{desk.case.number} 有新进展，点开看看。")]
    assert desk.scene.points() == (0, 0)


def test_confirmed_hours_are_thanked_and_give_points(clock):
    setting = volunteering.setting(starts_in=60, minutes=120)
    with transaction():
        editor = people.actor(people.staff("rule-editor", region_code=people.CITY, name="钱规则"))
        reviewer = people.actor(people.staff("department", region_code=people.CITY, name="孙部门"))
        rider = people.rider()
        scene = make.Scene(editor, reviewer, rider)
        make.in_force(scene, make.STARTER_RULES)
        make.fund(1000)
    clock.advance(hours=4)
    with transaction():
        hours = confirming.witness(
            shift_id=setting.shift.id,
            person_id=rider.id,
            reason="全程在场，没带手机",
            by=setting.organiser,
            at=clock.at,
        )
        assert hours.minutes == 120
    assert told(rider.id) == [
        ("points-usable", "志愿服务时长 +20，已经可以用了（规则 R-06 第 1 版）。"),
        ("hours-confirmed", "“路口文明劝导”的 2 小时已确认，谢谢你。"),
    ]
    assert told(rider.id, "en")[1][1] == "2 h of “路口文明劝导” are confirmed. Thank you."
    assert scene.points() == (20, 0)


@pytest.mark.once
def test_hours_are_told_to_the_half(clock):
    setting = volunteering.setting(starts_in=60, minutes=100)
    clock.advance(hours=4)
    with transaction():
        rider = people.rider()
        whole = {"shift_id": setting.shift.id, "person_id": rider.id, "reason": "全程在场，没带手机"}
        confirming.witness(**whole, by=setting.organiser, at=clock.at)
    assert ("hours-confirmed", "“路口文明劝导”的 1.5 小时已确认，谢谢你。") in told(rider.id)


def test_rejected_hours_say_why(clock):
    setting = volunteering.setting()
    with transaction():
        rider = people.rider()
        hours = confirming.back_fill(
            activity_id=setting.activity.id,
            person_id=rider.id,
            starts_at=clock.at - timedelta(hours=3),
            ends_at=clock.at - timedelta(hours=2),
            reason="忘了扫码",
            by=setting.organiser,
            at=clock.at,
        )
        reviewer = people.actor(people.staff("department", region_code=people.CITY, name="孙部门"))
        confirming.reject(hours_id=hours.id, reason="当天没有排班。", by=reviewer, at=clock.at)
    assert told(rider.id) == [
        ("hours-rejected", "“路口文明劝导”的时长没算上，有疑问请问组织者。原因：当天没有排班。")
    ]


def test_a_voucher_cancelled_and_undone():
    scene = rewards.scene()
    voucher = scene.reserve()
    with transaction():
        ordering.cancel(voucher_id=voucher.id, by=scene.rider, at=clock_module.now())
    scene.undo(scene.hand_over(scene.reserve()))
    assert told(scene.rider.id) == [
        ("voucher-cancelled", "矿泉水的兑换券已取消，20 分已退回。"),
        ("voucher-undone", "驿站撤回了矿泉水的兑换，20 分已退回。没拿到东西请找站长。"),
    ]


@pytest.mark.once
@pytest.mark.parametrize(
    ("approved", "slug", "text"),
    [
        (True, "voucher-refunded", "矿泉水已经退还，20 分退回到你的积分里。"),
        (False, "voucher-refund-declined", "矿泉水的退还没有批准，这次兑换照旧。有疑问请找站长。"),
    ],
    ids=["agreed", "declined"],
)
def test_a_refund_is_told_as_it_was_decided(clock, approved, slug, text):
    scene = rewards.scene()
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    with transaction():
        refund = refunding.ask_refund(
            voucher_id=voucher.id, reason="坏的", came_back=True, by=scene.manager, at=clock.at
        )
        boss = people.actor(people.staff("department", region_code=people.CITY))
        refunding.decide_refund(refund_id=refund.id, approved=approved, by=boss, at=clock.at)
    assert told(scene.rider.id) == [(slug, text)]


def test_a_voucher_is_reminded_of_once_and_its_end_is_told(clock):
    scene = rewards.scene()
    voucher = scene.reserve()
    with transaction():
        assert reminding.remind_of_vouchers(at=clock.at) == 0
    clock.at = voucher.expires_at - timedelta(hours=23)
    with transaction():
        assert reminding.remind_of_vouchers(at=clock.at) == 1
        assert reminding.remind_of_vouchers(at=clock.at) == 0
    clock.at = voucher.expires_at
    rewards.expire()
    assert [slug for slug, _ in told(scene.rider.id)] == ["voucher-expiring", "voucher-expired"]


def test_nobody_is_reminded_of_a_voucher_that_was_given_back(clock):
    scene = rewards.scene()
    voucher = scene.reserve()
    scene.cancel(voucher)
    clock.at = voucher.expires_at - timedelta(hours=1)
    with transaction():
        assert reminding.remind_of_vouchers(at=clock.at) == 0
    assert [slug for slug, _ in told(scene.rider.id)] == ["voucher-cancelled"]


def test_nobody_is_reminded_of_a_voucher_that_is_over_though_not_swept_yet(clock):
    scene = rewards.scene()
    clock.at = scene.reserve().expires_at
    with transaction():
        assert reminding.remind_of_vouchers(at=clock.at) == 0
    assert told(scene.rider.id) == []


def test_candidates_are_asked_for_consent_and_thanked():
    with transaction():
        people.regions()
        rider, selection_id = people.rider(), new_id()
        chosen = {"selection_id": selection_id, "person_ids": (rider.id,), "at": clock_module.now()}
        publish(CandidatesChosen(**chosen))
        publish(HonoursGranted(**chosen, honours={}, region_code=people.CITY, purpose="example"))
    assert told(rider.id) == [
        ("honour-consent", "你被推荐上光荣榜了，愿意公示姓名吗？不同意也照样上榜，名字会遮住。"),
        ("honour-granted", "光荣榜定下来了，上面有你。谢谢你，辛苦了。"),
    ]


def test_a_check_in_by_poster_gives_its_points_and_says_why():
    scene = make.scene()
    with transaction():
        station = people.station()
        made = check_in_by_poster(
            station_id=station.id,
            position=people.STATION_POSITION,
            accuracy_m=15,
            by=people.actor(scene.rider),
            at=clock_module.now(),
        )
    with transaction(write=False):
        explained = explain_fact(recorded_fact("checkin", made.id))
        assert explained.points == 3
        assert explained.why == "为什么：每天首次扫驿站海报签到 +3（规则 R-02 第 1 版）"
    assert (scene.points(), told(scene.rider.id)) == ((3, 0), [])


def test_a_second_check_in_of_the_day_says_come_tomorrow(clock):
    scene = make.scene()
    with transaction():
        station, manager = people.station(), people.staff("station-manager", region_code=people.CITY)
        boss = people.actor(manager)
        check_in_by_code(person_id=scene.rider.id, station_id=station.id, by=boss, at=clock.at)
        clock.advance(hours=5)
        made = check_in_by_code(person_id=scene.rider.id, station_id=station.id, by=boss, at=clock.at)
    with transaction(write=False):
        assert explain_fact(recorded_fact("checkin", made.id)).why == "今天的签到分已领过，明天再来。"
    assert scene.points() == (5, 0)
