"""Every try to sign in is a line of the log with its way and its outcome, and nothing that says whose phone it was."""

from __future__ import annotations

from typing import Any

import pytest

from app.identity import attempts, second_factor, senders, signing_in
from app.identity.errors import CodeWrong, PasswordWrong
from app.kernel import clock
from app.kernel.db import in_transaction, transaction
from tests import make

PHONE = "+8613800000001"


class Lines(list[dict[str, Any]]):
    """A log that keeps what it is told."""

    def info(self, event: str, **facts: Any) -> None:
        self.append({"event": event, "level": "info", **facts})

    def warning(self, event: str, **facts: Any) -> None:
        self.append({"event": event, "level": "warning", **facts})


@pytest.fixture
def lines(monkeypatch) -> Lines:
    kept = Lines()
    monkeypatch.setattr(attempts, "log", kept)
    return kept


class Mailbox:
    """Where the code arrives."""

    code = ""

    def send(self, phone: str, code: str) -> None:
        self.code = code


def test_a_try_that_fails_and_one_that_succeeds_are_both_written_down(app, lines):
    mailbox = Mailbox()
    with senders.use(mailbox):
        in_transaction(lambda: signing_in.request_code(phone=PHONE, at=clock.now()))
    code = mailbox.code
    facts = {"phone": PHONE, "consent": True, "at": clock.now()}
    wrong = str(999_999 - int(code)).zfill(6)
    with pytest.raises(CodeWrong):
        in_transaction(lambda: signing_in.sign_in_with_code(code=wrong, **facts))
    someone = in_transaction(lambda: signing_in.sign_in_with_code(code=code, **facts))
    failed, done = lines
    assert failed == {
        "event": "authentication", "level": "warning", "how": "phone-code", "outcome": "code-wrong"
    }  # fmt: skip
    assert (done["how"], done["outcome"], done["person"]) == ("phone-code", "done", str(someone.id))
    assert PHONE not in str(lines)


def test_a_wrong_password_is_written_down_without_the_name(app, lines):
    facts = {"username": "nobody", "password": "wrong", "at": clock.now()}
    with pytest.raises(PasswordWrong):
        in_transaction(lambda: signing_in.sign_in_with_password(**facts))
    assert [(each["how"], each["outcome"]) for each in lines] == [("password", "password-wrong")]
    assert "nobody" not in str(lines)


def test_whoever_has_no_second_step_is_no_try(app, lines):
    with transaction():
        make.regions()
        someone = make.staff("department", region_code=make.CITY)
    in_transaction(lambda: second_factor.prove(person_id=someone.id, code=None, at=clock.now()))
    assert lines == []
