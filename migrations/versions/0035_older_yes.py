"""A yes to older words about location and photos is asked for again"""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# Since version 2 photos are compared; version 3 of location says that the places of reports are.
_SINCE = {"agrees_to_location": ("location", 3), "agrees_to_photo": ("photo", 2)}


def upgrade() -> None:
    for column, (purpose, version) in _SINCE.items():
        op.execute(f"""
            UPDATE people SET {column} = NULL WHERE {column} AND (
                SELECT c.version FROM consents c WHERE c.person_id = people.id AND c.purpose = '{purpose}'
                ORDER BY c.id DESC LIMIT 1
            ) < {version}""")  # noqa: S608 -- our own names


def downgrade() -> None:
    for column, (purpose, _) in _SINCE.items():
        op.execute(f"""
            UPDATE people SET {column} = (
                SELECT c.given FROM consents c WHERE c.person_id = people.id AND c.purpose = '{purpose}'
                ORDER BY c.id DESC LIMIT 1
            ) WHERE id IN (SELECT person_id FROM consents WHERE purpose = '{purpose}')""")  # noqa: S608 -- our own names
