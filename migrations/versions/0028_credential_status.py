"""A place in a status list for each credential, and a notice's contact in English"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel import randomness

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

CHECK = "status_index BETWEEN 0 AND 131071"
HONOURS = sa.table("honours", sa.column("id", sa.Uuid()), sa.column("status_list"), sa.column("status_index"))
CONTACT = ("contact_place_en", "contact_hours_en")


def upgrade() -> None:
    op.add_column("honours", sa.Column("status_list", sa.Integer(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE honours ADD COLUMN status_index INTEGER CONSTRAINT ck_honours_status_index CHECK ({CHECK})"
        )
    else:
        op.add_column("honours", sa.Column("status_index", sa.Integer(), nullable=True))
        op.create_check_constraint(op.f("ck_honours_status_index"), "honours", CHECK)
    _give_places()
    op.create_index("uq_honours_status", "honours", ["status_list", "status_index"], unique=True)
    for name in CONTACT:
        op.add_column("selections", sa.Column(name, sa.String(length=120), nullable=True))


def downgrade() -> None:
    for name in CONTACT:
        op.drop_column("selections", name)
    op.drop_index("uq_honours_status", "honours")
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_honours_status_index"), "honours", type_="check")
    for name in ("status_index", "status_list"):
        op.drop_column("honours", name)


def _give_places() -> None:
    """Honours that were granted before have one too; half of each list stays free."""
    bind = op.get_bind()
    taken: set[tuple[int, int]] = set()
    for nth, honour_id in enumerate(bind.scalars(sa.select(HONOURS.c.id).order_by(HONOURS.c.id)).all()):
        place = (nth // 65_536, randomness.below(131_072))
        while place in taken:
            place = (nth // 65_536, randomness.below(131_072))
        taken.add(place)
        given = sa.update(HONOURS).where(HONOURS.c.id == honour_id)
        bind.execute(given.values(status_list=place[0], status_index=place[1]))
