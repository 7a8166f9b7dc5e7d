"""What becomes of points that riders of a region owe: proposed by one person, in force when a second one agrees.

A region without a policy of its own has that of the nearest region above; where there is none, debts are written off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from app.identity.actors import Actor
from app.kernel.clock import city_midnight
from app.kernel.db import Base, IdMixin, UtcDateTime, insert_if_absent, session
from app.kernel.errors import Forbidden
from app.kernel.events import publish
from app.kernel.i18n import say
from app.kernel.ids import new_id
from app.ledger.errors import PolicyDecided, PolicyNeedsAnother, PolicyProposed, ProposalUnknown
from app.ledger.events import PolicyEvent
from app.ledger.models import DebtPolicy
from app.places import queries as places
from app.places.models import Region

WAITING, AGREED, REFUSED = PROPOSAL_STATES = ("waiting", "agreed", "refused")
_OPEN = text(f"state = '{WAITING}'")
MAY = "rules.review"


class DebtPolicyProposal(IdMixin, Base):
    """A policy for a region, asked for by one person and decided by another. It becomes a `DebtPolicy` if agreed to."""

    __tablename__ = "debt_policy_proposals"
    __table_args__ = (
        # two that propose for the same region at once: one row
        Index("uq_debt_policy_proposals_open", "region_code", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
        UniqueConstraint("policy_id", name="policy_id"),
        CheckConstraint("share_percent BETWEEN 0 AND 100", name="share_percent"),
        CheckConstraint(f"state IN {PROPOSAL_STATES}", name="state"),
        CheckConstraint("(state = 'agreed') = (policy_id IS NOT NULL)", name="agreed"),
        CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("state <> 'agreed' OR decided_by <> proposed_by", name="two_people"),
    )  # fmt: skip

    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    share_percent: Mapped[int]
    starts_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10), index=True)
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    policy_id: Mapped[UUID | None] = mapped_column(ForeignKey("debt_policies.id"))

    def must_be_decidable_by(self, person_id: UUID, *, agreed: bool) -> None:
        """Raises PolicyDecided; for an agreement also PolicyNeedsAnother."""
        if self.state != WAITING:
            raise PolicyDecided
        if agreed and person_id == self.proposed_by:
            raise PolicyNeedsAnother


def policy_for(region_path: str, at: datetime) -> DebtPolicy:
    """The policy in force somewhere: the nearest region's, of these the latest; else that debts are written off."""
    codes = region_path.strip("/").split("/")
    found = session.execute(
        select(DebtPolicy, DebtPolicyProposal.region_code)
        .outerjoin(DebtPolicyProposal, DebtPolicyProposal.policy_id == DebtPolicy.id)
        .where(DebtPolicy.starts_at <= at)
        .order_by(DebtPolicy.starts_at.desc(), DebtPolicy.id.desc())
    ).all()
    # One without a proposal is of the time before there were any: it is the whole city's.
    near = [(codes.index(code) if code else 0, policy) for policy, code in found if not code or code in codes]
    return max(near, key=lambda each: each[0])[1] if near else DebtPolicy(share_percent=0)


def propose_policy(
    *, region_code: str, share_percent: int, starts_on: date, reason: str, by: Actor, at: datetime
) -> DebtPolicyProposal:
    """Say what is to become of debts in a region, from which day, and why. Raises Forbidden, PolicyProposed."""
    by.must(MAY, region_path=places.region_path(region_code))
    values = {
        "id": new_id(),
        "region_code": region_code,
        "share_percent": share_percent,
        "starts_on": starts_on,
        "reason": reason,
        "state": WAITING,
        "proposed_by": by.id,
        "proposed_at": at,
    }
    if not insert_if_absent(DebtPolicyProposal, values):
        raise PolicyProposed
    proposal = session.get_one(DebtPolicyProposal, values["id"])
    _publish(proposal, by, at)
    return proposal


def decide_policy(*, proposal_id: UUID, agreed: bool, by: Actor, at: datetime) -> DebtPolicyProposal:
    """The second person's answer; whoever proposed may withdraw it. In force from its day on, never for the past.

    Raises ProposalUnknown, PolicyDecided, PolicyNeedsAnother, Forbidden.
    """
    chosen = select(DebtPolicyProposal).where(DebtPolicyProposal.id == proposal_id).with_for_update()
    proposal = session.scalar(chosen.execution_options(populate_existing=True))
    if proposal is None:
        raise ProposalUnknown
    by.must(MAY, region_path=places.region_path(proposal.region_code))
    proposal.must_be_decidable_by(by.id, agreed=agreed)
    if agreed:
        policy = DebtPolicy(
            id=new_id(),
            share_percent=proposal.share_percent,
            reason=proposal.reason,
            set_by=proposal.proposed_by,
            starts_at=max(at, city_midnight(proposal.starts_on)),
        )
        session.add(policy)
        session.flush()
        proposal.policy_id = policy.id
    proposal.state = AGREED if agreed else REFUSED
    proposal.decided_by, proposal.decided_at = by.id, at
    session.flush()
    _publish(proposal, by, at)
    return proposal


def proposals(*, by: Actor, limit: int = 100) -> Sequence[tuple[DebtPolicyProposal, DebtPolicy | None]]:
    """What was proposed where the caller reads the books, with the policy it became: the newest first."""
    paths = by.scopes("ledger.read").region_paths
    if not paths:
        raise Forbidden
    rows = session.execute(
        select(DebtPolicyProposal, DebtPolicy)
        .join(Region, Region.code == DebtPolicyProposal.region_code)
        .outerjoin(DebtPolicy, DebtPolicy.id == DebtPolicyProposal.policy_id)
        .where(places.inside(Region.path, paths))
        .order_by(DebtPolicyProposal.id.desc())
        .limit(limit)
    )
    return [(one, policy) for one, policy in rows]


def _publish(proposal: DebtPolicyProposal, by: Actor, at: datetime) -> None:
    publish(
        PolicyEvent(
            proposal_id=proposal.id,
            region_code=proposal.region_code,
            share_percent=proposal.share_percent,
            reason=proposal.reason,
            state=proposal.state,
            by=by,
            at=at,
        )
    )


def in_words(share_percent: int) -> str:
    """What such a policy means for a rider, in plain words."""
    return say(f"ledger.debt-policy.{'owed' if share_percent else 'written-off'}", share=share_percent)
