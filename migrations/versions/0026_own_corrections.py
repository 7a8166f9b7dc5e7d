"""Nobody gives themselves points, and the database holds it"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NAME = "ck_corrections_not_own"


def upgrade() -> None:
    with op.batch_alter_table("corrections") as table:
        table.create_check_constraint(
            op.f(NAME), "asked_by <> person_id AND (state <> 'posted' OR decided_by <> person_id)"
        )


def downgrade() -> None:
    with op.batch_alter_table("corrections") as table:
        table.drop_constraint(op.f(NAME), type_="check")
