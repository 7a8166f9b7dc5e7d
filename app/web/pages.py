"""Every group of pages, in one visible list. A new page module is one line here."""

from __future__ import annotations

from app.web import reference
from app.web.desk import activities as organising
from app.web.desk import (
    audit,
    campaigns,
    conflicts,
    honours,
    ledger,
    overview,
    people,
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
    scanning,
    shop,
    signing_in,
    stations,
    talking,
)
