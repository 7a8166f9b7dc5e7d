"""Passing passwords for staff who forgot theirs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

NAME, CHECK = "ck_people_passing_password", "password_passes_at IS NULL OR password_hash IS NOT NULL"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # in place: the table is not copied
        op.execute(
            f"ALTER TABLE people ADD COLUMN password_passes_at DATETIME CONSTRAINT {NAME} CHECK ({CHECK})"
        )
        return
    op.add_column("people", sa.Column("password_passes_at", UtcDateTime(), nullable=True))
    op.create_check_constraint(op.f(NAME), "people", CHECK)


def downgrade() -> None:
    # A passing password must not become one that opens sessions.
    op.execute(
        "UPDATE people SET password_hash = NULL, password_passes_at = NULL WHERE password_passes_at IS NOT NULL"
    )
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(NAME), "people", type_="check")
    op.drop_column("people", "password_passes_at")
