"""`flask jobs` and `flask tick`: what an operator sees and does."""

from __future__ import annotations

import pytest

from app.kernel import jobs
from app.kernel.db import in_transaction
from app.kernel.jobs import Kind


def _break(*, at, **_payload):
    raise RuntimeError("王小明")


@pytest.fixture
def cli(app):
    kinds = list(jobs.kinds().values())
    jobs.register([Kind("break", _break, tries=1), Kind("count", lambda *, at: 7, every_s=60)])
    yield app.test_cli_runner()
    jobs.register(kinds)


def test_tick_does_what_is_due_and_says_what_came_of_it(cli):
    said = cli.invoke(args=["tick"])
    assert (said.exit_code, said.output) == (0, "count: 7\n")
    assert cli.invoke(args=["tick"]).output == ""


def test_a_failed_job_is_listed_without_what_people_wrote_and_can_be_retried(cli, clock):
    in_transaction(lambda: jobs.add("break", key="k", at=clock()))
    assert cli.invoke(args=["tick"]).exit_code == 1
    line = cli.invoke(args=["jobs", "list", "--state", "failed"]).output
    assert "RuntimeError" in line
    assert "王小明" not in line
    said = cli.invoke(args=["jobs", "retry", line.split()[0]])
    assert said.output == "1 to be tried again\n"
    assert "No such jobs." in cli.invoke(args=["jobs", "list", "--state", "failed"]).output
    cli.invoke(args=["tick"])
    assert cli.invoke(args=["jobs", "retry", "--all"]).output == "1 to be tried again\n"


def test_retrying_needs_a_failed_job_and_a_clear_word(cli, clock):
    in_transaction(lambda: jobs.add("break", at=clock()))
    waiting = cli.invoke(args=["jobs", "list"]).output.split()[0]
    said = cli.invoke(args=["jobs", "retry", waiting])
    assert said.exit_code == 1
    assert "has not failed" in said.output
    assert cli.invoke(args=["jobs", "retry"]).exit_code == 2


def test_the_product_s_own_jobs_all_run_on_an_empty_city(app):
    said = app.test_cli_runner().invoke(args=["tick"])
    assert (said.exit_code, said.output) == (0, "")
    assert len(jobs.kinds()) >= 10
