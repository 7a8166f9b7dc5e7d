"""A browser without script: it keeps cookies, finds forms on a page and sends them as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_jwt_extended import get_csrf_token
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.identity import sessions
from app.identity.actors import Actor
from app.identity.edge import ACCESS_COOKIE, REFRESH_COOKIE, give_tokens
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from tests import make


@dataclass
class Form:
    """One form of a page with what it would send untouched."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    ticked: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.inline: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: Form | None = None
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (
            tag == "script" and "src" not in given and given.get("type") != "application/json"
        ):
            self.inline.append(tag)
        if tag == "form":
            self._open = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.found.append(self._open)
        elif (
            self._open is not None and tag in ("input", "textarea", "select", "button") and given.get("name")
        ):
            self._note(tag, given)

    def _note(self, tag: str, given: dict[str, str | None]) -> None:
        assert self._open is not None
        name, kind = str(given["name"]), given.get("type") or "text"
        self._open.names.add(name)
        if "checked" in given:
            self._open.ticked.add(name)
        if tag == "input" and kind not in ("radio", "checkbox", "file"):
            self._open.fields[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def read(html: str) -> _Forms:
    """A page taken apart."""
    page = _Forms()
    page.feed(html)
    return page


def form_on(response: TestResponse, action: str) -> Form:
    """The form of a page that goes to this address."""
    forms = [each for each in read(response.text).found if each.action == action]
    assert forms, f"no form to {action}"
    return forms[0]


def browser(app: Flask, someone: Person | None = None) -> FlaskClient:
    """A browser, signed in as somebody or nobody."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    if someone is not None:
        with transaction():
            refresh = sessions.open_session(person=someone, device="test", at=clock.now())
            tokens = give_tokens(refresh=refresh, person=someone, at=clock.now())
        client.set_cookie(ACCESS_COOKIE, tokens.access_token)
        client.set_cookie(REFRESH_COOKIE, tokens.refresh_token)
        client.set_cookie("csrf_access_token", get_csrf_token(tokens.access_token))
    return client


def send(client: FlaskClient, page: str, action: str, **filled: Any) -> TestResponse:
    """Open a page, fill in its form and press the button; lines end as every browser ends them."""
    form = form_on(client.get(page), action)
    unknown = set(filled) - form.names
    assert not unknown, f"the form has no {unknown}"
    typed = form.fields | filled
    sent = {
        name: value.replace("\n", "\r\n") if isinstance(value, str) else value
        for name, value in typed.items()
    }
    return client.post(action, data=sent)


def staff(role: str, name: str = "李同事") -> Person:
    """One more member of staff for the whole city."""
    with transaction():
        return make.staff(role, region_code=make.CITY, name=name)


def desk(app: Flask, role: str) -> FlaskClient:
    return browser(app, staff(role))


def person(of: Actor) -> Person:
    with transaction():
        found = session.get(Person, of.person_id)
    assert found is not None
    return found


def person_now(someone: Person) -> Person:
    """A person as the database has them now."""
    with transaction():
        return session.get_one(Person, someone.id, populate_existing=True)


def one(model: Any, **wanted: Any) -> Any:
    """The only row there is."""
    with transaction():
        return session.scalars(select(model).filter_by(**wanted)).one()


def wrong_fields(page: str) -> set[str]:
    """The fields that a page calls wrong."""
    marked = [attributes for _, attributes in read(page).tags if attributes.get("aria-invalid") == "true"]
    return {str(each["name"]) for each in marked}


def typed(page: str, name: str) -> str | None:
    """What stands in a field."""
    found = [each for tag, each in read(page).tags if tag == "input" and each.get("name") == name]
    return found[0].get("value")
