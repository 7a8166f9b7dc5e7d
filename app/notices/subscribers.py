"""Who is told what when something happened on the floors below. Listed in main.py."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.identity import queries as people
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.i18n import LOCALES, format_date, format_hours, say
from app.ledger.events import (
    BudgetRanLow,
    CorrectionAsked,
    DebtPaid,
    DebtWrittenOff,
    EntryReversed,
    PointsCorrected,
    PointsExpired,
    PointsExpiring,
    ReversalAsked,
)
from app.notices.telling import About, tell
from app.places import queries as places
from app.rewards import queries as rewards
from app.rewards.events import (
    RedemptionUndone,
    RefundDeclined,
    ReservedOnBehalf,
    RewardCancelled,
    RewardExpired,
    RewardRefunded,
    VoucherEvent,
)
from app.rules import queries as rules
from app.rules.events import (
    AwardEvent,
    AwardGivenBack,
    AwardQueued,
    AwardSettled,
    FactUnwound,
    PointsAwarded,
    PointsNotAwarded,
)
from app.rules.explaining import why_not
from app.rules.models import Award
from app.volunteering import queries as volunteering
from app.volunteering.events import HoursConfirmed, HoursRejected
from app.volunteering.models import Activity, Hours

ABOUT = {"report": "case", "suggestion": "case", "hours": "hours"}  # what a reader opens to see the fact
ON_SCREEN = "checkin"  # the rider has just read the result of a check-in; the inbox need not repeat it


# --- points --------------------------------------------------------------------------------------------------------


def on_points_awarded(event: PointsAwarded) -> None:
    """Points came, usable or pending."""
    if event.fact_kind == ON_SCREEN and event.awarded_at == event.at:
        return
    award = rules.award(event.award_id)
    _tell_of_award(event, "points-usable" if event.usable else f"points-pending{_for_a_day(award)}")


def on_award_queued(event: AwardQueued) -> None:
    """Points are promised and wait for the budget."""
    _tell_of_award(event, "points-queued")


def on_award_settled(event: AwardSettled) -> None:
    """Pending points became usable."""
    _tell_of_award(event, f"points-settled{_for_a_day(rules.award(event.award_id))}")


def on_award_given_back(event: AwardGivenBack) -> None:
    """Pending points went back."""
    _tell_of_award(event, "points-given-back")


def _for_a_day(award: Award) -> str:
    """Points that wait for a day are told in other words than those that wait until something is resolved."""
    return "-day" if award.usable_from_at is not None else ""


def _tell_of_award(event: AwardEvent, slug: str) -> None:
    award = rules.award(event.award_id)
    day = {} if award.usable_from_at is None else {"day": _day(city_day(award.usable_from_at))}
    tell(
        person_id=event.person_id,
        slug=slug,
        source=f"award:{award.id}:{award.round}:{slug}",
        facts={
            "what": award.explanation["words"],
            "points": award.points,
            "n": award.points,
            "rule": award.rule_key,
            "version": award.version.number,
            **day,
        },
        about=About("award", award.id),
        at=event.at,
    )


def on_points_not_awarded(event: PointsNotAwarded) -> None:
    """A fact gave no points, and why."""
    if event.fact_kind == ON_SCREEN:
        return
    none = rules.no_award_of_fact(event.fact_kind, event.fact_id)
    if none is None:
        return
    tell(
        person_id=event.person_id,
        slug="points-none",
        source=f"{event.fact_kind}:{event.fact_id}:{none.recorded.stage}:none",
        facts={"why": {"zh": why_not(none, "zh"), "en": why_not(none, "en")}},
        about=About(ABOUT.get(event.fact_kind, event.fact_kind), event.fact_id),
        at=event.at,
    )


def on_points_corrected(event: PointsCorrected) -> None:
    """Staff mended a mistake."""
    tell(
        person_id=event.person_id,
        slug="points-corrected-up" if event.points > 0 else "points-corrected-down",
        source=f"correction:{event.correction_id}",
        facts={"points": abs(event.points), "n": abs(event.points), "reason": event.reason},
        about=About("correction", event.correction_id),
        at=event.at,
    )


def on_correction_asked(event: CorrectionAsked) -> None:
    """A correction above the limit waits: whoever may be the second person hears of it."""
    for someone in people.holders_of("ledger.correct", event.region_path):
        if someone.id not in (event.by.person_id, event.person_id):
            tell(
                person_id=someone.id,
                slug="correction-waits",
                source=f"correction:{event.correction_id}:waits",
                facts={"points": event.points, "reason": event.reason},
                about=About("correction-waiting", event.correction_id),
                at=event.at,
            )


def on_reversal_asked(event: ReversalAsked) -> None:
    """An entry above the limit waits: whoever may be the second person hears of it."""
    if not event.needs_second:
        return
    for someone in people.holders_of("ledger.correct", event.region_path):
        if someone.id not in (event.by.person_id, event.person_id):
            tell(
                person_id=someone.id,
                slug="reversal-waits",
                source=f"reversal:{event.reversal_id}:waits",
                facts={"points": event.points, "reason": event.reason},
                about=About("reversal", event.reversal_id),
                at=event.at,
            )


def on_entry_reversed(event: EntryReversed) -> None:
    """One line was a mistake; it is taken back, and what that means for the rider."""
    if event.person_id is None or event.line_id is None:
        return
    slug = "spent" if event.written_off else "owed" if event.owed else "all"
    means = {
        locale: say(f"notices.reversed-{slug}", locale, written_off=event.written_off, owed=event.owed)
        for locale in LOCALES
    }
    tell(
        person_id=event.person_id,
        slug="points-reversed-up" if event.for_rider > 0 else "points-reversed-down",
        source=f"reversal:{event.reversal_id}",
        facts={"points": event.points, "n": event.points, "reason": event.reason, "means": means},
        about=About("entry", event.line_id),
        at=event.at,
    )


def on_points_expiring(event: PointsExpiring) -> None:
    """Points run out in a month, or in a week."""
    tell(
        person_id=event.person_id,
        slug="points-expiring",
        source=f"expiring:{event.person_id}:{event.days}:{event.first_on}:{event.last_on}",
        facts={"points": event.points, "n": event.points, "until": _day(event.first_on)},
        about=About("points", event.person_id),
        at=event.at,
    )


def on_points_expired(event: PointsExpired) -> None:
    """Points ran out."""
    _tell_of_points(event, "points-expired", until=_day(event.due_on))


def on_debt_written_off(event: DebtWrittenOff) -> None:
    """Points had to be taken back and were spent already; nothing is owed."""
    _tell_of_points(event, "debt-written-off")


def on_debt_paid(event: DebtPaid) -> None:
    """A part of an award paid off what was owed."""
    _tell_of_points(event, "debt-paid")


def on_budget_ran_low(event: BudgetRanLow) -> None:
    """Whoever can fund it hears that a budget runs low, or that awards wait for it."""
    region = places.region(event.region_code)
    for someone in people.holders_of("rules.review", region.path):
        tell(
            person_id=someone.id,
            slug="budget-empty" if event.left <= 0 else "budget-low",
            source=f"budget-warning:{event.warning_id}",
            facts={
                "region": region.name,
                "period": event.period,
                "percent": event.percent,
                "left": event.left,
            },
            about=About("budget", event.warning_id),
            at=event.at,
        )


def _tell_of_points(event: PointsExpired | DebtWrittenOff | DebtPaid, slug: str, **facts: Any) -> None:
    tell(
        person_id=event.person_id,
        slug=slug,
        source=f"transaction:{event.transaction_id}",
        facts={"points": event.points, "n": event.points, **facts},
        about=About("points", event.transaction_id),
        at=event.at,
    )


def _day(day: date) -> dict[str, str]:
    return {language: format_date(day, language) for language in ("zh", "en")}


def on_fact_unwound(event: FactUnwound) -> None:
    """Something was found not to be so; what came of it is taken back, and what that means for the rider."""
    fact = {locale: say(f"rules.fact.{event.fact_kind}", locale) for locale in LOCALES}
    slug = "spent" if event.written_off else "owed" if event.owed else "all"
    means = {
        locale: say(f"notices.unwound-{slug}", locale, written_off=event.written_off, owed=event.owed)
        for locale in LOCALES
    }
    tell(
        person_id=event.person_id,
        slug="fact-unwound",
        source=f"unwinding:{event.fact_kind}:{event.fact_id}",
        facts={
            "fact": fact,
            "reason": event.reason,
            "points": event.points,
            "n": event.points,
            "means": means,
        },
        about=About(ABOUT.get(event.fact_kind, event.fact_kind), event.fact_id),
        at=event.at,
    )


# --- hours ---------------------------------------------------------------------------------------------------------


def on_hours_confirmed(event: HoursConfirmed) -> None:
    """Hours count."""
    activity = volunteering.activity(event.activity_id)
    tell(
        person_id=event.person_id,
        slug="hours-confirmed",
        source=f"hours:{event.hours_id}:confirmed",
        facts={"activity": _title(activity), "minutes": event.minutes, "hours": format_hours(event.minutes)},
        about=About("hours", event.hours_id),
        at=event.at,
    )


def on_hours_rejected(event: HoursRejected) -> None:
    """Hours do not count, and why."""
    activity = volunteering.activity(session.get_one(Hours, event.hours_id).activity_id)
    tell(
        person_id=event.person_id,
        slug="hours-rejected",
        source=f"hours:{event.hours_id}:rejected",
        facts={"activity": _title(activity), "reason": event.reason},
        about=About("hours", event.hours_id),
        at=event.at,
    )


def _title(activity: Activity) -> dict[str, str]:
    return {"zh": activity.title_zh, "en": activity.title_en or activity.title_zh}


# --- vouchers ------------------------------------------------------------------------------------------------------


def on_reward_cancelled(event: RewardCancelled) -> None:
    """A voucher was given up; the points are back."""
    _tell_of_voucher(event, "voucher-cancelled")


def on_reward_expired(event: RewardExpired) -> None:
    """A voucher was not used in time; the points are back."""
    _tell_of_voucher(event, "voucher-expired")


def on_redemption_undone(event: RedemptionUndone) -> None:
    """The station took a hand-over back; the points are back."""
    _tell_of_voucher(event, "voucher-undone")


def on_reserved_on_behalf(event: ReservedOnBehalf) -> None:
    """Staff reserved something with the rider's points: whoever did not want that must hear of it."""
    _tell_of_voucher(event, "voucher-on-behalf")


def on_reward_refunded(event: RewardRefunded) -> None:
    """The department took a hand-over back; the points are back."""
    _tell_of_voucher(event, "voucher-refunded")


def on_refund_declined(event: RefundDeclined) -> None:
    """A refund was not agreed to."""
    _tell_of_voucher(event, "voucher-refund-declined")


def _tell_of_voucher(event: VoucherEvent, slug: str) -> None:
    reward = rewards.reward(event.reward_id)
    tell(
        person_id=event.person_id,
        slug=slug,
        source=f"voucher:{event.voucher_id}:{slug}",
        facts={
            "reward": {"zh": reward.name_zh, "en": reward.name_en},
            "points": event.points,
            "n": event.points,
        },
        about=About("voucher", event.voucher_id),
        at=event.at,
    )
