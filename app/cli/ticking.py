"""`flask tick`: what time brings about — expiries, deadlines, forgotten sign-outs. Safe to run as often as one likes.

A scheduler (systemd timer, cron) runs it each minute; the embedded server runs it in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import click
from flask.cli import with_appcontext

from app.cases import deadlines
from app.kernel import clock, limits
from app.kernel.db import in_transaction
from app.notices import reminding
from app.rewards import expiring
from app.rules import paying
from app.volunteering import attendance, organising

DUTIES: tuple[tuple[str, Callable[[], int]], ...] = (
    ("riders reminded of vouchers", lambda: reminding.remind_of_vouchers(at=clock.now())),
    ("vouchers expired", lambda: expiring.expire_due(at=clock.now())),
    ("forgotten sign-outs closed", lambda: attendance.close_forgotten(at=clock.now())),
    ("activities ended", lambda: organising.end_activities(at=clock.now())),
    ("cases escalated", lambda: deadlines.escalate_due(at=clock.now())),
    ("unanswered cases closed", lambda: deadlines.close_unanswered(at=clock.now())),
    ("queued awards paid", lambda: paying.pay_queued(at=clock.now())),
    ("limit counters forgotten", limits.forget_past_windows),
)


def run_duties() -> dict[str, int]:
    """Do every duty once, each in its own unit of work, and count what was done."""
    return {name: in_transaction(duty) for name, duty in DUTIES}


@click.command("tick")
@with_appcontext
def tick() -> None:
    """Expire, escalate and close what is due."""
    for name, count in run_duties().items():
        if count:
            click.echo(f"{count} {name}")
