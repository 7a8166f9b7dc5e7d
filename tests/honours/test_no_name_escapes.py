"""Objection, withdrawal, removal and revocation at every step: no path publishes a name that should not be public."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import timedelta

import pypdf
import pytest

from app.cases.models import Case
from app.honours import announcing, objecting, queries, reviewing
from app.honours.consenting import answer
from app.honours.errors import CandidateHeld, CandidateNotFound, HonourNotFound, SelectionNotFound
from app.honours.exporting import KINDS, make_export
from app.identity.consent import answer_consent
from app.identity.queries import masked_name
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.errors import Problem
from tests import make as city
from tests.honours import make

NAMES = ["王小明", "欧阳振华", "阿依古丽·买买提"]
SURNAMES = ["王", "李", "张", "欧阳", "司马", "诸葛", "上官", "㛃", "爨", "翀", "䶮"]
GIVEN = ["明", "小明", "振华", "子轩", "一", "淼淼", "建国强", "龑", "喆", "堃"]
PARTS = [
    "阿依古丽",
    "买买提",
    "迪丽热巴",
    "迪力木拉提",
    "扎西",
    "次仁",
    "古力",
    "娜",
    "阿卜杜拉",
    "艾力",
    "木",
]


def names(count: int) -> list[str]:
    """Two characters, compound surnames, minority names with ·, rare characters, one character."""
    chance = random.Random(10)
    made = []
    for _ in range(count):
        kind = chance.randrange(10)
        if kind == 0:
            made.append(chance.choice(SURNAMES)[0])
        elif kind < 4:
            made.append("·".join(chance.choice(PARTS) for _ in range(chance.choice((2, 2, 3)))))
        else:
            made.append(chance.choice(SURNAMES) + chance.choice(GIVEN))
    return made


def text_of(data: bytes, kind: str) -> str:
    """Everything a reader can get out of a file."""
    if kind.endswith(".pdf"):
        return "\n".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(data)).pages)
    if kind.endswith((".xlsx", ".zip")):
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            inner = [(name, bundle.read(name)) for name in bundle.namelist()]
        return "".join(name + text_of(part, name) for name, part in inner)
    return data.decode("utf-8", "replace")


def test_ten_thousand_masked_names_are_never_the_name():
    for name in names(10_000):
        masked = masked_name(name)
        assert name not in masked
        assert "*" in masked
        assert len(set(masked) - {"*"}) <= 2


QUICK = tuple(each for each in KINDS if not each.endswith((".pdf", ".zip")))


def shown(app, selection, here, kinds=QUICK) -> str:
    """Every public page and answer, and every export of these kinds, as one text. Papers take a second each."""
    visitor = app.test_client()
    with transaction():
        found = queries.candidates(selection.id, here.department)
        tokens = [honour.token for each in found if (honour := queries.honour_of(each.id))]
    paths = [
        "/honours",
        f"/honours/{selection.id}",
        f"/api/v1/honours/rolls/{selection.id}",
        "/api/v1/honours/rolls",
    ]
    paths += [f"/honours/{selection.id}/{each.pseudonym}" for each in found]
    paths += [f"{start}{token}" for token in tokens for start in ("/H/", "/api/v1/honours/certificates/")]
    texts = [visitor.get(path).text for path in paths]
    for kind in kinds:
        try:
            with transaction():
                _, file = make_export(
                    selection_id=selection.id,
                    kind=kind,
                    reason="核对",
                    personal=True,
                    by=here.department,
                    at=clock.now(),
                )
        except Problem:
            continue
        texts.append(text_of(file.data, kind))
    return "\n".join(texts)


@pytest.fixture
def here(app):
    setting = make.setting(300, 200, 100, names=NAMES)
    with transaction():
        for number, each in enumerate(setting.riders):
            session.get_one(type(each), each.id).phone = f"+861380000120{number}"
    return setting


def _agree(selection, someone, choice="full", **more):
    acting = make.acting(someone)
    with transaction():
        return answer(selection_id=selection.id, choice=choice, by=acting, at=clock.now(), **more)


def _candidate(selection, someone):
    with transaction():
        return queries.candidacy_of_to_change(selection.id, someone.id)


STEPS = ("frozen", "reviewed", "noticed", "final")


@pytest.mark.once
@pytest.mark.parametrize("step", STEPS)
def test_no_page_and_no_export_of_any_step_names_who_did_not_agree(app, here, step):
    selection = getattr(make, step)(here)
    if step in ("reviewed", "noticed", "final"):
        _agree(selection, here.riders[0])
    text = shown(app, selection, here, KINDS if step == "final" else QUICK)
    assert ("王小明" in text) == (step in ("reviewed", "final", "noticed"))
    for secret in ("欧阳振华", "阿依古丽·买买提", "13800001201", "13800001202"):
        assert secret not in text


@pytest.mark.parametrize("way", ["masked", "unlisted", "general", "revoked", "closed"])
def test_whatever_is_taken_back_is_gone_from_everything_at_once(app, here, way):
    selection = make.final(here)
    someone = here.riders[0]
    _agree(selection, someone, shows_story=True)
    assert "王小明" in shown(app, selection, here)
    acting = make.acting(someone)
    if way in ("masked", "unlisted"):
        _agree(selection, someone, way)
    else:
        with transaction():
            if way == "general":
                answer_consent(purpose="publication", given=False, by=acting, at=clock.now())
            elif way == "closed":
                session.get_one(type(someone), someone.id).closed_at = clock.now()
            else:
                ((honour, _),) = queries.my_honours(someone.id)
                announcing.revoke(honour_id=honour.id, reason="事迹不实", by=here.department, at=clock.now())
    text = shown(app, selection, here)
    assert "王小明" not in text
    assert "13800001200" not in text


def _object(selection, about, by):
    with transaction():
        return objecting.object_(
            selection_id=selection.id, pseudonym=about.pseudonym, words="事迹有出入", by=by, at=clock.now()
        )


def _end(selection, here):
    later = clock.now() + timedelta(days=14)
    with transaction():
        announcing.end_notice(selection_id=selection.id, by=here.department, at=later)
    with transaction():
        announcing.finalise(selection_id=selection.id, by=here.department, at=later)


def test_an_objection_holds_only_whom_it_is_about_until_it_is_answered(app, here):
    with transaction():
        neighbour = city.actor(city.rider("张师傅", name="张三"))
    selection = make.noticed(here)
    _agree(selection, here.riders[0])
    held = _candidate(selection, here.riders[0])
    case = _object(selection, held, neighbour)
    _end(selection, here)
    assert "王小明" not in shown(app, selection, here)
    with transaction(write=False):
        assert len(queries.public_roll(selection.id).listed) == 2
        assert queries.my_honours(here.riders[0].id) == []
    with pytest.raises(CandidateHeld), transaction():
        announcing.grant_held(
            selection_id=selection.id, candidate_id=held.id, by=here.department, at=clock.now()
        )
    with transaction():
        answered = session.get_one(Case, case.id)
        answered.state, answered.due_at, answered.resolved_at = "rejected", None, clock.now()
    with transaction():
        announcing.grant_held(
            selection_id=selection.id, candidate_id=held.id, by=here.department, at=clock.now()
        )
    assert "王小明" in shown(app, selection, here)
    with pytest.raises(CandidateNotFound), transaction():
        announcing.grant_held(
            selection_id=selection.id, candidate_id=held.id, by=here.department, at=clock.now()
        )


def test_who_is_removed_during_the_notice_is_never_published(app, here):
    selection = make.noticed(here)
    _agree(selection, here.riders[0])
    removed = _candidate(selection, here.riders[0])
    with transaction():
        reviewing.remove(
            selection_id=selection.id,
            candidate_id=removed.id,
            reason="异议成立",
            by=here.reviewer,
            at=clock.now(),
        )
    make.met(here, selection, decision="确认移出后的名单")
    _end(selection, here)
    assert "王小明" not in shown(app, selection, here)


ACTS = (
    "full",
    "masked",
    "unlisted",
    "withdraw",
    "object",
    "answer",
    "remove",
    "meet",
    "notice",
    "end",
    "final",
    "grant",
    "revoke",
)


@pytest.mark.parametrize("seed", range(12))
def test_no_order_of_steps_publishes_a_name_that_should_not_be(app, seed):
    chance = random.Random(seed)
    acts = [(chance.choice(ACTS), chance.randrange(2)) for _ in range(10)]
    acts += [("end", 0), ("final", 0), (chance.choice(ACTS), 0), (chance.choice(ACTS), 1)]
    here = make.setting(300, 200, names=["赵铁柱", "钱多多"])
    with transaction():
        neighbour = city.actor(city.rider("张师傅", name="张三"))
    selection = make.reviewed(here, title_zh="步骤")
    agreed, honoured = set(), set()
    for act, who in acts:
        try:
            _take(act, selection, here, here.riders[who], neighbour)
        except Problem:
            continue
        agreed = (
            (agreed | {who})
            if act == "full"
            else agreed - {who}
            if act in ("masked", "unlisted", "withdraw")
            else agreed
        )
    with transaction(write=False):
        for who, someone in enumerate(here.riders):
            if queries.my_honours(someone.id):
                honoured.add(who)
        try:
            listed = queries.public_roll(selection.id)
        except SelectionNotFound:
            return
        names_shown = {each.name for each in listed.listed if each.in_full}
        state = listed.selection.state
    may = {here.riders[who].name for who in (agreed & honoured if state == "final" else set())}
    assert names_shown <= may


def _take(act, selection, here, someone, neighbour):
    later = clock.now() + timedelta(days=14)
    candidate = _candidate(selection, someone)
    case = {"selection_id": selection.id, "at": later}
    with transaction():
        acting = city.actor(someone)
        honour = queries.honour_of(candidate.id)
    with transaction():
        if act in ("full", "masked", "unlisted"):
            answer(choice=act, by=acting, **case)
        elif act == "withdraw":
            answer_consent(purpose="publication", given=False, by=acting, at=later)
        elif act == "object":
            objecting.object_(pseudonym=candidate.pseudonym, words="有出入", by=neighbour, **case)
        elif act == "answer":
            session.execute(
                Case.__table__.update().where(Case.kind == "objection").values(state="rejected", due_at=None)
            )
        elif act in ("remove", "meet"):
            _judge(act, candidate, here.reviewer, case)
        elif act != "revoke":
            _run(act, candidate, here.department, case)
        elif honour is not None:
            announcing.revoke(honour_id=honour.id, reason="事迹不实", by=here.department, at=later)


def _judge(act, candidate, by, case):
    if act == "remove":
        reviewing.remove(candidate_id=candidate.id, reason="异议成立", by=by, **case)
        return
    reviewing.record_meeting(
        held_on=clock.city_day(case["at"]), present=["吴评审"], votes_for=1, votes_against=0,
        votes_abstained=0, decision="确认", by=by, **case,
    )  # fmt: skip


def _run(act, candidate, by, case):
    if act == "notice":
        announcing.open_notice(**case | make.CONTACT | {"at": clock.now()}, by=by)
    elif act == "grant":
        announcing.grant_held(candidate_id=candidate.id, by=by, **case)
    else:
        step = announcing.end_notice if act == "end" else announcing.finalise
        step(by=by, **case)


def test_a_code_that_was_never_given_stands_for_nothing(app):
    assert app.test_client().get("/H/0000000000000000").status_code == 404
    with pytest.raises(HonourNotFound), transaction(write=False):
        queries.certified("0000000000000000")
