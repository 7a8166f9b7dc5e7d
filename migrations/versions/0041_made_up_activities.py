"""Activities that were found made up, and hours that two persons found void"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime
from migrations.gently import swap_check
from migrations.guards import v0041 as guards

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

STATE = "ck_activities_state"
BEFORE = "state IN ('draft', 'open', 'cancelled', 'ended')"
AFTER = "state IN ('draft', 'open', 'cancelled', 'ended', 'void')"
# (table, column, type on SQLite, type elsewhere, the check's name, what it says)
COLUMNS = (
    (
        "activities", "void_because", "TEXT", sa.Text(),
        "ck_activities_void_because", "(state = 'void') = (void_because IS NOT NULL)",
    ),
    ("hours", "void_at", "DATETIME", UtcDateTime(), "ck_hours_void", "void_at IS NULL OR state = 'rejected'"),
)  # fmt: skip
ACTIVITIES, HOURS, VOID_FACTS, UNWINDINGS = (
    sa.table("activities", sa.column("id", sa.Uuid()), sa.column("state"), sa.column("void_because")),
    sa.table(
        "hours",
        *(sa.column(name, sa.Uuid()) for name in ("id", "activity_id")),
        *(sa.column(name) for name in ("state", "rejected_because", "void_at")),
    ),
    sa.table("void_facts", sa.column("fact_kind"), sa.column("fact_id", sa.Uuid()), sa.column("at")),
    sa.table(
        "unwindings",
        *(sa.column(name) for name in ("fact_kind", "state", "reason")),
        sa.column("fact_id", sa.Uuid()),
    ),
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    swap_check("activities", STATE, BEFORE, AFTER)
    for table, column, type_there, type_here, name, check in COLUMNS:
        if sqlite:  # in place: the table is not copied
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN {column} {type_there} CONSTRAINT {name} CHECK ({check})"
            )
        else:
            op.add_column(table, sa.Column(column, type_here, nullable=True))
            op.create_check_constraint(op.f(name), table, check)
    _say_what_was_found()
    guards.put_up(op.get_bind().dialect.name)


def downgrade() -> None:
    guards.take_down(op.get_bind().dialect.name)
    # No older state says it; one that was called off takes nobody, and nobody witnesses presence there alone.
    op.execute("UPDATE activities SET state = 'cancelled', void_because = NULL WHERE state = 'void'")
    for table, column, _there, _here, name, _check in reversed(COLUMNS):
        if op.get_bind().dialect.name != "sqlite":
            op.drop_constraint(op.f(name), table, type_="check")
        op.drop_column(table, column)
    swap_check("activities", STATE, AFTER, BEFORE)


def _say_what_was_found() -> None:
    """What two persons found before: hours are marked, and whole activities settled as they are from now on.

    An activity of which hours were confirmed after it was found made up keeps its state: they gave points, and to take
    those back is for two persons to say, hours by hours.
    """
    bind = op.get_bind()
    found = sa.select(VOID_FACTS.c.at).where(
        VOID_FACTS.c.fact_kind == "hours", VOID_FACTS.c.fact_id == HOURS.c.id
    )
    bind.execute(
        sa.update(HOURS)
        .where(HOURS.c.state == "rejected", found.correlate(HOURS).exists())
        .values(void_at=found.correlate(HOURS).scalar_subquery())
    )
    counts = sa.select(HOURS.c.activity_id).where(HOURS.c.state == "confirmed")
    made_up = bind.execute(
        sa.select(UNWINDINGS.c.fact_id, UNWINDINGS.c.reason).where(
            UNWINDINGS.c.fact_kind == "activity",
            UNWINDINGS.c.state == "done",
            UNWINDINGS.c.fact_id.not_in(counts),
        )
    ).all()
    for activity_id, reason in made_up:
        waits = sa.update(HOURS).where(HOURS.c.activity_id == activity_id, HOURS.c.state == "pending")
        bind.execute(waits.values(state="rejected", rejected_because=reason[:300]))
        which = sa.update(ACTIVITIES).where(ACTIVITIES.c.id == activity_id)
        bind.execute(which.values(state="void", void_because=reason))
