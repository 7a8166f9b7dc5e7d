"""The counter: look, hand over once at the right station, take back within a quarter of an hour."""

from __future__ import annotations

from datetime import date

import pytest

from app.codes.errors import CodeChecksum, CodeForged
from app.codes.kinds import voucher as voucher_code
from app.kernel.db import transaction
from app.kernel.errors import Forbidden
from app.ledger import queries as ledger
from app.ledger.errors import PointsShort
from app.places.hours import every_day
from app.rewards import redemption
from app.rewards.books import queries as books
from app.rewards.errors import (
    PickUpClosed,
    UndoTooLate,
    VoucherCancelled,
    VoucherExpired,
    VoucherHandedOver,
    VoucherNotHandedOver,
    VoucherOtherStation,
    VoucherUndone,
    VoucherUnknown,
)
from app.rewards.events import RedemptionUndone, RewardHandedOver, RewardReserved
from tests import make as common
from tests.ledger.make import give_until, lots
from tests.rewards import make


def preview(scene, voucher, station=None, by=None):
    where = (station or scene.station).id
    return make.unit(
        lambda: redemption.preview(
            serial=voucher.serial, station_id=where, by=by or scene.manager, at=make.clock.now()
        )
    )


def another_station():
    with transaction():
        station = common.station("新街口驿站", position=make.NEXT_DOOR)
        return station, common.actor(common.staff("station-manager", station_id=station.id, name="赵站长"))


def test_it_shows_what_is_promised_and_to_whom_masked(app):
    scene = make.scene()
    shown = preview(scene, scene.reserve())
    assert (shown.reward.name_zh, shown.voucher.points, shown.rider) == ("矿泉水", 20, "王*明")
    assert shown.seconds_left > 7 * 86_400
    assert scene.stock() == (5, 1)


@pytest.mark.once
def test_outside_its_hours_it_is_not_even_shown(app):
    """A member of staff who sees the preview would take the thing off the shelf."""
    scene = make.scene(pick_up_hours=every_day("08:00", "12:00"))
    with pytest.raises(PickUpClosed) as refusal:
        preview(scene, scene.reserve())
    assert "08:00" in refusal.value.facts["opens_at"]


def test_it_moves_points_and_stock_together(app):
    scene = make.scene()
    voucher = scene.reserve()
    with make.listening(RewardHandedOver) as heard:
        done = scene.hand_over(voucher)
    assert (scene.balance(), scene.stock(), scene.owed()) == ((80, 0), (4, 0), 20)
    assert (done.state, done.handed_over_by) == ("handed_over", scene.manager.person_id)
    assert [each.station_id for each in heard] == [scene.station.id]
    make.must_agree()


def test_it_tells_the_rider_what_the_points_went_for(app):
    scene = make.scene()
    scene.hand_over(scene.reserve())
    with transaction(write=False):
        entry = ledger.statement(scene.rider.id).items[0]
        assert entry.amount == -20
        assert entry.transaction.words["reward"] == {"zh": "矿泉水", "en": "Water"}


def test_the_second_time_it_says_when_it_was_handed_over(app, clock):
    scene = make.scene()
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=3)
    with pytest.raises(VoucherHandedOver) as refusal:
        scene.hand_over(voucher)
    assert refusal.value.facts["handed_over_at"] == voucher.handed_over_at
    with pytest.raises(VoucherHandedOver):
        preview(scene, voucher)
    assert (scene.stock(), scene.owed()) == ((4, 0), 20)


def test_another_station_is_told_which_one_it_is(app):
    scene = make.scene()
    voucher = scene.reserve()
    other, manager = another_station()
    for call in (
        lambda: preview(scene, voucher, other, manager),
        lambda: scene.hand_over(voucher, other, manager),
    ):
        with pytest.raises(VoucherOtherStation) as refusal:
            call()
        assert refusal.value.facts["station"] == "梅园驿站"
    assert scene.stock() == (5, 1)


def test_the_manager_of_another_station_may_do_nothing_here(app):
    scene = make.scene()
    voucher = scene.reserve()
    _, manager = another_station()
    for call in (lambda: preview(scene, voucher, by=manager), lambda: scene.hand_over(voucher, by=manager)):
        with pytest.raises(Forbidden):
            call()
    scene.hand_over(voucher)
    with pytest.raises(Forbidden):
        scene.undo(voucher, by=manager)
    with pytest.raises(Forbidden):
        scene.hand_over(voucher, by=scene.rider)


def test_an_overdue_voucher_is_refused_before_and_after_the_sweep(app, clock):
    scene = make.scene()
    voucher = scene.reserve()
    clock.at = voucher.expires_at
    with pytest.raises(VoucherExpired):
        scene.hand_over(voucher)
    make.expire()
    with pytest.raises(VoucherExpired):
        scene.hand_over(voucher)
    assert (scene.balance(), scene.owed()) == ((100, 0), 0)


def test_it_is_good_until_the_very_last_moment(app, clock):
    scene = make.scene()
    voucher = scene.reserve()
    clock.at = voucher.expires_at
    clock.advance(microseconds=-1)
    assert scene.hand_over(voucher).state == "handed_over"


