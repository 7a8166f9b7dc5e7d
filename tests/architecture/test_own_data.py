"""Whatever names a person is in the file that the person may ask for, or stands here with the reason why not."""

from __future__ import annotations

from app.identity.my_data import subject_of
from app.kernel.db import Base

# These say which of the staff acted, on what is no rider's own.
WHO_ACTED = {
    "activities", "annulled_checkins", "campaigns", "candidate_decisions", "case_steps", "criteria_versions",
    "day_closes", "dry_runs", "enrolment_codes", "honour_exports", "leases", "merchant_statements",
    "merchant_stations", "merchants", "posters", "recusals", "refunds", "review_marks", "review_meetings",
    "rule_set_versions", "rule_sets", "selections", "settlements", "station_devices", "stock_movements", "unwindings",
}  # fmt: skip
ABOUT_ANOTHER = {"nomination_voices"}  # what one says for a nominee belongs to the nomination


def test_every_table_that_names_a_person_says_whom_it_is_about(app) -> None:
    silent = {
        table.name
        for table in Base.metadata.sorted_tables
        if subject_of(table) is None and any(key.target_fullname == "people.id" for key in table.foreign_keys)
    }
    assert silent == WHO_ACTED | ABOUT_ANOTHER
