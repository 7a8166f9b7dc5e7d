"""Rules in full: periods, campaigns, dry runs, dates, unwinding; trainings; the role of a mobile grid member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Json, UtcDateTime
from migrations.guards import v0001, v0005

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


STAFF = (
    *(
        "station-manager",
        "dispatcher",
        "organiser",
        "department",
        "rule-editor",
        "reviewer",
        "mediator",
        "auditor",
    ),
    "admin",
)
# table, constraint, what it says now, what it said before
CHECKS = (
    ("grants", "role", f"role IN {(*STAFF, 'grid-member')}", f"role IN {STAFF}"),
    (
        "rule_set_versions",
        "state",
        "state IN ('draft', 'tried', 'reviewed', 'published', 'retired')",
        "state IN ('draft', 'reviewed', 'published', 'retired')",
    ),
    (
        "rule_set_versions",
        "reviewed_by",
        "(state IN ('draft', 'tried')) = (reviewed_by IS NULL)",
        "(state = 'draft') = (reviewed_by IS NULL)",
    ),
    (
        "awards",
        "usable",
        "usable IN ('at_once', 'on_outcome', 'after_days')",
        "usable IN ('at_once', 'on_outcome')",
    ),
)


def _check(table: str, name: str, text: str) -> None:
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), text)


def _put_back(dialect: str) -> None:
    """The guards of 0001 that went with a table rebuilt by SQLite, or that this migration replaced."""
    for name in v0005.REPLACED[dialect]:
        (create,) = [create for create, _ in v0001.GUARDS[dialect] if f" {name} BEFORE" in create]
        op.execute(create.replace(":", "\\:"))


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    v0005.take_down_replaced(dialect)
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title_zh", sa.String(length=60), nullable=False),
        sa.Column("title_en", sa.String(length=120), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=False),
        sa.Column("declared_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('weather', 'emergency')", name=op.f("ck_campaigns_kind")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_campaigns_span")),
        sa.CheckConstraint("starts_at >= declared_at", name=op.f("ck_campaigns_not_retroactive")),
        sa.ForeignKeyConstraint(["declared_by"], ["people.id"], name=op.f("fk_campaigns_declared_by")),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name=op.f("fk_campaigns_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaigns_declared_by"), ["declared_by"], unique=False)
        batch_op.create_index("ix_campaigns_region_code_ends_at", ["region_code", "ends_at"], unique=False)

    op.create_table(
        "trainings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("course", sa.String(length=20), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.Column("finished_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(length=12), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("basis IN ('witnessed', 'backfilled')", name=op.f("ck_trainings_basis")),
        sa.CheckConstraint(
            "course IN ('grid-member', 'first-aid', 'fire-safety', 'road-safety', 'other')",
            name=op.f("ck_trainings_course"),
        ),
        sa.CheckConstraint("minutes BETWEEN 1 AND 960", name=op.f("ck_trainings_minutes")),
        sa.CheckConstraint("recorded_by <> person_id", name=op.f("ck_trainings_not_by_himself")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_trainings_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["people.id"], name=op.f("fk_trainings_recorded_by")),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name=op.f("fk_trainings_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trainings")),
        sa.UniqueConstraint("person_id", "course", "finished_on", name=op.f("uq_trainings_once_a_day")),
    )
    with op.batch_alter_table("trainings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trainings_recorded_by"), ["recorded_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_trainings_region_code"), ["region_code"], unique=False)

    op.create_table(
        "unwindings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fact_kind", sa.String(length=20), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", Json, nullable=True),
        sa.CheckConstraint("(state = 'asked') = (decided_by IS NULL)", name=op.f("ck_unwindings_decided_by")),
        sa.CheckConstraint("state IN ('asked', 'done', 'refused')", name=op.f("ck_unwindings_state")),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_unwindings_decided_at")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_unwindings_two_persons")
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_unwindings_reason")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_unwindings_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_unwindings_decided_by")),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name=op.f("fk_unwindings_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unwindings")),
    )
    with op.batch_alter_table("unwindings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unwindings_asked_by"), ["asked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_unwindings_decided_by"), ["decided_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_unwindings_region_code"), ["region_code"], unique=False)
        batch_op.create_index(
            "uq_unwindings_once",
            ["fact_kind", "fact_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'refused'"),
            postgresql_where=sa.text("state <> 'refused'"),
        )

    op.create_table(
        "void_facts",
        sa.Column("fact_kind", sa.String(length=20), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("unwinding_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_void_facts_person_id")),
        sa.ForeignKeyConstraint(["unwinding_id"], ["unwindings.id"], name=op.f("fk_void_facts_unwinding_id")),
        sa.PrimaryKeyConstraint("fact_kind", "fact_id", name=op.f("pk_void_facts")),
    )
    with op.batch_alter_table("void_facts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_void_facts_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_void_facts_unwinding_id"), ["unwinding_id"], unique=False)

    op.create_table(
        "dry_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("wording", sa.String(length=64), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("result", Json, nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(done_at IS NULL) = (result IS NULL)", name=op.f("ck_dry_runs_done")),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_dry_runs_period")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_dry_runs_asked_by")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["rule_set_versions.id"], name=op.f("fk_dry_runs_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dry_runs")),
    )
    with op.batch_alter_table("dry_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dry_runs_asked_by"), ["asked_by"], unique=False)
        batch_op.create_index("ix_dry_runs_version_id_asked_at", ["version_id", "asked_at"], unique=False)

    with op.batch_alter_table("awards") as batch_op:
        batch_op.add_column(sa.Column("usable_from_at", UtcDateTime(), nullable=True))
        batch_op.create_index("ix_awards_usable_from_at", ["usable_from_at"])
        batch_op.create_check_constraint(
            op.f("ck_awards_usable_from"), "(usable = 'after_days') = (usable_from_at IS NOT NULL)"
        )

    with op.batch_alter_table("rule_sets") as batch_op:
        batch_op.add_column(sa.Column("starts_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
    # A set that was there before begins with the day it was opened; UTC days are close enough, and no later.
    op.execute("UPDATE rule_sets SET starts_on = date(opened_at)")
    with op.batch_alter_table("rule_sets") as batch_op:
        batch_op.alter_column("starts_on", existing_type=sa.Date(), nullable=False)
        batch_op.drop_constraint(op.f("uq_rule_sets_one_per_region"), type_="unique")
        batch_op.create_index("ix_rule_sets_region_code_starts_on", ["region_code", "starts_on"])
        batch_op.create_check_constraint(
            op.f("ck_rule_sets_period"), "ends_on IS NULL OR ends_on >= starts_on"
        )

    with op.batch_alter_table("rule_usage", schema=None) as batch_op:
        batch_op.alter_column(
            "period", existing_type=sa.VARCHAR(length=20), type_=sa.String(length=60), existing_nullable=False
        )

    for table, name, now, _before in CHECKS:
        _check(table, name, now)
    v0005.put_up(dialect)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    v0005.take_down(dialect)
    for table, name, _now, before in CHECKS:
        _check(table, name, before)
    with op.batch_alter_table("rule_usage", schema=None) as batch_op:
        batch_op.alter_column(
            "period", existing_type=sa.String(length=60), type_=sa.VARCHAR(length=20), existing_nullable=False
        )

    with op.batch_alter_table("rule_sets", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_rule_sets_period"), type_="check")
        batch_op.drop_index("ix_rule_sets_region_code_starts_on")
        batch_op.create_unique_constraint(batch_op.f("uq_rule_sets_one_per_region"), ["region_code"])
        batch_op.drop_column("ends_on")
        batch_op.drop_column("starts_on")

    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_awards_usable_from"), type_="check")
        batch_op.drop_index("ix_awards_usable_from_at")
        batch_op.drop_column("usable_from_at")

    with op.batch_alter_table("dry_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_dry_runs_version_id_asked_at")
        batch_op.drop_index(batch_op.f("ix_dry_runs_asked_by"))

    op.drop_table("dry_runs")
    with op.batch_alter_table("void_facts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_void_facts_unwinding_id"))
        batch_op.drop_index(batch_op.f("ix_void_facts_person_id"))

    op.drop_table("void_facts")
    with op.batch_alter_table("unwindings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_unwindings_once",
            sqlite_where=sa.text("state <> 'refused'"),
            postgresql_where=sa.text("state <> 'refused'"),
        )
        batch_op.drop_index(batch_op.f("ix_unwindings_region_code"))
        batch_op.drop_index(batch_op.f("ix_unwindings_decided_by"))
        batch_op.drop_index(batch_op.f("ix_unwindings_asked_by"))

    op.drop_table("unwindings")
    with op.batch_alter_table("trainings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trainings_region_code"))
        batch_op.drop_index(batch_op.f("ix_trainings_recorded_by"))

    op.drop_table("trainings")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_index("ix_campaigns_region_code_ends_at")
        batch_op.drop_index(batch_op.f("ix_campaigns_declared_by"))

    op.drop_table("campaigns")
    _put_back(dialect)
