"""Every group of pages, in one visible list. A new page module is one line here."""

from __future__ import annotations

from app.web import reference
from app.web.desk import activities as organising
from app.web.desk import (
    audit,
    campaigns,
    conflicts,
    debt_policies,
    honour_review,
    honours,
    ledger,
    number_moves,
    overview,
    people,
    reversals,
    reward_books,
    rewards,
    rules,
    unwinding,
)
from app.web.edge import Pages
from app.web.grid import cases
from app.web.rider import (
    activities,
    checking_in,
    home,
    inbox,
    me,
    my_code,
    outbox,
    points,
    reporting,
    safety,
    scanning,
    shop,
    signing_in,
    stations,
    talking,
)
from app.web.rider import honours as rolls
from app.web.station import books, counter, helping, offline, on_behalf, posting, scans, shelf

ALL: tuple[Pages, ...] = (
    signing_in.pages,
    home.pages,
    checking_in.pages,
    scanning.pages,
    stations.pages,
    reporting.pages,
    talking.pages,
    points.pages,
    shop.pages,
    activities.pages,
    inbox.pages,
    outbox.pages,
    me.pages,
    safety.pages,
    rolls.pages,
    my_code.pages,
    counter.pages,
    helping.pages,
    posting.pages,
    scans.pages,
    shelf.pages,
    books.pages,
    on_behalf.pages,
    offline.pages,
    cases.pages,
    organising.pages,
    overview.pages,
    conflicts.pages,
    rules.pages,
    campaigns.pages,
    unwinding.pages,
    rewards.pages,
    reward_books.pages,
    ledger.pages,
    reversals.pages,
    debt_policies.pages,
    people.pages,
    number_moves.pages,
    honours.pages,
    honour_review.pages,
    audit.pages,
    reference.pages,
)
