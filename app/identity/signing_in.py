"""Signing in: riders by phone and one-time code or by a station's invitation and PIN, staff by password."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import phonenumbers
from sqlalchemy import delete, select, update

from app.identity import inviting, queries, returning, senders
from app.identity.actors import Actor
from app.identity.attempts import logged
from app.identity.consent import CORE, VERSIONS
from app.identity.errors import (
    CodeExpired,
    CodeTriesUsedUp,
    CodeWrong,
    ConsentNeeded,
    InviteNotFound,
    NewPasswordNeeded,
    PasswordWrong,
    PersonNotFound,
    PhoneWrong,
)
from app.identity.models import Consent, Invite, Person, SignInCode
from app.identity.secrets_kept import as_printed, check_password, digest, matches
from app.kernel import randomness
from app.kernel.db import session
from app.kernel.widths import narrow

CODE_LIVES = timedelta(minutes=5)
KEPT_FOR = timedelta(days=1)  # what has run out is no use to anybody but whoever looks for numbers
INVITE_LIVES = timedelta(days=7)
MAX_TRIES = 5
DEFAULT_COUNTRY = "CN"


def normal_phone(text: str, *, field: str = "phone") -> str:
    """The number in E.164. Raises PhoneWrong, naming the field in which it was given."""
    text = narrow(text)
    try:
        number = phonenumbers.parse(text, DEFAULT_COUNTRY)
    except phonenumbers.NumberParseException:
        raise PhoneWrong(fields={field: ["phone-wrong"]}) from None
    if not phonenumbers.is_valid_number(number) or not text.isascii():
        raise PhoneWrong(fields={field: ["phone-wrong"]})
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def request_code(*, phone: str, at: datetime) -> SignInCode:
    """Send a six-digit code to a phone, whether or not anybody is enrolled with it. Older codes stop working."""
    number = normal_phone(phone)
    session.execute(
        update(SignInCode).where(SignInCode.phone == number, SignInCode.used_at.is_(None)).values(used_at=at)
    )
    code = randomness.digits(6)
    asked = SignInCode(phone=number, digest="", sent_at=at, expires_at=at + CODE_LIVES)
    session.add(asked)
    session.flush()
    asked.digest = digest("sign-in-code", asked.id.hex, code)
    senders.sender().send(number, code)
    return asked


@logged("phone-code")
def sign_in_with_code(*, phone: str, code: str, consent: bool, at: datetime) -> Person:
    """Who proves a phone number is signed in; a new number is enrolled once its owner has agreed."""
    number = normal_phone(phone)
    asked = _matching(number, code, at)
    someone = queries.person_with_phone_to_change(number)
    if someone is None or someone.enrolled_at is None:
        if not consent:
            raise ConsentNeeded
        someone = _enrol(someone or Person(phone=number, created_at=at), at)
    _use_once(SignInCode, asked.id, at)
    return someone


def forget_codes(*, at: datetime) -> int:
    """Forget the codes that ran out a day ago, and so the numbers they were sent to. Returns how many."""
    old = delete(SignInCode).where(SignInCode.expires_at <= at - KEPT_FOR)
    done = session.execute(old.execution_options(synchronize_session=False))
    return done.rowcount  # type: ignore[attr-defined, no-any-return]


def prove_number(*, phone: str, field: str, code: str, at: datetime) -> str:
    """Whoever has the code that was sent there holds the phone. Uses the code up; returns the number in E.164."""
    number = normal_phone(phone, field=field)
    _use_once(SignInCode, _matching(number, code, at).id, at)
    return number


@logged("invitation")
def sign_in_with_invite(*, token: str, pin: str, nickname: str | None, consent: bool, at: datetime) -> Person:
    """Who holds a station's invitation and was told its PIN is signed in, and enrolled once they agreed.

    One that was given to bring somebody back signs in whom it names, who agreed long ago.
    """
    invite = invite_by_token(token, at)
    if invite.return_id is not None and invite.person_id is not None:
        # Before the invitation, as a station does that gives another one; then this one is over.
        queries.hold_person(invite.person_id)
        invite = invite_by_token(token, at)
    _count_try(Invite, invite.id)
    if not matches(invite.pin_digest, digest("invite-pin", invite.id.hex, pin)):
        raise CodeWrong(tries_left=MAX_TRIES - invite.tries)
    if invite.return_id is not None:
        _use_once(Invite, invite.id, at)
        return returning.come_back(return_id=invite.return_id, at=at)
    if not consent:
        raise ConsentNeeded
    someone = _enrol(Person(nickname=nickname, created_at=at), at)
    invite.person_id = someone.id
    _use_once(Invite, invite.id, at)
    return someone


def invite_by_token(token: str, at: datetime) -> Invite:
    """The invitation behind a QR link. Raises InviteNotFound when unknown, used or run out."""
    named = select(Invite).where(Invite.token_digest == digest("invite-token", token.upper()))
    invite = session.scalar(named.execution_options(populate_existing=True))
    if invite is None or invite.used_at is not None or at >= invite.expires_at:
        raise InviteNotFound
    return invite


def invite_rider(*, station_id: UUID, by: Actor, at: datetime) -> tuple[Invite, str, str]:
    """An invitation for exactly one new rider: (invite, token for the QR link, PIN to say aloud)."""
    by.must("people.invite", station_id=station_id)
    return inviting.invitation(station_id=station_id, expires_at=at + INVITE_LIVES, by=by, at=at)


@logged("password")
def sign_in_with_password(*, username: str, password: str, at: datetime) -> Person:
    """A member of staff. An unknown name and a wrong password get the same answer in the same time.

    Raises NewPasswordNeeded where the password is a passing one.
    """
    someone = queries.person_by_username(username)
    if someone is not None and someone.password_passes_at is not None:
        password = as_printed(password)  # it was read out, perhaps by telephone
    if not check_password(someone.password_hash if someone else None, password) or someone is None:
        raise PasswordWrong
    if someone.password_passes_at is not None:
        raise NewPasswordNeeded if at < someone.password_passes_at else PasswordWrong
    return _unchanged(someone)


def first_step_taken(someone: Person, at: datetime) -> str:
    """A proof for the same browser that name and password were right, good for CODE_LIVES and one password."""
    moment = str(int(at.timestamp()))
    return ".".join((someone.id.hex, moment, _first_step_mark(someone, moment)))


def after_first_step(proof: str, at: datetime, *, passing: bool = False) -> Person:
    """Whose proof this is. Raises PasswordWrong when it is none, too old, or the password has changed.

    That of a passing password counts where such a one is asked for, and nowhere else.
    """
    person_hex, _, rest = proof.partition(".")
    moment, _, mark = rest.partition(".")
    try:
        someone = queries.person(UUID(hex=person_hex))
    except (ValueError, PersonNotFound):
        raise PasswordWrong from None
    # One spelling of the id only: tries are counted by it, and another spelling would buy more.
    if person_hex != someone.id.hex or not matches(_first_step_mark(someone, moment), mark):
        raise PasswordWrong
    if not 0 <= at.timestamp() - int(moment) < CODE_LIVES.total_seconds():
        raise PasswordWrong
    if passing != (someone.password_passes_at is not None):
        raise PasswordWrong
    return _unchanged(someone)


def _unchanged(someone: Person) -> Person:
    """Hold whoever has shown the right password, unless it was replaced meanwhile: to check one takes its time."""
    shown = someone.password_hash
    held = queries.person_signing_in(someone.id)
    if held is None or held.password_hash != shown:
        raise PasswordWrong
    return held


def _first_step_mark(someone: Person, moment: str) -> str:
    return digest("first-step", someone.id.hex, moment, someone.password_hash or "")


def _matching(number: str, code: str, at: datetime) -> SignInCode:
    """The code last sent to a number, if this is it. Each try counts."""
    asked = session.scalar(
        select(SignInCode)
        .where(SignInCode.phone == number, SignInCode.used_at.is_(None))
        .order_by(SignInCode.id.desc())
    )
    if asked is None or at >= asked.expires_at:
        raise CodeExpired
    _count_try(SignInCode, asked.id)
    if not matches(asked.digest, digest("sign-in-code", asked.id.hex, code)):
        raise CodeWrong(tries_left=MAX_TRIES - asked.tries)
    return asked


def _enrol(someone: Person, at: datetime) -> Person:
    someone.enrolled_at = at
    session.add(someone)
    session.flush()
    session.add(Consent(person_id=someone.id, purpose=CORE, version=VERSIONS[CORE], given=True, at=at))
    return someone


def _count_try(model: type[SignInCode] | type[Invite], key: UUID) -> None:
    # Conditional, so that tries sent at the same moment cannot share one count.
    tries = session.scalar(
        update(model)
        .where(model.id == key, model.tries < MAX_TRIES)
        .values(tries=model.tries + 1)
        .returning(model.tries)
    )
    if tries is None:
        raise CodeTriesUsedUp


def _use_once(model: type[SignInCode] | type[Invite], key: UUID, at: datetime) -> None:
    # The same right code presented twice at once signs in once.
    used = session.execute(
        update(model).where(model.id == key, model.used_at.is_(None)).values(used_at=at).returning(model.id)
    )
    if used.first() is None:
        raise CodeExpired
