"""The way back for staff who forgot the password: the product makes a passing one for another administrator.

It is shown once, lives a day and is worth one thing: a password of the person's own choosing. It opens no session, and
the second step stays as it was: roles sleep until it is shown. What was known before counts no longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.identity import appointing, queries, signing_in
from app.identity.actors import Actor
from app.identity.attempts import logged
from app.identity.errors import (
    NewPasswordNeeded,
    NoPassword,
    PassingOver,
    PasswordEasy,
    PasswordWrong,
    SecondAdminNeeded,
)
from app.identity.events import PasswordPassed
from app.identity.models import PASSWORD, Person
from app.identity.passwords import must_be_hard
from app.identity.reopening import reopen
from app.identity.secrets_kept import as_printed, check_password, hash_password
from app.identity.sessions import end_all_sessions
from app.kernel import randomness
from app.kernel.db import session
from app.kernel.events import publish

LIVES = timedelta(hours=24)
LENGTH, GROUP = 16, 4  # 80 bits, in groups that can be read out
GIVEN, USED = "given", "used"


class Passing(NamedTuple):
    """What is shown once to the administrator."""

    password: str
    expires_at: datetime


def give(*, person_id: UUID, by: Actor, at: datetime) -> Passing:
    """Replace a colleague's password by a passing one; all their sessions end. Nobody does it for themself.

    It takes an administrator over every role of theirs.
    Raises SecondAdminNeeded, PersonNotFound, Forbidden, NoPassword, AnotherAdminNeeded.
    """
    if by.person_id == person_id:
        raise SecondAdminNeeded
    queries.staff_member(person_id)
    someone = queries.person_to_change(person_id)
    appointing.must_be_over(person_id, by)
    if someone.password_hash is None:
        raise NoPassword
    reopen(PASSWORD, person_id=person_id, by=by, at=at)
    text = randomness.crockford(LENGTH)
    password = "-".join(text[start : start + GROUP] for start in range(0, LENGTH, GROUP))
    _put(someone, text, at, passes_at=at + LIVES)
    publish(PasswordPassed(person_id=person_id, what=GIVEN, by=by, at=at))
    return Passing(password, at + LIVES)


@logged("passing-password")
def choose(*, username: str, password: str, new: str, at: datetime) -> Person:
    """Name and passing password are traded in for a password of one's own; signing in with it comes afterwards.

    Raises PasswordWrong, also where the password is no passing one, and PasswordEasy.
    """
    try:
        signing_in.sign_in_with_password(username=username, password=password, at=at)
    except NewPasswordNeeded:
        someone = queries.person_by_username(username)
        assert someone is not None
        return _choose(someone, new, at)
    raise PasswordWrong


@logged("passing-password")
def choose_after(*, proof: str, new: str, at: datetime) -> Person:
    """The same by the proof that a browser was given a moment ago. Raises PassingOver, PasswordEasy."""
    try:
        return _choose(signing_in.after_first_step(proof, at, passing=True), new, at)
    except PasswordWrong:
        raise PassingOver from None


def _choose(known: Person, new: str, at: datetime) -> Person:
    seen = known.password_hash
    someone = queries.person_to_change(known.id)
    # Locked and read again: of two who choose at the same moment one finds it used.
    if (
        someone.password_hash != seen
        or someone.password_passes_at is None
        or at >= someone.password_passes_at
    ):
        raise PasswordWrong
    must_be_hard(new, someone.username, someone.name, field="new")
    if check_password(someone.password_hash, as_printed(new)):  # somebody else has read it
        raise PasswordEasy(fields={"new": ["password-easy"]})
    _put(someone, new, at, passes_at=None)
    publish(PasswordPassed(person_id=someone.id, what=USED, by=Actor(person_id=someone.id), at=at))
    return someone


def _put(someone: Person, password: str, at: datetime, *, passes_at: datetime | None) -> None:
    someone.password_hash, someone.password_passes_at = hash_password(password), passes_at
    end_all_sessions(person_id=someone.id, at=at)
    session.flush()