def test_a_cancelled_voucher_is_refused(app):
    scene = make.scene()
    voucher = scene.cancel(scene.reserve())
    with pytest.raises(VoucherCancelled):
        scene.hand_over(voucher)


def test_at_the_counter_it_reserves_and_hands_over_in_one_go(app):
    scene = make.scene()
    with make.listening(RewardReserved, RewardHandedOver) as heard:
        voucher = make.unit(lambda: _at_counter(scene, scene.manager))
    assert voucher.state == "handed_over"
    assert (scene.balance(), scene.stock(), scene.owed()) == ((80, 0), (4, 0), 20)
    assert [type(each).__name__ for each in heard] == ["RewardReserved", "RewardHandedOver"]


def test_the_counter_takes_nothing_from_a_rider_without_points(app):
    scene = make.scene(points=19)
    with pytest.raises(PointsShort):
        make.unit(lambda: _at_counter(scene, scene.manager))
    assert (scene.balance(), scene.stock()) == ((19, 0), (5, 0))


def test_only_staff_of_the_station_serve_at_its_counter(app):
    scene = make.scene()
    _, manager = another_station()
    for by in (manager, scene.rider):
        with pytest.raises(Forbidden):
            make.unit(lambda by=by: _at_counter(scene, by))


def _at_counter(scene, by):
    return redemption.hand_over_at_counter(
        person_id=scene.rider.id,
        reward_id=scene.reward.id,
        station_id=scene.station.id,
        by=by,
        at=make.clock.now(),
    )


def test_undoing_posts_new_entries_and_puts_the_item_back(app, clock):
    scene = make.scene()
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=15)
    with make.listening(RedemptionUndone) as heard:
        undone = scene.undo(voucher)
    assert (scene.balance(), scene.stock(), scene.owed()) == ((100, 0), (5, 0), 0)
    assert (undone.state, undone.handed_over_at) == ("undone", voucher.handed_over_at)
    assert len(heard) == 1
    with transaction(write=False):
        assert [each.amount for each in ledger.statement(scene.rider.id).items] == [20, -20, 100]
    make.must_agree()


def test_undone_points_run_out_on_the_day_they_would_have(app):
    scene = make.scene()
    with transaction():
        give_until(scene.rider.id, 5, date(2026, 12, 1))
        before = lots(scene.rider.id)
    scene.undo(scene.hand_over(scene.reserve()))
    with transaction():
        assert lots(scene.rider.id) == before


def test_after_a_quarter_of_an_hour_it_is_too_late_to_undo(app, clock):
    scene = make.scene()
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=15, microseconds=1)
    with pytest.raises(UndoTooLate):
        scene.undo(voucher)
    assert scene.owed() == 20


def test_it_is_undone_once_and_only_after_a_hand_over(app):
    scene = make.scene()
    voucher = scene.reserve()
    with pytest.raises(VoucherNotHandedOver):
        scene.undo(voucher)
    scene.undo(scene.hand_over(voucher))
    with pytest.raises(VoucherUndone):
        scene.undo(voucher)
    with pytest.raises(VoucherUndone):
        scene.hand_over(voucher)
    assert (scene.balance(), scene.stock()) == ((100, 0), (5, 0))


def test_scanned_link_and_typed_digits_name_the_same_voucher(app):
    serial = make.scene().reserve().serial
    code = voucher_code.make(serial)
    at = make.clock.now()
    for text in (code, f" {code}\n", serial, f"{serial[:4]} {serial[4:]}"):
        assert redemption.serial_of(text, at=at) == serial


def test_a_guessed_or_mistyped_code_is_refused(app):
    code = voucher_code.make(make.scene().reserve().serial)
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    with pytest.raises(CodeChecksum):
        redemption.serial_of(wrong, at=make.clock.now())
    with pytest.raises((CodeForged, CodeChecksum)):
        redemption.serial_of("91" + "0" * 24, at=make.clock.now())


def test_an_unknown_serial_is_unknown(app):
    scene = make.scene()
    with pytest.raises(VoucherUnknown), transaction():
        redemption.preview(
            serial="0" * 13, station_id=scene.station.id, by=scene.manager, at=make.clock.now()
        )


def test_the_day_list_shows_what_stands_and_what_was_undone(app, clock):
    scene = make.scene()
    scene.hand_over(scene.reserve())
    scene.undo(scene.hand_over(scene.reserve()))
    waiting = scene.reserve()
    with transaction(write=False):
        day = books.today_at(scene.station.id, clock.at)
    assert (day.handed_over, day.undone, day.points, day.waiting) == (1, 1, 20, 1)
    assert {line.rider for line in day.lines} == {"王*明"}
    clock.advance(days=1)
    with transaction(write=False):
        assert books.today_at(scene.station.id, clock.at).lines == []
    clock.at = waiting.expires_at
    with transaction(write=False):
        assert books.today_at(scene.station.id, clock.at).waiting == 0  # overdue, whether or not it is swept
