"""The newest answers about location and photos, at hand wherever somebody acts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_COLUMNS = {"agrees_to_location": "location", "agrees_to_photo": "photo"}


def upgrade() -> None:
    for column, purpose in _COLUMNS.items():
        op.add_column("people", sa.Column(column, sa.Boolean(), nullable=True))
        op.execute(f"""
            UPDATE people SET {column} = (
                SELECT c.given FROM consents c WHERE c.person_id = people.id AND c.purpose = '{purpose}'
                ORDER BY c.id DESC LIMIT 1
            ) WHERE id IN (SELECT person_id FROM consents WHERE purpose = '{purpose}')""")  # noqa: S608 -- our own names


def downgrade() -> None:
    for column in reversed(_COLUMNS):
        op.drop_column("people", column)
