"""Behind https each cookie is this host's alone, and none without the prefix is believed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from werkzeug.test import Client

from app.kernel.cookies import HostCookies, inward, outward
from app.kernel.db import transaction
from tests import make
from tests.web.make import browser


@dataclass
class Tls:
    """The product behind https, and somebody who is signed in there."""

    client: Client
    cookies: dict[str, str]


@pytest.fixture
def tls(app: Flask) -> Tls:
    with transaction():
        make.regions()
        someone = make.rider()
    plain = browser(app, someone)
    names = ("fengxing_access", "fengxing_refresh", "csrf_access_token")
    values = {name: cookie.value for name in names if (cookie := plain.get_cookie(name)) is not None}
    return Tls(Client(HostCookies(app.wsgi_app), use_cookies=False), values)


def header(cookies: dict[str, str], prefix: str) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{prefix}{name}={value}" for name, value in cookies.items())}


def test_a_cookie_with_the_prefix_signs_in_and_one_without_does_not(tls: Tls) -> None:
    assert tls.client.get("/me", headers=header(tls.cookies, "__Host-")).status_code == 200
    assert tls.client.get("/me", headers=header(tls.cookies, "")).status_code == 303
    assert tls.client.get("/me", headers=header(tls.cookies, "__Secure-")).status_code == 303


def test_what_is_set_is_of_this_host_and_of_all_paths(tls: Tls) -> None:
    sent = header(tls.cookies, "__Host-")
    csrf = {"csrf_token": tls.cookies["csrf_access_token"]}
    answers = [
        tls.client.post("/preferences", data=csrf | {"back": "/", "lang": "en"}, headers=sent),
    ]
    answers.append(tls.client.post("/sign-out", data=csrf, headers=sent))
    assert [answer.status_code for answer in answers] == [303, 303]
    told = [value for answer in answers for value in answer.headers.getlist("Set-Cookie")]
    assert len(told) >= 3
    for each in told:
        marks = [mark.strip().lower() for mark in each.split(";")]
        assert each.startswith("__Host-")
        assert "secure" in marks
        assert "path=/" in marks
        assert not any(mark.startswith("domain") for mark in marks)


@pytest.mark.parametrize(
    ("came", "read"),
    [
        ("__Host-a=1; b=2;__Host-c=3", "a=1; c=3"),
        ("", ""),
        ("a=1", ""),
        ("__Host-__Host-a=1", "__Host-a=1"),
        ("__host-a=1", ""),
    ],
)
def test_only_ours_come_in(came: str, read: str) -> None:
    assert inward(came) == read


def test_secure_is_said_once() -> None:
    assert outward("a=1; Path=/") == "__Host-a=1; Path=/; Secure"
    assert outward("a=1; Secure; Path=/") == "__Host-a=1; Secure; Path=/"
