"""Criteria, selections with their sealed snapshot, candidates with their consent, honours, integrity holds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.honours.errors import SelectionMovedOn
from app.honours.guards import announce_only_what_was_agreed, fix_once_set, keep_refusals
from app.kernel.db import Base, IdMixin, Json, UtcDateTime, append_only
from app.kernel.i18n import pick

DRAFT, FROZEN, REVIEWED, NOTICE, FINAL = "draft", "frozen", "reviewed", "notice", "final"
STATES = (DRAFT, FROZEN, REVIEWED, NOTICE, FINAL)
PURPOSES = ("example", "publicity", "commendation")  # 选树, 宣传; 表彰 only with the number of its approval
IN, OUT = "in", "out"
FULL, MASKED, UNLISTED, NONE_YET = "full", "masked", "unlisted", "none-yet"
VOICES = ("station", "peer", "organiser")
STATUS_BITS = 131_072  # of a status list: the least the standard allows, so that one place hides among many
CHOICES = (FULL, MASKED, UNLISTED, NONE_YET)
SHOWN = ("nominee", "nobody")  # who is on a photo; one that shows others is not taken
WAITING, AGREED, REFUSED = "waiting", "agreed", "refused"
ANSWERS = (WAITING, AGREED, REFUSED)


class CriteriaVersion(IdMixin, Base):
    """One wording of criteria. It never changes: another wording is another version, which is approved again."""

    __tablename__ = "criteria_versions"
    __table_args__ = (
        UniqueConstraint("region_code", "name", "number", name="number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("approved_by IS NULL OR approved_by <> written_by", name="second_person"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved_when"),
    )

    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    name: Mapped[str] = mapped_column(String(60))
    number: Mapped[int]
    # Canonical text, not a JSON column: a database may reorder keys, and this is hashed byte by byte.
    wording: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    written_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Selection(IdMixin, Base):
    """One selection: criteria, then a sealed snapshot, then people's decisions. Steps go forward only."""

    __tablename__ = "selections"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        CheckConstraint("period_end_on >= period_start_on", name="period"),
        CheckConstraint("purpose <> 'commendation' OR approval_number IS NOT NULL", name="approval_number"),
        CheckConstraint("approved_by IS NULL OR approved_by <> created_by", name="second_person"),
        CheckConstraint("(state = 'draft') = (snapshot IS NULL)", name="frozen_once"),
        CheckConstraint("state IN ('draft', 'frozen') OR approved_by IS NOT NULL", name="approved"),
        CheckConstraint("state NOT IN ('notice', 'final') OR notice_ends_on IS NOT NULL", name="noticed"),
        Index("ix_selections_state_id", "state", "id"),
    )

    title_zh: Mapped[str] = mapped_column(String(60))
    title_en: Mapped[str | None] = mapped_column(String(120))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    approval_number: Mapped[str | None] = mapped_column(String(60))
    period_start_on: Mapped[date]
    period_end_on: Mapped[date]
    criteria_version_id: Mapped[UUID] = mapped_column(ForeignKey("criteria_versions.id"), index=True)
    only_regions: Mapped[list[str]] = mapped_column(Json, default=list)  # inside region_code; none: all of it
    state: Mapped[str] = mapped_column(String(12), default=DRAFT)
    snapshot: Mapped[str | None] = mapped_column(Text, deferred=True)  # its first line; see snapshots
    snapshot_sha256: Mapped[str | None] = mapped_column(String(64))
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    notice_starts_on: Mapped[date | None]
    notice_ends_on: Mapped[date | None]
    notice_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finalised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    named_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the blind round is over
    meeting: Mapped[str] = mapped_column(Text, default="")  # what the signer added; see Meeting
    contact_phone: Mapped[str | None] = mapped_column(String(40))  # where to object, on the public notice
    contact_place: Mapped[str | None] = mapped_column(String(120))
    contact_hours: Mapped[str | None] = mapped_column(String(120))
    contact_place_en: Mapped[str | None] = mapped_column(String(120))
    contact_hours_en: Mapped[str | None] = mapped_column(String(120))
    is_demo: Mapped[bool] = mapped_column(default=False)

    criteria_version: Mapped[CriteriaVersion] = relationship(lazy="joined", innerjoin=True)

    @property
    def criteria_sha256(self) -> str:
        return self.criteria_version.sha256

    @property
    def regions(self) -> list[str]:
        """The codes of the regions whose facts count."""
        return self.only_regions or [self.region_code]

    @property
    def title(self) -> str:
        return pick(self.title_zh, self.title_en)

    @property
    def told_place(self) -> str | None:
        """Where to object in person, in the reader's language if it was given in that."""
        return pick(self.contact_place, self.contact_place_en) if self.contact_place else None

    @property
    def told_hours(self) -> str | None:
        """When somebody is there, likewise."""
        return pick(self.contact_hours, self.contact_hours_en) if self.contact_hours else None

    def must_be(self, *states: str) -> None:
        """Raises SelectionMovedOn unless the selection is at one of these steps."""
        if self.state not in states:
            raise SelectionMovedOn(state=self.state)


