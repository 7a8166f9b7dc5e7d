"""Behind a poster, in a browser without script: looking credits nothing, the button does, and the answer says why."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.checkins.models import Checkin, RefusedScan
from app.codes.kinds import station as station_code
from app.kernel.db import session, transaction
from app.places.models import Station
from tests.conftest import StandingClock
from tests.web.make import form_on, send

HERE = {"lat": "32.0435", "lng": "118.7980", "accuracy_m": "12"}


@pytest.fixture
def poster(city: Station) -> str:
    """The path of the station's poster."""
    link = station_code.make(city.short_code)
    return link[link.index("/S/") :]


def _count() -> int:
    with transaction(write=False):
        return session.scalar(select(func.count()).select_from(Checkin)) or 0


def main_of(text: str) -> str:
    return text[text.index("<main") : text.index("</main>")]


def test_looking_credits_nothing(rider: FlaskClient, poster: str) -> None:
    for _ in range(3):
        assert rider.get(poster).status_code == 200
    assert rider.get(f"{poster}?lat=32.0435&lng=118.798&accuracy_m=5").status_code == 200
    assert _count() == 0


def test_the_button_checks_in_and_says_what_it_gave(rider: FlaskClient, poster: str) -> None:
    response = send(rider, poster, poster, **HERE)
    assert response.status_code == 303
    page = rider.get(response.headers["Location"]).text
    assert "签到成功" in page
    assert "梅园驿站" in page
    assert _count() == 1


def test_the_same_form_again_is_the_same_check_in(rider: FlaskClient, poster: str) -> None:
    filled = form_on(rider.get(poster), poster).fields | HERE
    first, second = rider.post(poster, data=filled), rider.post(poster, data=filled)
    assert first.headers["Location"] == second.headers["Location"]
    assert _count() == 1


def test_a_script_gets_the_result_with_the_answer_and_a_repetition_its_address(
    rider: FlaskClient, poster: str
) -> None:
    fields = form_on(rider.get(poster), poster).fields | HERE
    first, again = (
        rider.post(poster, data=fields, headers={"Accept": "application/json"}).get_json() for _ in range(2)
    )
    shown, kept = (main_of(text) for text in (first["page"], rider.get(first["location"]).text))
    assert shown == kept
    assert again == {"location": first["location"]}


def test_a_second_visit_within_hours_is_told_kindly(rider: FlaskClient, poster: str) -> None:
    send(rider, poster, poster, **HERE)
    again = send(rider, poster, poster, **HERE)
    assert again.status_code == 409
    assert 'data-tone="warn"' in again.text
    assert "14:02" in again.text
    assert _count() == 1


@pytest.mark.parametrize(
    "place",
    [{}, HERE | {"accuracy_m": "5000"}, HERE | {"lat": "32.1"}, HERE | {"lat": "nan"}, HERE | {"lng": "999"}],
)
def test_away_from_the_station_it_does_not_count(
    rider: FlaskClient, poster: str, place: dict[str, str]
) -> None:
    response = send(rider, poster, poster, **place)
    assert 400 <= response.status_code < 500
    assert 'data-tone="bad"' in response.text
    assert _count() == 0


def test_a_refused_form_sent_again_is_refused_in_the_same_words_and_kept_once(
    rider: FlaskClient, poster: str
) -> None:
    filled = form_on(rider.get(poster), poster).fields | HERE | {"lat": "32.1"}
    first, second = rider.post(poster, data=filled), rider.post(poster, data=filled)
    assert first.status_code == second.status_code == 403
    assert main_of(first.text) == main_of(second.text)
    with transaction(write=False):
        assert session.scalar(select(func.count()).select_from(RefusedScan)) == 1


def test_when_the_first_visit_was_is_told_in_the_same_words_to_a_form_sent_again(
    rider: FlaskClient, poster: str
) -> None:
    send(rider, poster, poster, **HERE)
    filled = form_on(rider.get(poster), poster).fields | HERE
    # The page's own script sends it first, and then the page once more with the same key.
    rider.post(poster, data=filled, headers={"Accept": "application/json"})
    again = rider.post(poster, data=filled)
    assert "11月24日 周二 14:02" in again.text
    assert "+00:00" not in again.text


def test_a_refusal_is_found_in_ones_own_history(rider: FlaskClient, poster: str) -> None:
    send(rider, poster, poster)
    assert "没给位置" in rider.get("/check-ins").text


def test_the_history_leads_back_to_each_answer(rider: FlaskClient, poster: str, clock: StandingClock) -> None:
    answer = send(rider, poster, poster, **HERE).headers["Location"]
    assert answer in rider.get("/check-ins").text


def test_a_guest_may_look_at_the_station_and_is_asked_to_sign_in(guest: FlaskClient, poster: str) -> None:
    page = guest.get(poster)
    assert page.status_code == 200
    assert f"/sign-in?next={poster}" in page.text
    assert guest.post(poster, data=HERE).headers["Location"] == f"/sign-in?next={poster}"


def test_a_forged_poster_is_refused(rider: FlaskClient, poster: str) -> None:
    last = "0" if poster[-1] != "0" else "1"
    assert rider.get(poster[:-1] + last).status_code == 403
