"""A merchant's stations are settled on one statement: the sum of theirs, to the point; a settled month never moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.rewards.books import settling, statements
from app.rewards.errors import (
    MerchantNamed,
    MerchantUnknown,
    MonthNotOver,
    MonthSettled,
    NoStations,
    SettlementSignedByYourself,
    StationNotTheirs,
)
from app.rewards.merchants import belonging
from app.rewards.merchants import settling as settling_merchants
from app.rewards.merchants.models import MerchantStatement
from tests import make as common
from tests.crossing import crossed
from tests.owning import without_triggers
from tests.rewards import make
from tests.rewards.test_books import ask, decide, verified
from tests.web.make import browser, desk, person, read, send, wrong_fields

NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)
PLACE = "/desk/rewards/merchants"


@pytest.fixture
def shops(app, clock):
    """A station, another one next door with the same good, and two of the department."""
    here = make.scene()
    with transaction():
        next_door = common.station("隔壁小店", position=make.NEXT_DOOR)
        manager = common.actor(common.staff("station-manager", station_id=next_door.id))
        good = make.reward(next_door, points=30)
    return here, replace(here, station=next_door, manager=manager, reward=good)


@pytest.fixture
def department(shops):
    with transaction():
        return [common.actor(common.staff("department", region_code=common.CITY)) for _ in range(2)]


def named(by, name="小明便利店"):
    at = clock_module.now()
    return make.unit(lambda: belonging.name_merchant(name=name, region_code=common.CITY, by=by, at=at))


def turn(verb, merchant, scene, month, by):
    return make.unit(
        lambda: verb(
            merchant_id=merchant.id,
            station_id=scene.station.id,
            from_month=month,
            by=by,
            at=clock_module.now(),
        )
    )


def settle(merchant, month, by):
    at = clock_module.now()
    return make.unit(
        lambda: settling_merchants.settle_merchant(merchant_id=merchant.id, month=month, by=by, at=at)
    )


def theirs(merchant, month):
    with transaction(write=False):
        return [station.name for station, _ in belonging.stations_in(merchant.id, month)]


@pytest.fixture
def chain(shops, department):
    """Both stations belong to one merchant from November on."""
    merchant = named(department[0])
    for scene in shops:
        turn(belonging.attach, merchant, scene, NOVEMBER, department[0])
    return merchant


def test_the_statement_is_the_sum_of_its_stations_and_of_the_ledger(shops, chain, department, clock):
    here, there = shops
    here.undo(here.hand_over(here.reserve()))
    here.hand_over(here.reserve())
    there.hand_over(there.reserve())
    with pytest.raises(MonthNotOver):
        settle(chain, NOVEMBER, department[0])
    clock.advance(days=10)
    found = settle(chain, NOVEMBER, department[0])
    made = found.statement
    assert (made.opening, made.captured, made.undone, made.closing) == (0, 70, 20, 50)
    assert made.closing == here.owed() + there.owed()
    assert sorted(each.closing for each in found.stations) == [20, 30]
    with pytest.raises(MonthSettled):
        settle(chain, NOVEMBER, department[0])
    with transaction(write=False):
        assert settling_merchants.statements_that_disagree() == []
    make.must_agree()


def test_its_papers_are_the_same_bytes_and_name_each_station(shops, chain, department, clock):
    for scene in shops:
        scene.hand_over(scene.reserve())
    clock.advance(days=10)
    made = settle(chain, NOVEMBER, department[0]).statement
    first = statements.statement_pdf(made), statements.statement_xlsx(made)
    clock.advance(days=3)
    assert (statements.statement_pdf(made), statements.statement_xlsx(made)) == first
    shown = make.sheets(made)
    named_ = [str(row[0]) for row in shown["按驿站"]]
    assert any("隔壁小店" in each for each in named_)
    entries = [row for row in shown["明细"] if isinstance(row[3], int)]
    assert sum(row[3] for row in entries) == made.closing == 50
    assert {row[5] for row in entries} == {scene.station.name for scene in shops}


def test_to_sign_and_pay_it_is_to_sign_and_pay_each_station(shops, chain, department, clock):
    for scene in shops:
        scene.hand_over(scene.reserve())
    clock.advance(days=10)
    made = settle(chain, NOVEMBER, department[0]).statement

    def do(verb, by):
        return make.unit(lambda: verb(statement_id=made.id, by=by, at=clock_module.now()))

    assert do(settling_merchants.sign, department[0]).state == "signed"
    with pytest.raises(SettlementSignedByYourself):
        do(settling_merchants.mark_paid, department[0])
    assert [scene.owed() for scene in shops] == [20, 30]
    assert do(settling_merchants.mark_paid, department[1]).state == "paid"
    assert [scene.owed() for scene in shops] == [0, 0]
    make.must_agree()


def test_a_station_paid_for_itself_is_not_paid_again(shops, chain, department, clock):
    for scene in shops:
        scene.hand_over(scene.reserve())
    clock.advance(days=10)
    found = settle(chain, NOVEMBER, department[0])
    own = next(each for each in found.stations if each.station_id == shops[0].station.id)
    make.unit(lambda: settling.sign(settlement_id=own.id, by=department[0], at=clock.at))
    make.unit(lambda: settling.mark_paid(settlement_id=own.id, by=department[1], at=clock.at))
    with transaction(write=False):
        assert settling_merchants.merchant_month(found.statement.id, department[0]).state == "made"
    for verb, by in ((settling_merchants.sign, department[0]), (settling_merchants.mark_paid, department[1])):
        make.unit(lambda verb=verb, by=by: verb(statement_id=found.statement.id, by=by, at=clock.at))
    assert [scene.owed() for scene in shops] == [0, 0]
    make.must_agree()


def test_a_station_comes_and_goes_by_whole_months(shops, chain, department, clock):
    here, there = shops
    turn(belonging.release, chain, there, DECEMBER, department[0])
    assert (len(theirs(chain, NOVEMBER)), theirs(chain, DECEMBER)) == (2, [here.station.name])
    other = named(department[0], "别家")
    turn(belonging.attach, other, there, JANUARY, department[0])
    assert theirs(other, JANUARY) == ["隔壁小店"]
    assert theirs(chain, JANUARY) == [here.station.name]
    with pytest.raises(StationNotTheirs):
        turn(belonging.release, chain, there, JANUARY, department[0])
    turn(belonging.attach, chain, there, JANUARY, department[0])  # the same month again: who it was said last
    assert (theirs(other, JANUARY), len(theirs(chain, JANUARY))) == ([], 2)


@pytest.mark.usefixtures("owned")
def test_a_month_that_is_settled_stays_as_it_is(shops, chain, department, clock):
    here, there = shops
    here.hand_over(here.reserve())
    clock.advance(days=10)
    settle(chain, NOVEMBER, department[0])
    with pytest.raises(MonthSettled):
        turn(belonging.release, chain, here, NOVEMBER, department[0])
    with pytest.raises(MonthSettled):
        turn(belonging.attach, named(department[0], "别家"), there, NOVEMBER, department[0])
    with pytest.raises(DBAPIError, match="append-only"), transaction():
        session.execute(sa.update(MerchantStatement).values(closing=0, captured=0))


def test_what_a_station_was_owed_before_comes_along(shops, department, clock):
    here, _ = shops
    here.hand_over(here.reserve())
    merchant = named(department[0])
    turn(belonging.attach, merchant, here, DECEMBER, department[0])
    clock.advance(days=10)
    with pytest.raises(NoStations):
        settle(merchant, NOVEMBER, department[0])
    make.unit(
        lambda: settling.settle(station_id=here.station.id, month=NOVEMBER, by=department[0], at=clock.at)
    )
    clock.advance(days=31)
    made = settle(merchant, DECEMBER, department[0]).statement
    assert (made.opening, made.captured, made.closing) == (20, 0, 20)


def test_the_job_makes_last_months_once(shops, chain, department, clock):
    shops[0].hand_over(shops[0].reserve())
    clock.advance(days=10)
    made = [make.unit(lambda: settling_merchants.settle_merchants_due(at=clock.at)) for _ in range(2)]
    assert made == [1, 0]
    with transaction(write=False):
        (found,) = settling_merchants.months_of(chain.id, by=department[0]).items
        assert found.statement.closing == 20


@pytest.mark.once
def test_the_job_leaves_a_day_for_what_is_sent_in_late(shops, chain, clock):
    shops[0].hand_over(shops[0].reserve())
    clock.at = clock_module.city_midnight(DECEMBER)
    clock.advance(minutes=30)
    assert make.unit(lambda: settling_merchants.settle_merchants_due(at=clock.at)) == 0
    clock.advance(days=1)
    assert make.unit(lambda: settling_merchants.settle_merchants_due(at=clock.at)) == 1


@pytest.mark.once
def test_a_station_that_owes_is_carried_forward_and_the_others_are_paid(shops, chain, department, clock):
    here, there = shops

    def settled_and_paid(month):
        found = settle(chain, month, department[0])
        for verb, by in (
            (settling_merchants.sign, department[0]),
            (settling_merchants.mark_paid, department[1]),
        ):
            done = make.unit(
                lambda verb=verb, by=by: verb(statement_id=found.statement.id, by=by, at=clock.at)
            )
        return done

    given_back, _ = (scene.hand_over(scene.reserve()) for scene in shops)
    clock.advance(days=10)
    settled_and_paid(NOVEMBER)
    decide(ask(here, given_back), department[0])
    there.hand_over(there.reserve())
    clock.advance(days=31)
    december = settled_and_paid(DECEMBER)
    assert (december.points_owed, december.state) == (30, "paid")
    assert (here.owed(), there.owed()) == (-20, 0)
    shown = {row[0]: row[1:7] for row in make.sheets(december.statement)["按驿站"]}
    by_station = {
        each.station_id: (f"{each.facts['station']['name']} {each.number}", each)
        for each in december.stations
    }
    for scene, numbers in ((here, (20, 0, -20, -20, -20)), (there, (30, 30, 0, -30, 30))):
        name, own = by_station[scene.station.id]
        assert shown[name] == (*numbers, own.sha256)


@pytest.mark.once
def test_a_station_is_turned_only_by_who_manages_rewards_there_and_that_is_on_record(
    shops, chain, department
):
    here, _ = shops
    with transaction():
        district = common.actor(common.staff("department", region_code=common.XUANWU))
        elsewhere = replace(here, station=common.station("秦淮小店", region_code=common.QINHUAI))
    at = clock_module.now()
    merchant = make.unit(
        lambda: belonging.name_merchant(name="玄武商户", region_code=common.XUANWU, by=district, at=at)
    )
    with pytest.raises(Forbidden):
        turn(belonging.attach, merchant, elsewhere, DECEMBER, district)
    assert theirs(merchant, DECEMBER) == []
    turn(belonging.release, chain, here, DECEMBER, department[0])
    told = {"subject": f"merchant:{chain.id}", "station": here.station.name}
    assert make.recorded("merchant.station-left") == [told | {"since": "2026-12"}]
    assert told | {"since": "2026-11"} in make.recorded("merchant.station-joined")


def test_only_the_department_of_the_region_names_and_turns(shops, chain, department):
    with transaction():
        district = common.actor(common.staff("department", region_code=common.XUANWU))
        auditor = common.actor(common.staff("auditor", region_code=common.CITY))
    with pytest.raises(MerchantUnknown):
        turn(belonging.attach, chain, shops[0], DECEMBER, district)
    with pytest.raises(Forbidden):
        turn(belonging.attach, chain, shops[0], DECEMBER, auditor)
    with pytest.raises(Forbidden):
        named(auditor, "别家")
    with pytest.raises(MerchantNamed):
        named(department[0])


def test_verify_names_a_statement_that_was_touched(app, shops, chain, department, clock):
    shops[0].hand_over(shops[0].reserve())
    clock.advance(days=10)
    made = settle(chain, NOVEMBER, department[0]).statement
    assert verified(app)[0] == 0
    with transaction():
        without_triggers()
        session.execute(sa.update(MerchantStatement).values(sha256="0" * 64))
    code, said = verified(app)
    assert (code, made.number in said) == (1, True)


def test_the_pages_name_attach_settle_sign_and_pay(app, shops, clock):
    here, _ = shops
    here.hand_over(here.reserve())
    first, second = desk(app, "department"), desk(app, "department")
    assert f'href="{PLACE}"' in first.get("/desk/rewards").text
    gone = send(first, PLACE, PLACE, name="小明便利店", region_code=common.CITY)
    assert gone.status_code == 303
    own = gone.headers["Location"].split("?")[0]
    station = str(here.station.id)
    again = send(first, PLACE, PLACE, name="小明便利店", region_code=common.CITY)
    assert again.status_code == 409
    joined = send(first, own, f"{own}/stations", station_id=station, from_month=NOVEMBER.isoformat())
    assert joined.status_code == 303
    assert here.station.name in first.get(own).text
    counter = browser(app, person(here.manager))
    assert "本站归商户“小明便利店”结算" in counter.get(f"/station/{station}/settlements").text
    clock.advance(days=10)
    assert send(first, own, f"{own}/statements").status_code == 303
    with transaction(write=False):
        statement_id = session.scalars(sa.select(MerchantStatement.id)).one()
    sheet = f"{own}/statements/{statement_id}"
    assert send(first, own, f"{sheet}/sign").status_code == 303
    assert f"{sheet}/paid" not in first.get(own).text
    paper = first.get(f"/api/v1/merchant-statements/{statement_id}/statement.pdf")
    assert paper.data.startswith(b"%PDF")
    assert send(second, own, f"{sheet}/paid").status_code == 303
    assert here.owed() == 0
    assert "已付讫" in second.get(own).text
    left = send(first, own, f"{own}/stations/release", station_id=station, from_month=DECEMBER.isoformat())
    assert left.status_code == 303
    clock.advance(days=31)
    assert "out-" + station not in first.get(own).text


def test_a_month_later_its_balance_follows_from_the_one_before(shops, chain, department, clock):
    here, _ = shops
    here.hand_over(here.reserve())
    clock.advance(days=10)
    first = settle(chain, NOVEMBER, department[0]).statement
    clock.advance(days=31)
    second = settle(chain, NOVEMBER + timedelta(days=31), department[0]).statement
    assert second.opening == first.closing


def test_a_station_that_is_given_to_another_meanwhile_is_not_released(shops, chain, department, clock):
    other = named(department[0], "别家")
    more = {"station_id": shops[0].station.id, "from_month": DECEMBER, "by": department[0], "at": clock.at}
    both = crossed(
        lambda: belonging.attach(merchant_id=other.id, **more).merchant_id,
        lambda: belonging.release(merchant_id=chain.id, **more).merchant_id,
    )
    assert both.then == "station-not-theirs"


@pytest.mark.once
def test_a_merchant_whose_stations_were_settled_with_a_later_month_keeps_no_other_waiting(
    shops, department, clock
):
    for scene, name in zip(shops, ("甲商户", "乙商户"), strict=True):
        turn(belonging.attach, named(department[0], name), scene, NOVEMBER, department[0])
        scene.hand_over(scene.reserve())
    clock.at = clock_module.city_midnight(JANUARY)  # when the job still looks at November
    more = {"station_id": shops[0].station.id, "month": DECEMBER, "by": department[0], "at": clock.at}
    make.unit(lambda: settling.settle(**more))
    assert make.unit(lambda: settling_merchants.settle_merchants_due(at=clock.at)) == 1


def test_a_refused_form_of_one_station_is_not_taken_for_another_ones(app, shops, chain, department):
    own = f"{PLACE}/{chain.id}"
    client = browser(app, person(department[0]))
    for station in (shops[0].station.id, shops[1].station.id):
        refused = send(client, own, f"{own}/stations/release", station_id=str(station), from_month="")
        assert refused.status_code == 422
        tags = read(refused.text).tags
        ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert [
            attributes["id"] for tag, attributes in tags if tag == "details" and "open" in attributes
        ] == [f"out-{station}"]
        assert len(wrong_fields(refused.text)) == 1