class Candidate(IdMixin, Base):
    """Somebody who met the criteria and came before the reviewers: figures, what people decided, how he is named."""

    __tablename__ = "candidates"
    __table_args__ = (
        UniqueConstraint("selection_id", "person_id", name="person"),
        UniqueConstraint("selection_id", "pseudonym", name="pseudonym"),
        UniqueConstraint("selection_id", "position", name="position"),
        CheckConstraint(f"decision IN {(IN, OUT)}", name="decision"),
        CheckConstraint("decided_by IS NULL OR decided_by <> person_id", name="not_by_himself"),
        CheckConstraint("decided_by IS NULL OR length(reason) > 0", name="reason"),
        CheckConstraint(f"consent IN {CHOICES}", name="consent"),
        CheckConstraint("score >= 0 AND position > 0", name="order"),
    )

    selection_id: Mapped[UUID] = mapped_column(ForeignKey("selections.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    pseudonym: Mapped[str] = mapped_column(String(20))
    figures: Mapped[dict[str, Any]] = mapped_column(Json)
    score: Mapped[int]
    position: Mapped[int]
    decision: Mapped[str] = mapped_column(String(4))
    reason: Mapped[str] = mapped_column(String(300), default="")
    decided_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), index=True
    )  # None: by the criteria
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    called_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # from further down; see calling
    consent: Mapped[str] = mapped_column(String(10), default=NONE_YET)
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shows_story: Mapped[bool] = mapped_column(default=False)
    shows_photo: Mapped[bool] = mapped_column(default=False)


