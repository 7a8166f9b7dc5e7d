"""The second step of staff signing in: a code that their own phone makes (TOTP, RFC 6238), or one of ten on paper.

Staff roles count in a session only if it was opened with the second step, once a person has one; where the settings ask
for it (production), also before: until then a member of staff can do nothing but set it up. A code is taken once.
"""

from __future__ import annotations

from base64 import b32encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import delete, func, select, update

from app.identity import appointing, queries, reopening, sessions
from app.identity.actors import Actor
from app.identity.attempts import logged
from app.identity.errors import (
    SecondAdminNeeded,
    SecondFactorKnown,
    SecondFactorNeeded,
    SecondFactorNotBegun,
    SecondFactorUnreadable,
    SecondFactorWrong,
    SignInAgain,
)
from app.identity.events import SecondFactorChanged
from app.identity.models import SECOND_STEP, PaperCode, Person, SecondFactor
from app.identity.secrets_kept import as_printed, digest, sealed, unsealed
from app.kernel import events, randomness
from app.kernel.db import session
from app.kernel.errors import Forbidden

ISSUER = "Fengxing"
PERIOD_S, DIGITS, SECRET_BYTES = 30, 6, 20
DRIFT = 1  # a phone may be half a minute off, either way
PAPER_CODES, PAPER_LENGTH = 10, 10
SET, REMOVED, RESET = "set", "removed", "reset"


@dataclass(frozen=True, slots=True)
class Begun:
    """What an authenticator on the phone has to learn: by picture or by hand."""

    secret: str  # base32
    uri: str


@dataclass(frozen=True, slots=True)
class State:
    """How it stands with a person's second step."""

    since_at: datetime | None
    papers_left: int

    @property
    def is_set(self) -> bool:
        """Whether signing in asks for it."""
        return self.since_at is not None


def state_of(person_id: UUID) -> State:
    """Since when a person has a second step, and how many codes on paper are left."""
    kept = session.get(SecondFactor, person_id)
    unused = select(func.count()).where(PaperCode.person_id == person_id, PaperCode.used_at.is_(None))
    return State(kept.confirmed_at if kept else None, session.scalar(unused) or 0)


def begun(*, by: Actor, at: datetime) -> Begun | None:
    """What the phone has to learn, while it was begun and does not count yet; to a fresh session only."""
    kept = session.get(SecondFactor, by.id) if sessions.is_fresh(by=by, at=at) else None
    if kept is None or kept.confirmed_at is not None or not _is_readable(kept):
        return None
    return _begun(kept, queries.person(by.id))


def begin(*, by: Actor, at: datetime) -> Begun:
    """Make a secret for one's phone; it counts once a code of it was given. Only staff with a password have one.

    Begun again before it counts, it is the same secret: a page that is loaded twice shows one picture.
    Raises Forbidden, SecondFactorKnown, SignInAgain.
    """
    someone = queries.self_to_change(by)
    if someone.password_hash is None:
        raise Forbidden
    kept = session.get(SecondFactor, by.id)
    if kept is not None and kept.confirmed_at is not None:
        raise SecondFactorKnown
    _must_be_fresh(by, at)
    if kept is None or not _is_readable(kept):
        kept = kept or SecondFactor(person_id=by.id, begun_at=at)
        kept.sealed_secret = sealed("second-factor", randomness.token_bytes(SECRET_BYTES))
        session.add(kept)
        session.flush()
    return _begun(kept, someone)


def confirm(*, code: str, by: Actor, at: datetime) -> list[str]:
    """The first code shows that the phone has learned it. Returns the codes for paper: they are never shown again.

    Every other session of the person ends; this one has taken the second step. Raises SecondFactorNotBegun,
    SecondFactorKnown, SecondFactorWrong, SignInAgain.
    """
    kept = session.scalar(select(SecondFactor).where(SecondFactor.person_id == by.id).with_for_update())
    if kept is None:
        raise SecondFactorNotBegun
    if kept.confirmed_at is not None:
        raise SecondFactorKnown
    _must_be_fresh(by, at)
    step = _step_of(kept, as_printed(code), at)
    if step is None:
        raise SecondFactorWrong
    kept.confirmed_at, kept.last_step = at, step
    reopening.forget(by.id)
    papers = _papers(by.id)
    sessions.end_other_sessions(by=by, at=at)
    sessions.take_second_step(by=by)
    session.flush()
    _tell(SET, by.id, by, at)
    return papers


def _must_be_fresh(by: Actor, at: datetime) -> None:
    if not sessions.is_fresh(by=by, at=at):
        raise SignInAgain


def new_papers(*, code: str, by: Actor, at: datetime) -> list[str]:
    """Ten new codes for paper; the old ones end. Takes a code of the phone."""
    if not prove(person_id=by.id, code=code, at=at):
        raise SecondFactorNotBegun
    return _papers(by.id)


