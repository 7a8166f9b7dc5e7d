"""The second step: codes of the phone and of paper, each once; roles count only where it was taken."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import select, update

from app.audit.models import AuditRecord
from app.identity import queries as people
from app.identity import second_factor, sessions, signing_in
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.identity.edge import give_tokens
from app.identity.errors import PasswordWrong, PersonNotFound
from app.identity.models import PaperCode, Person, SecondFactor, SessionFamily
from app.identity.my_data import rows_about
from app.identity.profile import close_account
from app.identity.secrets_kept import as_printed, hash_password, unsealed
from app.kernel import settings
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden, Problem
from tests import make

PASSWORD = "a phrase that nobody else knows"


@pytest.fixture
def boss(app):
    with transaction():
        make.regions()
        return named("boss", make.staff("department", region_code=make.CITY))


@pytest.fixture
def needed(app):
    before = settings.current()
    settings.use(replace(before, second_factor_needed=True))
    yield
    settings.use(before)


def named(username: str, someone: Person) -> Person:
    session.execute(
        update(Person)
        .where(Person.id == someone.id)
        .values(username=username, password_hash=hash_password(PASSWORD))
    )
    session.refresh(someone)
    return someone


def code_at(someone: Person, at) -> str:
    """What the phone shows, by the library's own maker."""
    with transaction(write=False):
        kept = session.get_one(SecondFactor, someone.id)
        secret = unsealed("second-factor", kept.sealed_secret)
    return TOTP(secret, 6, SHA1(), 30).generate(int(at.timestamp())).decode()


def set_up(app, someone: Person, clock) -> list[str]:
    """Through the API; returns the codes for paper. The clock is a step further afterwards."""
    client = make.signed_in(app, someone)
    assert client.post("/api/v1/me/second-factor").status_code == 201
    answer = client.post("/api/v1/me/second-factor/confirmation", json={"code": code_at(someone, clock.at)})
    assert answer.status_code == 200, answer.text
    clock.at += timedelta(seconds=30)
    return answer.json["paper_codes"]


def enter(client, code=None, **more):
    body = {"username": "boss", "password": PASSWORD} | ({"code": code} if code else {}) | more
    return client.post("/api/v1/sign-in/password", json=body)


def can_lead(client, answer) -> int:
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    return client.get("/api/v1/selections", headers=headers).status_code


def test_the_code_of_the_phone_is_asked_for_and_lets_the_role_in(app, client, boss, clock):
    set_up(app, boss, clock)
    without = enter(client)
    assert (without.status_code, without.json["code"]) == (401, "second-factor-needed")
    answer = enter(client, code_at(boss, clock.at))
    assert answer.status_code == 200
    assert can_lead(client, answer) == 200


def test_a_wrong_password_says_nothing_about_a_second_step(app, client, boss, clock):
    set_up(app, boss, clock)
    for code in (None, code_at(boss, clock.at)):
        answer = enter(client, code, password="something else entirely")
        assert (answer.status_code, answer.json["code"]) == (401, "password-wrong")


def test_a_code_is_taken_once_also_an_older_one_of_the_same_window(app, client, boss, clock):
    set_up(app, boss, clock)
    clock.at += timedelta(minutes=5)
    before, now = code_at(boss, clock.at - timedelta(seconds=30)), code_at(boss, clock.at)
    assert enter(client, now).status_code == 200
    assert enter(client, now).json["code"] == "second-factor-wrong"
    assert enter(client, before).json["code"] == "second-factor-wrong"


@pytest.mark.parametrize(("off_s", "taken"), [(-30, True), (0, True), (30, True), (-60, False), (60, False)])
def test_a_phone_may_be_half_a_minute_off(app, client, boss, clock, off_s, taken):
    set_up(app, boss, clock)
    clock.at += timedelta(minutes=5)
    answer = enter(client, code_at(boss, clock.at + timedelta(seconds=off_s)))
    assert (answer.status_code == 200) is taken


