"""Certificates, credentials, nomination and the review: what they say, to whom, and who may not."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import jwt
import pypdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3 import OB3Verifier

from app.cases import triage
from app.codes import reading
from app.codes.kinds import certificate
from app.honours import announcing, certifying, credentials, filing, nominating, objecting, queries, reviewing
from app.honours.consenting import answer
from app.honours.errors import (
    BlindRoundOpen,
    BlindRoundOver,
    HonourNotFound,
    HonourRevokedAlready,
    NomineeUnfit,
    ObjectionsOpen,
    Recused,
)
from app.honours.events import HonoursGranted
from app.honours.exporting import export_again, make_export
from app.honours.stories import page_of
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.paper import GlyphMissing
from tests import make as city
from tests.honours import make
from tests.honours.test_no_name_escapes import text_of
from tests.volunteering.make import listening


@pytest.fixture
def here(app):
    return make.setting(300, 200, names=["王小明", "欧阳振华"])


def _honour(someone):
    with transaction():
        ((honour, _),) = queries.my_honours(someone.id)
        return honour


def _export(selection, kind, by, **more):
    with transaction():
        return make_export(selection_id=selection.id, kind=kind, reason="存档", by=by, at=clock.now(), **more)


def test_a_certificate_carries_the_holders_name_and_a_code_that_leads_here(app, here):
    selection = make.final(here)
    honour, acting = _honour(here.riders[0]), make.acting(here.riders[0])
    with transaction(write=False):
        text = text_of(certifying.my_certificate(honour.id, acting), ".pdf")
        assert reading.read(certificate.make(honour.token), at=clock.now()).token == honour.token
    assert "王小明" in text
    assert honour.token in text
    assert "十月最美骑手" in text
    with pytest.raises(HonourNotFound), transaction(write=False):
        certifying.my_certificate(honour.id, make_other(here))
    page = app.test_client().get(f"/H/{honour.token}").text
    assert "真实有效" in page
    assert "王小明" not in page
    with transaction():
        announcing.revoke(honour_id=honour.id, reason="事迹不实", by=here.department, at=clock.now())
    assert "已撤回" in app.test_client().get(f"/H/{honour.token}").text
    with pytest.raises(HonourRevokedAlready), transaction(write=False):
        certifying.my_certificate(honour.id, acting)
    assert selection.state == "final"


def make_other(here):
    return city.actor(here.riders[1])


def test_the_credential_is_an_open_badge_that_another_library_verifies(app, here):
    selection = make.final(here)
    honour, acting = _honour(here.riders[0]), make.acting(here.riders[0])
    key = Ed25519PublicKey.from_public_bytes(credentials.public_key())
    with transaction():  # the other library looks at its own clock
        session.get_one(type(honour), honour.id).granted_at = datetime(2026, 1, 2, tzinfo=UTC)
    verifier = OB3Verifier(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with transaction(write=False):
        token = credentials.credential_of(honour_id=honour.id, by=acting, at=clock.now())
    verified = verifier.verify(token)
    assert verified.achievement.name == "十月最美骑手"
    assert "王小明" not in json.dumps(
        jwt.decode(token, options={"verify_signature": False}), ensure_ascii=False
    )
    head, body, signature = token.split(".")
    changed = body[:-4] + ("AAAA" if body[-4:] != "AAAA" else "BBBB")
    with pytest.raises(Exception, match="."):
        verifier.verify(f"{head}.{changed}.{signature}")
    with transaction():
        announcing.revoke(honour_id=honour.id, reason="事迹不实", by=here.department, at=clock.now())
    with pytest.raises(HonourRevokedAlready), transaction(write=False):
        credentials.credential_of(honour_id=honour.id, by=acting, at=clock.now())
    assert selection.id


@pytest.mark.once
def test_papers_are_the_same_bytes_each_time_and_miss_no_glyph(app):
    here = make.setting(300, 299, names=["欧阳龑", "阿依古丽·买买提"])
    selection = make.final(here, criteria=make.CRITERIA | {"seats": 2})
    for kind in ("notice.pdf", "internal.pdf"):
        first, second = (_export(selection, kind, here.department)[1].data for _ in range(2))
        assert first == second
        text = text_of(first, kind)
        assert text.count("*") >= 2
        assert "十月最美骑手" in text
    english = " ".join(
        text_of(_export(selection, "notice-en.pdf", here.department)[1].data, "notice-en.pdf").split()
    )
    assert english.count("*") >= 2
    assert "Public notice: 十月最美骑手" in english
    assert "until then nobody concerned is honoured" in english  # no word is broken
    assert (
        f"telephone {make.CONTACT['contact_phone']}" in english
    )  # whoever has no account objects by telephone
    made, _ = _export(selection, "certificates.zip", here.department)
    with transaction():
        again = export_again(export_id=made.id, by=here.department, at=clock.now())
    assert len(text_of(again.data, "certificates.zip").split("荣誉证书")) == 3


def test_a_character_that_no_font_has_is_named_not_dropped(app):
    here = make.setting(300, names=["王\U000e1000明"])
    make.final(here)
    honour, acting = _honour(here.riders[0]), make.acting(here.riders[0])
    with pytest.raises(GlyphMissing) as refused, transaction(write=False):
        certifying.my_certificate(honour.id, acting)
    assert refused.value.facts["code"] == "U+E1000"


def test_honours_are_told_to_the_rules_by_their_ids(app, here):
    with listening(HonoursGranted) as heard:
        make.final(here)
    (event,) = heard
    assert sorted(event.honours.values()) == sorted(each.id for each in here.riders)
    assert (event.region_code, event.purpose) == (city.CITY, "example")


def _nominate(selection, by, phone="+8613800001201", story="冒雨救起落水老人"):
    with transaction():
        nominating.nominate(selection_id=selection.id, phone=phone, story=story, by=by, at=clock.now())


def test_nominations_of_one_rider_join_and_each_has_one_voice(app, here):
    with transaction():
        session.get_one(type(here.riders[0]), here.riders[0].id).phone = "+8613800001201"
        peer = city.actor(city.rider("张师傅", name="张三"))
    selection = make.draft(here)
    for _ in range(2):
        _nominate(selection, peer)
    _nominate(selection, here.department, story="社区都认得他")
    with transaction():
        keeper = city.actor(city.staff("station-manager", station_id=city.station().id))
    _nominate(selection, keeper, story="天天帮人充电")
    _nominate(selection, peer, phone="+8613900000000")
    with pytest.raises(NomineeUnfit):
        _nominate(selection, make.acting(here.riders[0]))
    with transaction(write=False):
        said = nominating.voices_for(selection.id, here.riders[0].id)
        assert [(each.role, each.story) for each in said] == [
            ("peer", "冒雨救起落水老人"), ("organiser", "社区都认得他"), ("station", "天天帮人充电")
        ]  # fmt: skip


def test_a_story_is_on_the_wall_only_with_full_name_and_story(app, here):
    with transaction():
        session.get_one(type(here.riders[0]), here.riders[0].id).phone = "+8613800001201"
    selection = make.draft(here)
    _nominate(selection, here.department)
    with transaction():
        make.approve_criteria(selection_id=selection.id, by=here.reviewer, at=clock.now())
    with transaction():
        make.run_selection(selection_id=selection.id, by=here.department, at=clock.now())
    make.published(here, make.announced(here, selection))
    acting = make.acting(here.riders[0])
    for choice, story, shown in (
        ("masked", True, 0),
        ("full", False, 0),
        ("full", True, 1),
        ("unlisted", True, None),
    ):
        with transaction():
            mine = answer(
                selection_id=selection.id, choice=choice, shows_story=story, by=acting, at=clock.now()
            )
        with transaction(write=False):
            if shown is None:
                with pytest.raises(HonourNotFound):
                    page_of(selection.id, mine.pseudonym)
            else:
                assert len(page_of(selection.id, mine.pseudonym).stories) == shown


def _first(selection, by):
    with transaction():
        return queries.candidates(selection.id, by)[0]


def test_the_blind_round_comes_first_and_shows_no_name(app, here):
    selection = make.frozen(here)
    case = {"selection_id": selection.id, "by": here.reviewer, "at": clock.now()}
    with transaction(write=False):
        assert {each.name for each in filing.case_file(selection.id, here.reviewer).filed} == {None}
        ids = [each.id for each in queries.candidates(selection.id, here.reviewer)]
    with transaction():
        reviewing.mark(candidate_id=ids[0], score=80, comment="扎实", **case)
    with pytest.raises(BlindRoundOpen), transaction():
        reviewing.show_names(**case)
    with transaction():
        reviewing.mark(candidate_id=ids[1], score=60, comment="", **case)
        reviewing.mark(candidate_id=ids[0], score=90, comment="更扎实", **case)
        reviewing.show_names(**case)
    with pytest.raises(BlindRoundOver), transaction():
        reviewing.mark(candidate_id=ids[0], score=10, comment="", **case)
    with transaction(write=False):
        filed = filing.case_file(selection.id, here.reviewer).filed
        assert [(each.name, each.marks) for each in filed] == [("王小明", [90]), ("欧阳振华", [60])]


def test_whoever_recused_himself_neither_marks_decides_nor_signs(app, here):
    selection, other = make.frozen(here), make.another_reviewer()
    candidate = _first(selection, here.reviewer)
    case = {
        "selection_id": selection.id,
        "candidate_id": candidate.id,
        "by": here.reviewer,
        "at": clock.now(),
    }
    with transaction():
        reviewing.recuse(reason="是我表弟", **case)
    for act in (
        lambda: reviewing.mark(score=90, comment="", **case),
        lambda: reviewing.decide(decision="out", reason="没有理由", **case),
        lambda: reviewing.sign(selection_id=selection.id, by=here.reviewer, at=clock.now()),
    ):
        with pytest.raises(Recused), transaction():
            act()
    with transaction(write=False):
        assert filing.case_file(selection.id, other).filed[0].recused == ["吴评审：是我表弟"]


def test_pages_are_drawn(app, here):
    selection = make.final(here)
    with transaction():
        someone = city.people.person(here.riders[0].id)
    rider = city.signed_in(app, someone)
    assert pypdf.PdfReader(
        io.BytesIO(rider.get(f"/api/v1/honours/{_honour(someone).id}/certificate.pdf").data)
    )
    assert rider.get(f"/api/v1/honours/{_honour(someone).id}/credential").json["credential"].count(".") == 2
    assert selection.id


def test_a_list_that_is_objected_to_becomes_final_only_once_the_objection_is_answered(app, here):
    selection, later = make.noticed(here), clock.now() + timedelta(days=14)
    with transaction():
        neighbour = city.actor(city.rider("张师傅", name="张三"))
        words = {"words": "名单里少了我们站的人", "by": neighbour, "at": clock.now()}
        case = objecting.object_(selection_id=selection.id, **words)
    with pytest.raises(ObjectionsOpen):
        make.published(here, selection)
    with transaction(write=False):
        assert queries.honoured_in(selection.id) == set()
    with transaction():
        triage.reject(case_id=case.id, reason="名单按细则算出", by=here.reviewer, at=later)
    assert make.published(here, selection).state == "final"
