"""dry runs that a job works out say how far they are"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    with op.batch_alter_table("dry_runs") as table:
        table.add_column(sa.Column("state", sa.String(length=10), nullable=False, server_default="done"))
        table.add_column(sa.Column("facts", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("facts_read", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("why", sa.String(length=40), nullable=True))
    _count_what_was_read()
    with op.batch_alter_table("dry_runs") as table:
        for column in ("state", "facts", "facts_read"):
            table.alter_column(column, server_default=None)
        table.create_check_constraint(
            op.f("ck_dry_runs_state"), "state IN ('waiting', 'done', 'failed', 'cancelled')"
        )
        table.create_check_constraint(
            op.f("ck_dry_runs_done_state"), "(state = 'done') = (done_at IS NOT NULL)"
        )
        table.create_check_constraint(
            op.f("ck_dry_runs_failed_why"), "(state = 'failed') = (why IS NOT NULL)"
        )
        table.create_check_constraint(op.f("ck_dry_runs_counted"), "facts >= 0 AND facts_read >= 0")
    op.create_index(
        "uq_dry_runs_one_waiting",
        "dry_runs",
        ["version_id"],
        unique=True,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def _count_what_was_read() -> None:
    """Those that are there were worked out at once, so all of their facts were read."""
    table = sa.table(
        "dry_runs",
        sa.column("id", sa.Uuid()),
        sa.column("result", Json),
        sa.column("facts", sa.Integer()),
        sa.column("facts_read", sa.Integer()),
    )
    connection = op.get_bind()
    for run_id, result in connection.execute(sa.select(table.c.id, table.c.result)).all():
        count = int(result["facts"])
        connection.execute(table.update().where(table.c.id == run_id).values(facts=count, facts_read=count))


def downgrade() -> None:
    op.execute("DELETE FROM dry_runs WHERE result IS NULL")
    op.drop_index("uq_dry_runs_one_waiting", table_name="dry_runs")
    with op.batch_alter_table("dry_runs") as table:
        for name in ("state", "done_state", "failed_why", "counted"):
            table.drop_constraint(op.f(f"ck_dry_runs_{name}"), type_="check")
        for column in ("why", "facts_read", "facts", "state"):
            table.drop_column(column)
