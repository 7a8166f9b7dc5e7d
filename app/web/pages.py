"""Every group of pages, in one visible list. A new page module is one line here."""

from __future__ import annotations

from app.web.edge import Pages
from app.web.rider import (
    activities,
    checking_in,
    home,
    inbox,
    me,
    points,
    reporting,
    scanning,
    shop,
    signing_in,
    stations,
    talking,
)

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
    me.pages,
)