def test_ten_codes_on_paper_are_good_once_each_however_they_are_typed(app, client, boss, clock):
    papers = set_up(app, boss, clock)
    assert len(set(papers)) == 10
    assert enter(client, papers[0].lower().replace("-", " ")).status_code == 200
    assert enter(client, papers[0]).json["code"] == "second-factor-wrong"
    assert enter(client, papers[1]).status_code == 200
    with transaction(write=False):
        assert second_factor.state_of(boss.id).papers_left == 8


def test_letters_that_look_like_digits_are_read_as_printed():
    assert as_printed(" oIl-0a ") == "0110A"
    assert as_printed("ｏＩl－０ａ") == "0110A"


def test_without_a_second_step_there_are_no_papers_for_it(app, boss):
    answer = make.signed_in(app, boss).post("/api/v1/me/second-factor/paper-codes", json={"code": "000000"})
    assert (answer.status_code, answer.json["code"]) == (409, "second-factor-not-begun")
    with transaction():
        assert second_factor.state_of(boss.id).papers_left == 0


def test_new_papers_end_the_old_ones(app, client, boss, clock):
    papers = set_up(app, boss, clock)
    answer = enter(client, code_at(boss, clock.at))
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    clock.at += timedelta(seconds=30)
    path = "/api/v1/me/second-factor/paper-codes"
    fresh = client.post(path, json={"code": code_at(boss, clock.at)}, headers=headers)
    assert fresh.status_code == 200
    assert enter(client, papers[0]).json["code"] == "second-factor-wrong"
    assert enter(client, fresh.json["paper_codes"][0]).status_code == 200


def test_the_first_step_counts_no_longer_once_the_password_has_changed(boss, clock):
    with transaction():
        proof = signing_in.first_step_taken(boss, clock.at)
        assert signing_in.after_first_step(proof, clock.at).id == boss.id
        session.get_one(Person, boss.id).password_hash = hash_password("another phrase")
        session.flush()
        with pytest.raises(PasswordWrong):
            signing_in.after_first_step(proof, clock.at)


@pytest.mark.parametrize(("later", "counts"), [(-1, False), (0, True), (299, True), (300, False)])
def test_a_first_step_counts_for_five_minutes_and_not_before_it_was_taken(boss, clock, later, counts):
    # Before: the clock was set back, and the proof would live for as much longer.
    with transaction(write=False):
        proof = signing_in.first_step_taken(boss, clock.at)
    with nullcontext() if counts else pytest.raises(PasswordWrong), transaction():
        signing_in.after_first_step(proof, clock.at + timedelta(seconds=later))


def test_another_persons_codes_open_nothing(app, client, boss, clock):
    with transaction():
        other = named("other", make.staff("auditor", region_code=make.CITY))
    theirs = set_up(app, other, clock)
    set_up(app, boss, clock)
    assert enter(client, theirs[0]).json["code"] == "second-factor-wrong"
    clock.at += timedelta(seconds=60)
    assert enter(client, code_at(other, clock.at)).json["code"] == "second-factor-wrong"


def test_it_counts_only_once_the_phone_has_shown_a_code(app, client, boss, clock):
    phone = make.signed_in(app, boss)
    first = phone.post("/api/v1/me/second-factor").json
    assert phone.post("/api/v1/me/second-factor").json == first
    wrong = phone.post("/api/v1/me/second-factor/confirmation", json={"code": "000000"})
    assert wrong.json["code"] == "second-factor-wrong"
    assert enter(client).status_code == 200


def test_the_code_that_set_it_up_does_not_sign_in_as_well(app, client, boss, clock):
    set_up(app, boss, clock)
    used = code_at(boss, clock.at - timedelta(seconds=30))
    assert enter(client, used).status_code == 401
    assert enter(client, code_at(boss, clock.at)).status_code == 200


def test_setting_it_up_ends_every_other_session_and_lets_this_one_go_on(app, boss, clock):
    elsewhere, here = make.signed_in(app, boss), make.signed_in(app, boss)
    here.post("/api/v1/me/second-factor")
    here.post("/api/v1/me/second-factor/confirmation", json={"code": code_at(boss, clock.at)})
    assert elsewhere.get("/api/v1/me").status_code == 401
    assert here.get("/api/v1/selections").status_code == 200


