"""Two districts of the same shape, everything of value in one of them, and somebody of every role on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.checkins.checking_in import check_in_by_code
from app.codes import presenting, reading
from app.codes.kinds import shift as shift_code
from app.codes.kinds import station as station_code
from app.codes.kinds import voucher as voucher_code
from app.codes.kinds.personal import PersonalCode
from app.codes.showing import show_personal_code
from app.doubts.models import LOOK_WITHIN, Doubt
from app.honours.exporting import make_export
from app.honours.models import Candidate
from app.identity import proposing, signing_in
from app.identity.actors import Actor
from app.identity.models import Grant, NumberMove, Person, RiderReturn
from app.identity.permissions import AT_A_STATION, ROLES
from app.identity.secrets_kept import hash_password
from app.kernel import clock
from app.kernel.db import session, transaction
from app.ledger import correcting, debt_policies, reversing
from app.ledger import queries as ledger
from app.ledger.accounts import wallet_of
from app.media.accepting import accept_photo
from app.notices.models import Notice
from app.places.models import Station
from app.rewards.books import closing, settling
from app.rewards.books.models import Refund
from app.rewards.merchants import belonging
from app.rewards.merchants.models import MerchantLine, MerchantStatement
from app.rules.campaigns import declare_campaign
from app.rules.drafting import draft_version
from app.rules.models import Award, DryRun
from app.rules.unwinding import ask_to_unwind
from app.sync.models import LEASE_LIVES, LEASE_POINTS, Conflict, Lease, StationDevice, SyncItem
from app.volunteering import confirming
from app.volunteering.models import Hours
from app.volunteering.queries import activity
from app.volunteering.signing_up import sign_up
from tests import make
from tests.cases import make as cases
from tests.databases import built_once
from tests.honours import make as honours
from tests.media.make import jpeg
from tests.rewards import make as rewards
from tests.rules import make as rules
from tests.volunteering import make as volunteering

HERE, THERE = make.XUANWU, make.QINHUAI
OWNER, RIDER, ANONYMOUS = "owner", "rider", "anonymous"


@dataclass
class World:
    """Who there is, and the ids of what belongs to the owner and to the district HERE, by the names of addresses."""

    people: dict[str, Person] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    personal = (
        "陶师傅",
        "陶小测",
        "陶*测",
        "邹师傅",
        "邹大测",
        "邹*测",
        "13800138001",
        "13800138002",
    )  # the riders'
    private: set[str] = field(default_factory=set)  # ids that only their owner and the staff of HERE may read

    def actor(self, name: str) -> Actor:
        return self.actors[name]

    def keep(self, name: str, found: Any, *, private: bool = False) -> None:
        """Remember a thing by the name its address has."""
        self.ids[name] = getattr(found, "id", found)
        if private:
            self.private.add(str(self.ids[name]))


@built_once
def build() -> World:
    """The whole of it, in a few units of work."""
    world = World()
    with transaction():
        make.regions()
        here, there = make.station(), make.station("秦淮驿站", region_code=THERE)
        world.keep("station_id", here)
        _people(world, here, there)
    _rules(world)
    with transaction():
        _presence(world, here)
        _reports(world)
    _service(world)
    _goods(world, here)
    with transaction():
        _cut_off(world, here)
    _honours(world)
    with transaction():
        _traces(world)
    return world


def _people(world: World, here: Station, there: Station) -> None:
    home = {"home_region_code": make.COMMUNITY}
    world.people[OWNER] = make.rider("陶师傅", name="陶小测", phone="+8613800138001", **home)
    world.people[RIDER] = make.rider("邹师傅", name="邹大测", phone="+8613800138002", **home)
    for role in ROLES:
        for side, region, station in (("", HERE, here), ("-there", THERE, there)):
            place: dict[str, Any] = (
                {"station_id": station.id} if role in AT_A_STATION else {"region_code": region}
            )
            world.people[role + side] = make.staff(role, name=f"职员{role}", **place)
    world.people["admin-city"] = make.staff("admin", region_code=make.CITY, name="职员总")
    world.people["admin-city"].password_hash = hash_password("for nobody to know")
    world.people["dispatcher"].password_hash = hash_password("for nobody to know")
    world.people["auditor-city"] = make.staff("auditor", region_code=make.CITY, name="职员审")
    world.actors = {name: make.actor(someone) for name, someone in world.people.items()}
    moving = NumberMove(
        person_id=world.people[OWNER].id, station_id=here.id, new_phone="+8613900139999", reason="换号",
        asked_by=world.people["station-manager"].id, asked_at=clock.now(),
    )  # fmt: skip
    session.add(moving)
    session.flush()
    world.keep("move_id", moving, private=True)
    _lost_phones(world, here)
    held = session.scalars(select(Grant).where(Grant.person_id == world.people["dispatcher"].id)).one()
    world.keep("grant_id", held, private=True)
    world.keep("person_id", world.people[OWNER])
    world.keep("staff", world.people["dispatcher"])
    world.keep("staff_id", world.people["dispatcher"])
    proposed = proposing.propose(
        person_id=world.people["organiser"].id, role="auditor", region_code=HERE, station_id=None,
        by=world.actor("admin-city"), at=clock.now(),
    )  # fmt: skip
    world.keep("appointment_id", proposed, private=True)


def _lost_phones(world: World, here: Station) -> None:
    """Somebody whom this station invited, and somebody whom it has asked to let in anew."""
    at, manager = clock.now(), world.actor("station-manager")
    _, token, pin = signing_in.invite_rider(station_id=here.id, by=manager, at=at)
    signing_in.sign_in_with_invite(token=token, pin=pin, nickname="苗师傅", consent=True, at=at)
    asked = RiderReturn(
        person_id=world.people[OWNER].id,
        station_id=here.id,
        reason="手机丢了",
        asked_by=manager.id,
        asked_at=at,
    )
    session.add(asked)
    session.flush()
    world.keep("return_id", asked, private=True)


def _rules(world: World) -> None:
    with transaction():
        made = rules.Scene(world.actor("rule-editor"), world.actor("department"), world.people[OWNER])
        version = rules.in_force(made, rules.STARTER_RULES, region_code=HERE)
        rules.fund(10_000, HERE)
        world.keep("version_id", version)
        world.keep("rule_set_id", version.rule_set_id)
    with transaction():
        at, editor = clock.now(), world.actor("rule-editor")
        draft = draft_version(rule_set_id=version.rule_set_id, rules=[rules.rule()], by=editor, at=at)
        world.ids |= {"draft": draft.id, "fact": "checkin", "key": "R-01"}
        tried = DryRun(
            version_id=draft.id, wording="", from_on=at.date(), until_on=at.date(), asked_by=editor.person_id,
            asked_at=at, state="waiting", facts=10**6, facts_read=0,
        )  # fmt: skip
        session.add(tried)
        session.flush()
        world.keep("run_id", tried)
        campaign = declare_campaign(
            region_code=HERE, kind="weather", title_zh="高温", title_en="Heat",
            ends_at=at + timedelta(days=2), by=world.actor("department"), at=at,
        )  # fmt: skip
        world.keep("campaign_id", campaign)


def _presence(world: World, here: Station) -> None:
    at, owner = clock.now(), world.actor(OWNER)
    checkin = check_in_by_code(
        person_id=owner.id, station_id=here.id, by=world.actor("station-manager"), at=at
    )
    world.keep("checkin_id", checkin, private=True)
    world.keep("kind", "checkin")
    world.keep("fact_id", checkin)
    award = session.scalars(select(Award).where(Award.person_id == owner.id)).one()
    world.keep("award_id", award, private=True)
    entry = ledger.statement(owner.id).items[0]
    world.keep("entry_id", entry, private=True)
    world.ids["/S/"] = station_code.make(here.short_code).rsplit("/", 1)[-1]


def _cut_off(world: World, here: Station) -> None:
    """A tablet of the station, its lease, and a scan of the owner that came back too late."""
    at, owner = clock.now(), world.people[OWNER]
    device = StationDevice(station_id=here.id, name="平板", public_key="k", enrolled_at=at)
    session.add(device)
    session.flush()
    world.keep("device_id", device, private=True)
    lease = Lease(
        device_id=device.id, station_id=here.id, granted_at=at, ends_at=at + LEASE_LIVES, points_limit=LEASE_POINTS,
        heard_at=at,
    )  # fmt: skip
    session.add(lease)
    session.flush()
    item = SyncItem(
        kind="scan", body="{}", person_id=owner.id, station_id=here.id, lease_id=lease.id, seq=1, hash="0" * 64,
        happened_at=at, arrived_at=at, settled_at=at, state="review", slug="arrived-too-late",
    )  # fmt: skip
    session.add(item)
    session.flush()
    evidence = {"kind": "scan", "device": device.name, "seq": 1, "clock_offset_s": 0} | {
        name: at.isoformat() for name in ("happened_at", "arrived_at", "lease_from", "lease_until")
    }
    found = Conflict(
        item_id=item.id, slug=item.slug, region_code=here.region_code, station_id=here.id, person_id=owner.id,
        evidence=evidence, opened_at=at,
    )  # fmt: skip
    session.add(found)
    session.flush()
    world.keep("conflict_id", found, private=True)


def _reports(world: World) -> None:
    photo = accept_photo(data=jpeg(), purpose="report", by=world.actor(OWNER), at=clock.now())
    case = cases.report(world.people[OWNER], photo_ids=[photo.id])
    world.keep("case_id", case, private=True)
    world.keep("media_id", photo, private=True)
    other = cases.report(world.people[RIDER], category="rubbish")
    world.ids["into_id"], world.ids["number"] = other.id, other.number


def _service(world: World) -> None:
    organiser, owner = world.actor("organiser"), world.actor(OWNER)
    with transaction():
        about = volunteering.activity(organiser)
        shift, later = (
            volunteering.shift(about, organiser),
            volunteering.shift(about, organiser, starts_in=600),
        )
        sign_up(shift_id=later.id, by=owner, at=clock.now())
        world.keep("activity_id", about)
        world.keep("shift_id", later)
        world.ids["/T/"] = shift_code.make(later.short_code, clock.now()).rsplit("/", 1)[-1]
    world.keep("attendance_id", volunteering.attend(shift, owner), private=True)
    with transaction():
        begins = clock.now() - timedelta(days=2)
        filled = confirming.back_fill(
            activity_id=about.id, person_id=owner.id, starts_at=begins, ends_at=begins + timedelta(hours=1),
            reason="手机没电", by=organiser, at=clock.now(),
        )  # fmt: skip
        world.ids["backfilled_id"] = filled.id
        pending = session.scalars(select(Hours).where(Hours.basis == "proven")).one()
        world.keep("hours_id", pending, private=True)


def _goods(world: World, here: Station) -> None:
    owner, manager = world.actor(OWNER), world.actor("station-manager")
    with transaction():
        rewards.give(owner.id, 200)
        rewards.give(world.people[RIDER].id, 200)
        reward = rewards.reward(here, region_code=HERE)
        world.keep("reward_id", reward)
    with transaction():
        world.keep("voucher_id", rewards.reserve(reward, here, owner), private=True)
        world.ids["serial"] = rewards.reserve(reward, here, owner).serial
        world.ids["code"] = voucher_code.make(world.ids["serial"])
    _books(world, here, manager)
    with transaction():  # something went over the counter today
        rewards.hand_over(rewards.reserve(reward, here, world.actor(RIDER)), here.id, manager)
    with transaction():
        digits = show_personal_code(by=owner, at=clock.now()).digits
        shown = reading.read(digits, at=clock.now())
        assert isinstance(shown, PersonalCode)
        seen = presenting.present_personal_code(code=shown, station_id=here.id, by=manager, at=clock.now())
        world.keep("session_id", seen.session)
        world.ids["digits"] = digits


def _books(world: World, here: Station, manager: Actor) -> None:
    at, voucher_id = clock.now(), world.ids["voucher_id"]
    with transaction():
        asked = Refund(
            voucher_id=voucher_id,
            station_id=here.id,
            reason="坏了",
            came_back=False,
            asked_by=manager.id,
            asked_at=at,
        )
        session.add(asked)
        session.flush()
        world.keep("refund_id", asked, private=True)
    with transaction():
        counts = [closing.Counted(world.ids["reward_id"], 5)]
        yesterday = clock.city_day(at) - timedelta(days=1)
        closed = closing.close_day(station_id=here.id, day=yesterday, counts=counts, by=manager, at=at)
        world.keep("close_id", closed, private=True)
        last_month = yesterday.replace(day=1) - timedelta(days=1)
        made = settling.settle(station_id=here.id, month=last_month, by=manager, at=at)
        world.keep("settlement_id", made, private=True)
    with transaction():
        department = world.actor("department")
        merchant = belonging.name_merchant(name="一家商户", region_code=HERE, by=department, at=at)
        world.keep("merchant_id", merchant, private=True)
        belonging.attach(
            merchant_id=merchant.id, station_id=here.id, from_month=yesterday, by=department, at=at
        )
        statement = MerchantStatement(
            number="SH1", merchant_id=merchant.id, month=last_month, opening=0, captured=0, undone=0, refunded=0,
            paid=0, other=0, closing=0, facts=made.facts | {"merchant": {"name": "一家商户"}, "stations": []},
            sha256="0" * 64, made_at=at,
        )  # fmt: skip
        session.add(statement)
        session.flush()
        session.add(MerchantLine(statement_id=statement.id, settlement_id=made.id))
        session.flush()
        world.keep("merchant_statement_id", statement, private=True)


def _honours(world: World) -> None:
    with transaction():
        about = activity(world.ids["activity_id"])
        for number in range(3):
            honours.rider(about, f"候选{number}", 120)
    chosen = honours.Setting(world.actor("department"), world.actor("reviewer"), about)
    selection = honours.frozen(chosen, region_code=HERE)
    world.keep("selection_id", selection)  # every rider may put somebody forward
    with transaction():
        first = session.scalars(select(Candidate).where(Candidate.selection_id == selection.id)).first()
        world.keep("candidate_id", first, private=True)
    with transaction():
        asked, _ = make_export(
            selection_id=selection.id, kind="list.csv", reason="存档", by=world.actor("department"), at=clock.now()
        )  # fmt: skip
        world.keep("export_id", asked, private=True)
    (photo,) = honours.nominated(
        selection, world.people[OWNER], world.actor("organiser"), photo=jpeg(330, 240)
    )
    world.keep("photo_id", photo, private=True)
    world.keep("honour_id", UUID(int=9))
    world.keep("reviewer_id", world.people["reviewer"])


def _traces(world: World) -> None:
    told = Notice(
        person_id=world.people[OWNER].id, slug="case-accepted", source="test", facts={"number": "C1"},
        about_kind="case", about_id=UUID(int=9), created_at=clock.now(),
    )  # fmt: skip
    session.add(told)
    session.flush()
    world.keep("notice_id", told, private=True)
    big = correcting.correct(
        person_id=world.people[OWNER].id, points=500, reason="少算了", by=world.actor("admin"), at=clock.now()
    )
    world.keep("correction_id", big, private=True)
    wrong = rewards.give(world.people[OWNER].id, 300, kind="correction")
    named = next(
        each.id for each in ledger.statement(world.people[OWNER].id).items if each.transaction_id == wrong.id
    )
    asked = reversing.ask_to_reverse(
        entry_id=named, reason="记了两遍", by=world.actor("admin"), at=clock.now()
    )  # fmt: skip
    world.keep("reversal_id", asked, private=True)
    policy = debt_policies.propose_policy(
        region_code=HERE, share_percent=50, starts_on=clock.city_day(clock.now()), reason="公示过了",
        by=make.actor(make.staff("department", region_code=HERE)), at=clock.now(),
    )  # fmt: skip
    world.keep("proposal_id", policy, private=True)
    world.keep("account_id", wallet_of(world.people[OWNER].id), private=True)
    void = ask_to_unwind(
        fact_kind="checkin", fact_id=world.ids["checkin_id"], reason="不在场",
        by=world.actor("department"), at=clock.now(),
    )  # fmt: skip
    world.keep("unwinding_id", void, private=True)
    case_id, at = world.ids["case_id"], clock.now()
    doubt = Doubt(
        ground="one-matter", fact_kind="report", fact_id=case_id, person_id=world.people[OWNER].id, region_code=HERE,
        against={"other": str(case_id), "other_at": at.isoformat(), "metres": 20, "seconds": 60}, happened_at=at,
        found_at=at, due_at=at + LOOK_WITHIN, state="open",
    )  # fmt: skip
    session.add(doubt)
    session.flush()
    world.keep("doubt_id", doubt, private=True)
