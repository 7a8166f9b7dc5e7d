"""People, their grants, appointments, consents, sessions, sign-in codes and invitations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.identity.errors import MoveEnded
from app.identity.permissions import ROLES
from app.kernel.db import Base, IdMixin, UtcDateTime

ASKED, CONFIRMED, MOVED, REFUSED = "asked", "confirmed", "moved", "refused"
MOVE_STATES = (ASKED, CONFIRMED, MOVED, REFUSED)
OPEN_MOVES = (ASKED, CONFIRMED)
_MOVE_IS_OPEN = text(f"state IN {OPEN_MOVES}")

USED = "used"
RETURN_STATES, OPEN_RETURNS = (ASKED, CONFIRMED, USED, REFUSED), (ASKED, CONFIRMED)
_RETURN_IS_OPEN = text(f"state IN {OPEN_RETURNS}")

PASSWORD, SECOND_STEP = STEPS = ("password", "second-step")

OCCUPATIONS = ("food-delivery", "courier", "ride-hail", "same-city", "other")
WAITING, GIVEN, DECLINED = APPOINTMENT_STATES = ("waiting", "given", "declined")
PURPOSES = ("core", "location", "photo", "publication")


class Person(IdMixin, Base):
    """Somebody the programme knows: a rider, a member of staff, or both. Only what is needed is kept."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("phone", name="phone"),
        UniqueConstraint("username", name="username"),
        CheckConstraint("locale IN ('zh', 'en')", name="locale"),
        CheckConstraint("password_passes_at IS NULL OR password_hash IS NOT NULL", name="passing_password"),
    )

    name: Mapped[str | None] = mapped_column(String(60))
    nickname: Mapped[str | None] = mapped_column(String(30))
    phone: Mapped[str | None] = mapped_column(String(20))  # E.164
    username: Mapped[str | None] = mapped_column(String(40))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    # Until then the password is a passing one, which the product made: worth nothing but a new one.
    password_passes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    occupation: Mapped[str | None] = mapped_column(String(20))
    platform: Mapped[str | None] = mapped_column(String(30))
    home_region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    locale: Mapped[str] = mapped_column(String(2), default="zh")
    large_type: Mapped[bool] = mapped_column(default=False)
    enrolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(default=False)
    # The newest answers in `consents`, at hand wherever somebody acts; None: never asked.
    agrees_to_location: Mapped[bool | None]
    agrees_to_photo: Mapped[bool | None]

    @property
    def is_rider(self) -> bool:
        return self.enrolled_at is not None and self.closed_at is None