def test_roles_sleep_in_a_session_without_the_second_step(app, boss, clock):
    set_up(app, boss, clock)
    by_phone = make.signed_in(app, boss)  # as by a one-time code to a telephone
    answer = by_phone.get("/api/v1/selections")
    assert (answer.status_code, answer.json["code"]) == (403, "second-factor-missing")
    assert by_phone.get("/api/v1/me").status_code == 200


def test_where_it_is_needed_a_role_waits_until_it_is_set_up(app, client, boss, clock, needed):
    answer = enter(client)
    assert answer.status_code == 200
    assert can_lead(client, answer) == 403
    set_up(app, boss, clock)
    assert can_lead(client, enter(client, code_at(boss, clock.at))) == 200


def test_it_is_needed_in_production_unless_said_otherwise():
    env = {
        "FENGXING_ENV": "production",
        "FENGXING_SECRET_KEY": "x" * 32,
        "FENGXING_CODE_KEYS": "1:" + "5a" * 32,
        "FENGXING_DATABASE_URL": "postgresql://db/fengxing?sslmode=verify-full",
        "FENGXING_PUBLIC_URL": "https://bees.example.cn",
    }
    assert settings.Settings.from_env(env).second_factor_needed
    assert not settings.Settings.from_env(env | {"FENGXING_SECOND_FACTOR": "optional"}).second_factor_needed
    with pytest.raises(settings.SettingsError, match="FENGXING_SECOND_FACTOR"):
        settings.Settings.from_env(env | {"FENGXING_SECOND_FACTOR": "no"})


def test_it_is_removed_only_with_a_code(app, boss, clock):
    papers = set_up(app, boss, clock)
    client = make.signed_in(app, boss)
    path = "/api/v1/me/second-factor/removal"
    assert client.post(path, json={"code": "000000"}).json["code"] == "second-factor-wrong"
    assert client.post(path, json={"code": papers[0]}).status_code == 204
    with transaction(write=False):
        assert not session.scalars(select(PaperCode)).all()


def test_an_administrator_resets_a_colleagues_never_their_own(app, boss, clock):
    with transaction():
        admin = make.staff("admin", region_code=make.CITY)
        there = make.staff("admin", region_code=make.QINHUAI)
    set_up(app, boss, clock)
    held = make.signed_in(app, boss)
    path = f"/api/v1/staff/{boss.id}/second-factor/reset"
    assert make.signed_in(app, there).post(path).status_code == 403
    assert make.signed_in(app, admin).post(f"/api/v1/staff/{admin.id}/second-factor/reset").status_code == 403
    assert make.signed_in(app, admin).post(path).status_code == 204
    assert held.get("/api/v1/me").status_code == 401
    with transaction(write=False):
        assert not second_factor.state_of(boss.id).is_set
        kept = [each.action for each in session.scalars(select(AuditRecord).order_by(AuditRecord.id))]
        assert kept[-1] == "second-factor.reset"


@pytest.mark.once
@pytest.mark.parametrize("others", [[make.XUANWU, make.CITY], [make.CITY, make.XUANWU]])
def test_an_administrator_over_a_part_of_the_roles_resets_nothing(app, clock, others):
    with transaction():
        make.regions()
        admin, colleague = make.staff("admin", region_code=make.XUANWU), make.rider()
        for code in others:
            held = {"role": "auditor", "region_code": code, "station_id": None}
            appoint(person_id=colleague.id, **held, by=SYSTEM, at=clock.at)
        with pytest.raises(Forbidden):
            second_factor.reset(person_id=colleague.id, by=make.actor(admin), at=clock.at)


def test_a_rider_is_nobodys_to_reset(app, clock):
    with transaction():
        make.regions()
        admin, someone = make.staff("admin", region_code=make.XUANWU), make.rider()
        with pytest.raises(PersonNotFound):
            second_factor.reset(person_id=someone.id, by=make.actor(admin), at=clock.at)