class Nomination(IdMixin, Base):
    """Somebody was put forward for a selection. Whoever puts forward the same person joins it: see Voice."""

    __tablename__ = "nominations"
    __table_args__ = (UniqueConstraint("selection_id", "person_id", name="person"),)

    selection_id: Mapped[UUID] = mapped_column(ForeignKey("selections.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Voice(IdMixin, Base):
    """What one person says for a nominee: the first nominates, the others second. One voice each, never counted up."""

    __tablename__ = "nomination_voices"
    __table_args__ = (
        UniqueConstraint("nomination_id", "by_id", name="once"),
        CheckConstraint(f"role IN {VOICES}", name="role"),
        CheckConstraint("length(story) > 0", name="story"),
    )

    nomination_id: Mapped[UUID] = mapped_column(ForeignKey("nominations.id"))
    by_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str] = mapped_column(String(12))
    story: Mapped[str] = mapped_column(Text)
    links: Mapped[list[str]] = mapped_column(Json, default=list, server_default=text("'[]'"))  # see links
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class NominationPhoto(IdMixin, Base):
    """A photo that came with a nomination. Nobody but the nominee sees it until he agrees; a no is for good."""

    __tablename__ = "nomination_photos"
    __table_args__ = (
        UniqueConstraint("media_id", name="media"),
        CheckConstraint(f"shows IN {SHOWN}", name="shows"),
        CheckConstraint(f"answer IN {ANSWERS}", name="answer"),
        CheckConstraint("(answer = 'waiting') = (answered_at IS NULL)", name="answered"),
    )

    voice_id: Mapped[UUID] = mapped_column(ForeignKey("nomination_voices.id"), index=True)
    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id"))
    shows: Mapped[str] = mapped_column(String(10))
    answer: Mapped[str] = mapped_column(String(8), default=WAITING)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Mark(IdMixin, Base):
    """One reviewer's score and comment on one candidate, given without a name."""

    __tablename__ = "review_marks"
    __table_args__ = (
        UniqueConstraint("candidate_id", "reviewer_id", name="once"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    )

    candidate_id: Mapped[UUID] = mapped_column(ForeignKey("candidates.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Recusal(IdMixin, Base):
    """A reviewer who is too close to a candidate says so, and decides nothing about him from then on."""

    __tablename__ = "recusals"
    __table_args__ = (
        UniqueConstraint("candidate_id", "reviewer_id", name="once"),
        CheckConstraint("length(reason) > 0", name="reason"),
    )

    candidate_id: Mapped[UUID] = mapped_column(ForeignKey("candidates.id"))
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    # None: he said so himself; otherwise whoever runs the selection
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Meeting(IdMixin, Base):
    """The record of a deciding meeting: when, who was there, how they voted, what came of it. The last one counts."""

    __tablename__ = "review_meetings"
    __table_args__ = (
        CheckConstraint("length(decision) > 0", name="decision"),
        CheckConstraint("votes_for >= 0 AND votes_against >= 0 AND votes_abstained >= 0", name="votes"),
        CheckConstraint("votes_for + votes_against + votes_abstained > 0", name="voted"),
    )

    selection_id: Mapped[UUID] = mapped_column(ForeignKey("selections.id"), index=True)
    held_on: Mapped[date]
    present: Mapped[list[str]] = mapped_column(Json)
    votes_for: Mapped[int]
    votes_against: Mapped[int]
    votes_abstained: Mapped[int]
    decision: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def is_carried(self) -> bool:
        """Whether more voted for the list than against it."""
        return self.votes_for > self.votes_against


class Decision(IdMixin, Base):
    """One taking in or out of a candidate, with reason and author. Kept for the case file."""

    __tablename__ = "candidate_decisions"
    __table_args__ = (
        CheckConstraint(f"decision IN {(IN, OUT)}", name="decision"),
        CheckConstraint("length(reason) > 0", name="reason"),
    )

    candidate_id: Mapped[UUID] = mapped_column(ForeignKey("candidates.id"), index=True)
    decision: Mapped[str] = mapped_column(String(4))
    reason: Mapped[str] = mapped_column(String(300))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Export(IdMixin, Base):
    """One export: what, of which snapshot, with which columns, for whom and why. It can be made again by its id."""

    __tablename__ = "honour_exports"
    __table_args__ = (CheckConstraint("length(reason) > 0", name="reason"),)

    selection_id: Mapped[UUID] = mapped_column(ForeignKey("selections.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    personal: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(300))
    by_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Honour(IdMixin, Base):
    """What a person was honoured with. Taken back only with a reason."""

    __tablename__ = "honours"
    __table_args__ = (
        UniqueConstraint("candidate_id", name="candidate"),
        UniqueConstraint("token", name="token"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_because IS NULL)", name="revoked_why"),
        CheckConstraint(f"status_index BETWEEN 0 AND {STATUS_BITS - 1}", name="status_index"),
        Index("uq_honours_status", "status_list", "status_index", unique=True),
    )

    selection_id: Mapped[UUID] = mapped_column(ForeignKey("selections.id"), index=True)
    candidate_id: Mapped[UUID] = mapped_column(ForeignKey("candidates.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    token: Mapped[str | None] = mapped_column(String(16))  # of the certificate's verification code
    status_list: Mapped[int | None]  # where the credential says whether it still holds; see statuses
    status_index: Mapped[int | None]
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_because: Mapped[str | None] = mapped_column(String(300))


class IntegrityHold(IdMixin, Base):
    """Something about a rider's records is being looked into; while it is open he is no candidate."""

    __tablename__ = "integrity_holds"
    __table_args__ = (
        CheckConstraint("length(reason) > 0", name="reason"),
        CheckConstraint("opened_by <> person_id", name="not_by_himself"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_because IS NULL)", name="lifted_why"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by"),
        Index(
            "uq_integrity_holds_one_open",
            "person_id",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_because: Mapped[str | None] = mapped_column(String(300))


class ImportedSnapshot(IdMixin, Base):
    """A sealed snapshot of another installation or another year, brought in as a file and checked."""

    __tablename__ = "imported_snapshots"
    __table_args__ = (UniqueConstraint("sha256", name="sha256"),)

    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)  # its first line; see snapshots
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


for _model in (Voice, Recusal, Meeting, Decision, Export):
    append_only(_model.__table__)  # type: ignore[arg-type]
fix_once_set(
    CriteriaVersion.__table__,  # type: ignore[arg-type]
    ("approved_by", "approved_at"),
    always=("id", "region_code", "name", "number", "wording", "sha256", "written_by", "written_at"),
)
fix_once_set(
    Selection.__table__,  # type: ignore[arg-type]
    ("snapshot", "snapshot_sha256", "frozen_at", "approved_by", "approved_at", "finalised_at"),
    always=("id", "created_by", "created_at"),
)
announce_only_what_was_agreed(Selection.__table__)  # type: ignore[arg-type]
keep_refusals(NominationPhoto.__table__)  # type: ignore[arg-type]
