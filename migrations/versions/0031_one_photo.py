"""What photos look like, and doubts about a picture that came with another report before"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json
from migrations.gently import swap_check

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NAME = "ck_doubts_ground"
BEFORE = "ground IN ('two-places', 'away-from-shift', 'one-matter')"
AFTER = "ground IN ('two-places', 'away-from-shift', 'one-matter', 'one-photo')"
DOUBTS = sa.table("doubts", sa.column("id", sa.Uuid()), sa.column("ground"), sa.column("against", Json))


def upgrade() -> None:
    op.add_column("media", sa.Column("likeness", sa.String(length=32), nullable=True))
    swap_check("doubts", NAME, BEFORE, AFTER)


def downgrade() -> None:
    _call_it_one_matter()
    swap_check("doubts", NAME, AFTER, BEFORE)
    op.drop_column("media", "likeness")


def _call_it_one_matter() -> None:
    """The ground that is nearest: one report beside another. Where and when they differ was not looked at."""
    bind = op.get_bind()
    told = sa.select(DOUBTS.c.id, DOUBTS.c.against).where(DOUBTS.c.ground == "one-photo")
    for doubt_id, against in bind.execute(told).all():
        said = {**against, "metres": 0, "seconds": 0}
        changed = sa.update(DOUBTS).where(DOUBTS.c.id == doubt_id)
        bind.execute(changed.values(ground="one-matter", against=said))
