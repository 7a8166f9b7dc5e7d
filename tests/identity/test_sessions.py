"""Short access tokens, refresh tokens that rotate, reuse that ends the family, sign-out that counts at once."""

from __future__ import annotations

import pytest

from app.identity import sessions
from app.identity.edge import give_tokens
from app.identity.errors import SessionEnded, SessionReused
from app.kernel.db import transaction
from tests import make


@pytest.fixture
def tokens(app, clock):
    with transaction():
        person = make.rider()
        refresh = sessions.open_session(person=person, device="phone", at=clock.at)
        return give_tokens(refresh=refresh, person=person, at=clock.at)


def me(client, access):
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"})


def renew(client, refresh):
    return client.post("/api/v1/sessions/refresh", json={"refresh_token": refresh})


def test_an_access_token_runs_out_after_fifteen_minutes(client, tokens, clock):
    clock.advance(minutes=14, seconds=59)
    assert me(client, tokens.access_token).status_code == 200
    clock.advance(seconds=1)
    assert me(client, tokens.access_token).json["code"] == "session-ended"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_of_a_token_is_written_in_any_case(client, tokens, scheme):
    for _ in range(2):  # at first and once it is remembered
        answer = client.get("/api/v1/me", headers={"Authorization": f"{scheme} {tokens.access_token}"})
        assert answer.status_code == 200


def test_a_refresh_token_gives_new_tokens(client, tokens):
    renewed = renew(client, tokens.refresh_token)
    assert renewed.status_code == 200
    assert me(client, renewed.json["access_token"]).status_code == 200


def test_a_refresh_token_used_twice_ends_the_whole_session(client, tokens):
    renewed = renew(client, tokens.refresh_token).json
    assert renew(client, tokens.refresh_token).json["code"] == "session-reused"
    assert renew(client, renewed["refresh_token"]).json["code"] == "session-ended"
    assert me(client, renewed["access_token"]).json["code"] == "session-ended"


def test_a_session_that_nobody_used_for_thirty_days_has_ended(app, clock):
    with transaction():
        person = make.rider()
        token = sessions.open_session(person=person, device="phone", at=clock.at)
        clock.advance(days=29, hours=23)
        assert [each.id for each in sessions.open_sessions(person.id, at=clock.at)] == [token.family_id]
        clock.advance(hours=1)
        assert sessions.open_sessions(person.id, at=clock.at) == []
        with pytest.raises(SessionEnded):
            sessions.renew_session(token_id=token.id, at=clock.at)


def test_two_tabs_may_renew_within_ten_seconds_and_nobody_later(app, clock):
    with transaction():
        used = sessions.open_session(person=make.rider(), device="browser", at=clock.at)
        sessions.renew_session(token_id=used.id, at=clock.at, grace=True)
    with transaction():
        sessions.renew_session(token_id=used.id, at=clock.advance(seconds=10), grace=True)
    with pytest.raises(SessionReused), transaction():
        sessions.renew_session(token_id=used.id, at=clock.advance(microseconds=1), grace=True)


def test_a_refresh_token_is_no_access_token_and_the_other_way_round(client, tokens):
    assert me(client, tokens.refresh_token).status_code == 401
    assert renew(client, tokens.access_token).status_code == 401


def test_signing_out_counts_at_once(client, tokens):
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    assert client.delete("/api/v1/sessions/current", headers=headers).status_code == 204
    assert me(client, tokens.access_token).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."])
def test_a_forged_token_is_refused(client, tokens, token):
    assert me(client, token).status_code == 401


def test_a_token_that_counts_no_longer_closes_no_door_that_is_open_to_everybody(client, tokens, clock):
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    clock.advance(minutes=16)
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert client.get("/api/v1/codes/public-keys", headers=headers).status_code == 200


def test_a_cookie_without_its_csrf_value_changes_nothing(app, tokens):
    browser = app.test_client()
    browser.set_cookie("fengxing_access", tokens.access_token)
    assert browser.get("/api/v1/me").status_code == 200
    refused = browser.put("/api/v1/me", json={"nickname": "变"})
    assert (refused.status_code, refused.json["code"]) == (403, "csrf-missing")