def test_it_is_set_up_in_a_fresh_session_only(app, boss, clock):
    assert make.signed_in(app, boss).post("/api/v1/me/second-factor").status_code == 201
    with transaction(write=False):
        family = session.scalars(select(SessionFamily).filter_by(person_id=boss.id)).one()
        late = people.actor_of(boss, family.id)
        assert second_factor.begun(by=late, at=clock.at) is not None
    code = code_at(boss, clock.advance(minutes=16))
    for deed in (partial(second_factor.begin), partial(second_factor.confirm, code=code)):
        with pytest.raises(Problem) as refused, transaction():
            deed(by=late, at=clock.at)
        assert refused.value.slug == "sign-in-again"
    with transaction(write=False):
        assert second_factor.begun(by=late, at=clock.at) is None
    set_up(app, boss, clock)  # after another sign-in


def test_riders_have_none(app):
    with transaction():
        someone = make.rider()
    assert make.signed_in(app, someone).post("/api/v1/me/second-factor").status_code == 403


def test_tries_run_out(app, boss, clock):
    set_up(app, boss, clock)
    client = make.signed_in(app, boss)
    answers = [client.post("/api/v1/me/second-factor/removal", json={"code": "000000"}) for _ in range(11)]
    assert answers[-1].status_code == 429


def test_no_secret_leaves_with_ones_data_and_none_is_kept_in_clear(app, boss, clock):
    papers = set_up(app, boss, clock)
    with transaction(write=False):
        told = repr(rows_about(boss.id))
        kept = session.get_one(SecondFactor, boss.id)
        clear = unsealed("second-factor", kept.sealed_secret)
        assert kept.sealed_secret not in told
        assert clear.hex() not in kept.sealed_secret
        digests = [each.code_digest for each in session.scalars(select(PaperCode))]
        assert not set(digests) & set(re.findall(r"[0-9a-f]{64}", told))
        assert not set(papers) & set(digests)


def test_a_closed_account_keeps_none_of_it(app, boss, clock):
    set_up(app, boss, clock)
    with transaction():
        close_account(by=make.actor(boss), at=clock.at)
    with transaction(write=False):
        assert session.get(SecondFactor, boss.id) is None


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_sessions_are_listed_and_ended_one_by_one_ones_own_only(app, boss):
    here, there = make.signed_in(app, boss), make.signed_in(app, boss)
    with transaction():
        stranger = make.staff("auditor", region_code=make.CITY)
    told = here.get("/api/v1/sessions").json
    other = next(each["id"] for each in told["items"] if each["id"] != told["current"])
    make.signed_in(app, stranger).delete(f"/api/v1/sessions/{other}")
    assert there.get("/api/v1/me").status_code == 200
    assert here.delete(f"/api/v1/sessions/{other}").status_code == 204
    assert there.get("/api/v1/me").status_code == 401
    assert here.get("/api/v1/me").status_code == 200


def test_of_more_than_ten_the_oldest_ends(app, boss):
    first, *_, last = [make.signed_in(app, boss) for _ in range(11)]
    assert first.get("/api/v1/me").status_code == 401
    assert last.get("/api/v1/me").status_code == 200


def test_however_often_it_is_renewed_a_session_ends_after_180_days(app, boss, clock):
    with transaction():
        token = sessions.open_session(person=boss, device="", at=clock.at)
        give_tokens(refresh=token, person=boss, at=clock.at)
    for _ in range(7):
        clock.at += timedelta(days=25)
        with transaction():
            token, _ = sessions.renew_session(token_id=token.id, at=clock.at)
    with transaction(write=False):
        family = session.get_one(SessionFamily, token.family_id)
        assert family.expires_at - family.opened_at == sessions.LONGEST
    clock.at += timedelta(days=6)
    with pytest.raises(sessions.SessionEnded), transaction():
        sessions.renew_session(token_id=token.id, at=clock.at)
