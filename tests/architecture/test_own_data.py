"""Whatever names a person is in the file that the person may ask for, or stands here with the reason why not."""

from __future__ import annotations

from app.identity.my_data import HANGS_ON, subject_of
from app.kernel.db import Base

# These say which of the staff acted, on what is no rider's own.
WHO_ACTED = {
    "activities", "campaigns", "candidate_decisions", "case_steps", "criteria_versions",
    "day_closes", "dry_runs", "enrolment_codes", "head_counts", "honour_exports", "leases", "merchant_statements",
    "merchant_stations", "merchants", "posters", "recusals", "review_marks", "review_meetings",
    "rule_set_versions", "rule_sets", "selections", "settlements", "station_devices", "stock_movements", "unwindings",
}  # fmt: skip
ABOUT_ANOTHER = {"nomination_voices"}  # what one says for a nominee belongs to the nomination

# These hang on what is the rider's own, and are told elsewhere or are no rider's.
TOLD_ELSEWHERE = {
    "entries": "every movement stands beside these rows, with its reason in words",
    "case_steps": "the page of the report tells them; their notes are between staff",
    "case_photos": "the photos themselves are told",
}
NO_RIDERS_OWN = {
    "budget_warnings": "of budgets, which are accounts too",
    "candidate_decisions": "what the department decides on a list",
    "nomination_photos": "hang on a voice",
    "nomination_voices": "what others say",
    "recusals": "which reviewer stands aside",
    "refresh_tokens": "secrets",
    "review_marks": "what reviewers think",
    "rewards": "their pictures",
    "stock_movements": "of the shelf",
}


def test_every_table_that_names_a_person_says_whom_it_is_about(app) -> None:
    silent = {
        table.name
        for table in Base.metadata.sorted_tables
        if subject_of(table) is None
        and table.name not in HANGS_ON
        and any(key.target_fullname == "people.id" for key in table.foreign_keys)
    }
    assert silent == WHO_ACTED | ABOUT_ANOTHER


def test_every_column_that_is_called_a_persons_says_whom_its_row_is_about(app) -> None:
    """With or without a key of the database: corrections of points were left out once for want of one."""
    called = ("person_id", "rider_id", "reporter_id", "owner_id")
    left_out = {
        table.name
        for table in Base.metadata.sorted_tables
        if subject_of(table) is None and any(column.name.endswith(called) for column in table.c)
    }
    assert left_out == set()


def test_what_hangs_on_a_riders_own_is_told_or_stands_here_with_the_reason_why_not(app) -> None:
    about = {table.name for table in Base.metadata.sorted_tables if subject_of(table) is not None}
    hang = {
        table.name
        for table in Base.metadata.sorted_tables
        if table.name not in about
        and any(key.column.table.name in about - {"people"} for key in table.foreign_keys)
    }
    assert hang == set(HANGS_ON) | set(TOLD_ELSEWHERE) | set(NO_RIDERS_OWN)
