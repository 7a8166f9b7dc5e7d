"""What a voucher says of who reserved it, in which month, and who handed it over stays; nobody signs by paying"""

from __future__ import annotations

from alembic import op

from migrations.guards import v0010, v0042

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    v0042.take_down(dialect)  # the guards of the same names from before
    v0042.put_up(dialect)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    v0042.take_down(dialect)
    known = {drop for _create, drop in v0042.GUARDS[dialect]}
    for create, drop in v0010.GUARDS[dialect]:
        if drop in known:
            op.execute(create.replace(":", "\\:"))
