"""Heads that are counted while a shift runs, and doubts about hours of whoever was not seen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel import clock
from app.kernel.db import UtcDateTime
from migrations.gently import drop_tables, swap_check
from migrations.guards import v0037 as guards

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

NAME = "ck_doubts_ground"
BEFORE = "ground IN ('two-places', 'away-from-shift', 'one-matter', 'one-photo')"
AFTER = "ground IN ('two-places', 'away-from-shift', 'one-matter', 'one-photo', 'not-seen')"
DOUBTS, DOUBT_HOLDS, HOLDS = (
    sa.table("doubts", sa.column("id", sa.Uuid()), sa.column("ground", sa.String())),
    sa.table("doubt_holds", *(sa.column(name, sa.Uuid()) for name in ("doubt_id", "hold_id"))),
    sa.table(
        "holds",
        sa.column("id", sa.Uuid()),
        *(sa.column(name, sa.String()) for name in ("state", "source", "end_source")),
        sa.column("ended_at", UtcDateTime()),
    ),
)


def upgrade() -> None:
    op.create_table(
        "head_counts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.Column("counted_by", sa.Uuid(), nullable=False),
        sa.Column("signed_in", sa.Integer(), nullable=False),
        sa.Column("here", sa.Integer(), nullable=False),
        sa.CheckConstraint("here BETWEEN 0 AND signed_in", name=op.f("ck_head_counts_here")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_head_counts_shift_id")),
        sa.ForeignKeyConstraint(["counted_by"], ["people.id"], name=op.f("fk_head_counts_counted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_counts")),
    )
    op.create_index(op.f("ix_head_counts_shift_id"), "head_counts", ["shift_id"])
    op.create_index(op.f("ix_head_counts_counted_by"), "head_counts", ["counted_by"])
    op.create_table(
        "heads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("attendance_id", sa.Uuid(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["count_id"], ["head_counts.id"], name=op.f("fk_heads_count_id")),
        sa.ForeignKeyConstraint(["attendance_id"], ["attendances.id"], name=op.f("fk_heads_attendance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heads")),
        sa.UniqueConstraint("count_id", "attendance_id", name=op.f("uq_heads_once")),
    )
    op.create_index(op.f("ix_heads_attendance_id"), "heads", ["attendance_id"])
    guards.put_up(op.get_bind().dialect.name)
    swap_check("doubts", NAME, BEFORE, AFTER)


def downgrade() -> None:
    _count_as_usual()
    swap_check("doubts", NAME, AFTER, BEFORE)
    guards.take_down(op.get_bind().dialect.name)
    drop_tables("heads", "head_counts")


def _count_as_usual() -> None:
    """No older ground can say what these doubts say. They end in favour of the rider: what waits is free again."""
    bind = op.get_bind()
    ours = sa.select(DOUBTS.c.id).where(DOUBTS.c.ground == "not-seen")
    kept = sa.select(DOUBT_HOLDS.c.hold_id).where(DOUBT_HOLDS.c.doubt_id.in_(ours))
    free = {"state": "expired", "ended_at": clock.now(), "end_source": "expiry:" + HOLDS.c.source}
    bind.execute(sa.update(HOLDS).where(HOLDS.c.state == "held", HOLDS.c.id.in_(kept)).values(free))
    bind.execute(sa.delete(DOUBT_HOLDS).where(DOUBT_HOLDS.c.doubt_id.in_(ours)))
    bind.execute(sa.delete(DOUBTS).where(DOUBTS.c.ground == "not-seen"))
