"""A check-in that its station took back is a void fact too, and leaves its window free for the next turn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import v0001, v0005

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WINDOW = ["person_id", "station_id", "window_starts_at"]


def upgrade() -> None:
    with op.batch_alter_table("void_facts") as batch_op:
        batch_op.alter_column("unwinding_id", existing_type=sa.Uuid(), nullable=True)
    with op.batch_alter_table("checkins") as batch_op:
        batch_op.add_column(sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
        batch_op.drop_constraint(op.f("uq_checkins_window"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_checkins_window"), [*WINDOW, "turn"])
        batch_op.create_check_constraint(op.f("ck_checkins_turn"), "turn >= 0")
    if op.get_bind().dialect.name == "sqlite":
        _put_back("void_facts", "checkins")
    op.execute(TAKEN_BACK)


def downgrade() -> None:
    """Refused by the constraint where a window was used again: what would have to go is somebody's check-in."""
    with op.batch_alter_table("checkins") as batch_op:
        batch_op.drop_constraint(op.f("ck_checkins_turn"), type_="check")
        batch_op.drop_constraint(op.f("uq_checkins_window"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_checkins_window"), WINDOW)
        batch_op.drop_column("turn")
    _take_off("void_facts")
    op.execute("DELETE FROM void_facts WHERE unwinding_id IS NULL")
    with op.batch_alter_table("void_facts") as batch_op:
        batch_op.alter_column("unwinding_id", existing_type=sa.Uuid(), nullable=False)
    _put_back("void_facts")
    if op.get_bind().dialect.name == "sqlite":
        _put_back("checkins")


def _guards(table: str) -> list[tuple[str, str]]:
    dialect = op.get_bind().dialect.name
    both = (*v0001.GUARDS[dialect], *v0005.GUARDS[dialect])
    return [guard for guard in both if f" {table}_append_only_" in guard[0]]


def _take_off(table: str) -> None:
    for _create, drop in _guards(table):
        op.execute(drop)


def _put_back(*tables: str) -> None:
    """SQLite forgets the triggers of a table that is rebuilt."""
    for table in tables:
        for create, _drop in _guards(table):
            op.execute(create)


# What stations took back before this migration was judged, too: dry runs leave it out from now on.
TAKEN_BACK = """
INSERT INTO void_facts (fact_kind, fact_id, person_id, at)
SELECT 'checkin', annulled_checkins.checkin_id, recorded_facts.person_id, annulled_checkins.at
FROM annulled_checkins JOIN recorded_facts
ON recorded_facts.kind = 'checkin' AND recorded_facts.fact_id = annulled_checkins.checkin_id
WHERE NOT EXISTS (
  SELECT 1 FROM void_facts WHERE fact_kind = 'checkin' AND fact_id = annulled_checkins.checkin_id
)
"""
