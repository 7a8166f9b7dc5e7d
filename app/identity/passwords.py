"""Passwords of staff: long, not easy to guess, changed by whoever knows the old one."""

from __future__ import annotations

from datetime import datetime

from app.identity import queries, sessions
from app.identity.actors import Actor
from app.identity.errors import PasswordEasy, PasswordNotKnown
from app.identity.models import Person
from app.identity.secrets_kept import check_password, hash_password
from app.kernel.errors import Forbidden

# What anybody would try first at this product; compared without case.
EASY = ("fengxing", "蜂行", "password", "qwerty", "nanjing", "南京", "woaini", "letmein", "123456", "abcdef")
FEWEST_CHARACTERS = 5  # different ones
FEWEST_GUESSES = 10**10  # what stands also against a thief of the table, whom argon2 slows down
MOST_LOOKED_AT = 72  # characters; it takes time with the cube of them


def change_password(*, old: str, new: str, by: Actor, at: datetime) -> Person:
    """Replace one's own password; every other session of the account ends.

    Raises Forbidden for whoever has none, PasswordNotKnown, PasswordEasy.
    """
    someone = queries.self_to_change(by)
    if someone.password_hash is None:
        raise Forbidden
    # A passing one is worth nothing here, whoever is signed in by other means.
    if not check_password(someone.password_hash, old) or someone.password_passes_at is not None:
        raise PasswordNotKnown(fields={"old": ["password-not-known"]})
    must_be_hard(new, someone.username, someone.name, field="new")
    someone.password_hash = hash_password(new)
    sessions.end_other_sessions(by=by, at=at)
    return someone


def must_be_hard(password: str, *names: str | None, field: str = "password") -> None:
    """Refuse what is built from the account's own names, from a word everybody tries, or from few characters.

    Beyond that zxcvbn says how many guesses it stands: it knows 30,000 passwords that leaked most, keyboards and dates.
    """
    folded = password.casefold()
    taken = [*EASY, *(name.casefold() for name in names if name and len(name) > 1)]
    if (
        len(set(folded)) < FEWEST_CHARACTERS
        or any(each in folded for each in taken)
        or _guesses(password[:MOST_LOOKED_AT], taken) < FEWEST_GUESSES
    ):
        raise PasswordEasy(fields={field: ["password-easy"]})


def _guesses(password: str, taken: list[str]) -> int:
    from zxcvbn import zxcvbn  # its lists take long to read in, and few processes ever need them

    return int(zxcvbn(password, user_inputs=taken)["guesses"])