class Grant(IdMixin, Base):
    """A role held in a region or at a station, until it is taken back."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        CheckConstraint("(region_code IS NULL) <> (station_id IS NULL)", name="one_scope"),
        Index(
            "uq_grants_held_region",
            "person_id",
            "role",
            "region_code",
            unique=True,
            sqlite_where=text("revoked_at IS NULL AND region_code IS NOT NULL"),
            postgresql_where=text("revoked_at IS NULL AND region_code IS NOT NULL"),
        ),
        Index(
            "uq_grants_held_station",
            "person_id",
            "role",
            "station_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL AND station_id IS NOT NULL"),
            postgresql_where=text("revoked_at IS NULL AND station_id IS NOT NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"), index=True)
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Appointment(IdMixin, Base):
    """A role proposed for a person; where there is another administrator, that one must agree."""

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        CheckConstraint("(region_code IS NULL) <> (station_id IS NULL)", name="one_scope"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_whole"),
        CheckConstraint("(state = 'given') = (grant_id IS NOT NULL)", name="given_whole"),
        CheckConstraint(f"state IN {APPOINTMENT_STATES}", name="state"),
        CheckConstraint(
            "state <> 'given' OR NOT needs_second"
            " OR (decided_by IS NOT NULL AND decided_by <> asked_by AND decided_by <> person_id)",
            name="second_admin",
        ),
        CheckConstraint("asked_by <> person_id", name="not_oneself"),
        Index(
            "uq_appointments_waiting_region",
            "person_id",
            "role",
            "region_code",
            unique=True,
            sqlite_where=text("state = 'waiting' AND region_code IS NOT NULL"),
            postgresql_where=text("state = 'waiting' AND region_code IS NOT NULL"),
        ),
        Index(
            "uq_appointments_waiting_station",
            "person_id",
            "role",
            "station_id",
            unique=True,
            sqlite_where=text("state = 'waiting' AND station_id IS NOT NULL"),
            postgresql_where=text("state = 'waiting' AND station_id IS NOT NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    needs_second: Mapped[bool] = mapped_column()
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    grant_id: Mapped[UUID | None] = mapped_column(ForeignKey("grants.id"), index=True)


class Consent(IdMixin, Base):
    """A person's answer to one purpose, in one version of its words. The newest answer counts."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        Index("ix_consents_person_purpose", "person_id", "purpose"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    purpose: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SessionFamily(IdMixin, Base):
    """One sign-in on one device: every refresh token descends from it, and revoking it ends them all."""

    __tablename__ = "session_families"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    device: Mapped[str] = mapped_column(String(80), default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_why: Mapped[str | None] = mapped_column(String(20))
    # Opened with the second factor of its person.
    second_step: Mapped[bool] = mapped_column(default=False, server_default=false())


class SecondFactor(Base):
    """What makes a person's codes, sealed; `last_step` is the newest that was used, so that none is used twice."""

    __tablename__ = "second_factors"
    __table_args__ = (
        CheckConstraint("last_step IS NULL OR confirmed_at IS NOT NULL", name="used_when_confirmed"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    sealed_secret: Mapped[str] = mapped_column(String(200))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int | None]


class PaperCode(IdMixin, Base):
    """A code on paper, for when the phone is gone. Only a keyed digest of it is kept; it is taken once."""

    __tablename__ = "paper_codes"
    __table_args__ = (UniqueConstraint("person_id", "code_digest", name="code"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    code_digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReopenedStep(Base):
    """Which administrator gave a colleague one of the two steps back, until the colleague has taken both."""

    __tablename__ = "reopened_steps"
    __table_args__ = (
        CheckConstraint(f"step IN {STEPS}", name="step"),
        CheckConstraint("reopened_by <> person_id", name="not_oneself"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(12), primary_key=True)
    reopened_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    reopened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefreshToken(IdMixin, Base):
    """A refresh token that was given out; used once, it is replaced by its child."""

    __tablename__ = "refresh_tokens"

    family_id: Mapped[UUID] = mapped_column(ForeignKey("session_families.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInCode(IdMixin, Base):
    """A one-time code sent to a phone. Only a keyed digest of it is kept."""

    __tablename__ = "sign_in_codes"
    __table_args__ = (CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),)

    phone: Mapped[str] = mapped_column(String(20), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Invite(IdMixin, Base):
    """A station's invitation for one rider: a QR link with a random token, and a PIN said aloud.

    One with a `return_id` brings back the rider whom it names from the beginning; others enrol somebody new.
    """

    __tablename__ = "invites"
    __table_args__ = (
        UniqueConstraint("token_digest", name="token"),
        CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),
        CheckConstraint("return_id IS NULL OR person_id IS NOT NULL", name="whom_it_brings_back"),
    )

    token_digest: Mapped[str] = mapped_column(String(64))
    pin_digest: Mapped[str] = mapped_column(String(64))
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    made_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    return_id: Mapped[UUID | None] = mapped_column(ForeignKey("rider_returns.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NumberMove(IdMixin, Base):
    """An account that is to get another phone number, because its rider no longer has the old one.

    Two members of staff and a day between, in which whoever holds the old number or is still signed in can object.
    The new number is kept here only while it is open.
    """

    __tablename__ = "number_moves"
    __table_args__ = (
        CheckConstraint(f"state IN {MOVE_STATES}", name="state"),
        CheckConstraint(
            "state NOT IN ('confirmed', 'moved') OR (confirmed_by IS NOT NULL AND confirmed_by <> asked_by"
            " AND confirmed_by <> person_id)",
            name="two_people",
        ),
        CheckConstraint(f"(state IN {OPEN_MOVES}) = (new_phone IS NOT NULL)", name="number_while_open"),
        CheckConstraint("(state IN ('moved', 'refused')) = (ended_at IS NOT NULL)", name="ended_at"),
        Index(
            "uq_number_moves_one_open",
            "person_id",
            unique=True,
            sqlite_where=_MOVE_IS_OPEN,
            postgresql_where=_MOVE_IS_OPEN,
        ),
        Index(
            "uq_number_moves_one_target",
            "new_phone",
            unique=True,
            sqlite_where=_MOVE_IS_OPEN,
            postgresql_where=_MOVE_IS_OPEN,
        ),
        Index("ix_number_moves_state_asked_at", "state", "asked_at"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    new_phone: Mapped[str | None] = mapped_column(String(20))  # E.164
    reason: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default=ASKED)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def must_be_open(self) -> None:
        """Refuse to decide what has been decided."""
        if self.state not in OPEN_MOVES:
            raise MoveEnded


class RiderReturn(IdMixin, Base):
    """A rider without a number who lost the phone: a station that invited them once asks to let them in anew.

    Two members of staff and a day between, in which whoever is still signed in can object.
    """

    __tablename__ = "rider_returns"
    __table_args__ = (
        CheckConstraint(f"state IN {RETURN_STATES}", name="state"),
        CheckConstraint(
            "state NOT IN ('confirmed', 'used') OR (confirmed_by IS NOT NULL AND confirmed_by <> asked_by"
            " AND confirmed_by <> person_id)",
            name="two_people",
        ),
        CheckConstraint("asked_by <> person_id", name="not_oneself"),
        CheckConstraint("(state IN ('used', 'refused')) = (ended_at IS NOT NULL)", name="ended_at"),
        Index(
            "uq_rider_returns_one_open",
            "person_id",
            unique=True,
            sqlite_where=_RETURN_IS_OPEN,
            postgresql_where=_RETURN_IS_OPEN,
        ),
        Index("ix_rider_returns_state_asked_at", "state", "asked_at"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default=ASKED)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