def remove(*, code: str, by: Actor, at: datetime) -> None:
    """Take one's own second step away, with a code of it."""
    if not prove(person_id=by.id, code=code, at=at):
        raise SecondFactorNotBegun
    _forget(by.id)
    _tell(REMOVED, by.id, by, at)


def reset(*, person_id: UUID, by: Actor, at: datetime) -> None:
    """An administrator over every role of a colleague takes a lost one away; the colleague is signed out everywhere.

    Nobody does it for themself: who lost the phone asks another. Whoever runs the product does it where no other can.
    Raises SecondAdminNeeded, PersonNotFound, Forbidden, AnotherAdminNeeded.
    """
    if by.person_id == person_id:
        raise SecondAdminNeeded
    queries.staff_member(person_id)
    queries.person_to_change(person_id)
    appointing.must_be_over(person_id, by)
    if not by.is_system:  # which gives no passwords back
        reopening.reopen(SECOND_STEP, person_id=person_id, by=by, at=at)
    _forget(person_id)
    sessions.end_all_sessions(person_id=person_id, at=at)
    _tell(RESET, person_id, by, at)


@logged("second-step")
def prove(*, person_id: UUID, code: str | None, at: datetime) -> bool:
    """Take the second step: True with a right code, False for whoever has none set.

    Raises SecondFactorNeeded without a code, SecondFactorWrong with a wrong one or one that was used,
    SecondFactorUnreadable after a change of the installation's secret.
    """
    kept = session.get(SecondFactor, person_id)
    if kept is None or kept.confirmed_at is None:
        return False
    _secret_of(kept)  # before a code is asked for that nobody could check
    if not code:
        raise SecondFactorNeeded
    text = as_printed(code)
    if not (_use_step(kept, _step_of(kept, text, at)) or _use_paper(person_id, text, at)):
        raise SecondFactorWrong
    reopening.forget(person_id)
    return True


def forget(person_id: UUID) -> None:
    """Keep nothing of the second step of a person whose account is closed, nor of who gave a step back."""
    _forget(person_id)
    reopening.forget(person_id)


def _forget(person_id: UUID) -> None:
    session.execute(delete(PaperCode).where(PaperCode.person_id == person_id))
    session.execute(delete(SecondFactor).where(SecondFactor.person_id == person_id))


def _begun(kept: SecondFactor, someone: Person) -> Begun:
    secret = _secret_of(kept)
    uri = _maker(secret).get_provisioning_uri(someone.username or someone.id.hex, ISSUER)
    return Begun(b32encode(secret).decode(), uri)


def _secret_of(kept: SecondFactor) -> bytes:
    try:
        return unsealed("second-factor", kept.sealed_secret)
    except InvalidToken:
        raise SecondFactorUnreadable from None


def _is_readable(kept: SecondFactor) -> bool:
    with suppress(SecondFactorUnreadable):
        return bool(_secret_of(kept))
    return False


def _maker(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), PERIOD_S)  # noqa: S303 -- what every authenticator speaks; HMAC stands


def _step_of(kept: SecondFactor, text: str, at: datetime) -> int | None:
    """The step whose code this is, near enough to now."""
    maker, now = _maker(_secret_of(kept)), int(at.timestamp()) // PERIOD_S
    found = [
        step
        for step in range(now - DRIFT, now + DRIFT + 1)
        if compare_digest(maker.generate(step * PERIOD_S), text.encode())
    ]
    return found[-1] if found else None


def _use_step(kept: SecondFactor, step: int | None) -> bool:
    # Conditional, so that one code shown twice at once is taken once.
    if step is None:
        return False
    newer = SecondFactor.last_step.is_(None) | (SecondFactor.last_step < step)
    taken = session.execute(
        update(SecondFactor)
        .where(SecondFactor.person_id == kept.person_id, newer)
        .values(last_step=step)
        .returning(SecondFactor.person_id)
    )
    return taken.first() is not None


def _use_paper(person_id: UUID, text: str, at: datetime) -> bool:
    taken = session.execute(
        update(PaperCode)
        .where(
            PaperCode.person_id == person_id,
            PaperCode.code_digest == _paper_digest(person_id, text),
            PaperCode.used_at.is_(None),
        )
        .values(used_at=at)
        .returning(PaperCode.id)
    )
    return taken.first() is not None


def _papers(person_id: UUID) -> list[str]:
    session.execute(delete(PaperCode).where(PaperCode.person_id == person_id))
    codes = [randomness.crockford(PAPER_LENGTH) for _ in range(PAPER_CODES)]
    session.add_all(
        PaperCode(person_id=person_id, code_digest=_paper_digest(person_id, code)) for code in codes
    )
    session.flush()
    return [f"{code[: PAPER_LENGTH // 2]}-{code[PAPER_LENGTH // 2 :]}" for code in codes]


def _paper_digest(person_id: UUID, text: str) -> str:
    return digest("paper-code", person_id.hex, text)


def _tell(what: str, person_id: UUID, by: Actor, at: datetime) -> None:
    events.publish(SecondFactorChanged(person_id=person_id, what=what, by=by, at=at))
