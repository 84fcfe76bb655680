"""The numbers of the procedure: rows with a day, a source and a reliance, of which the newest in force counts."""

from datetime import date

import asyncpg
import pytest

from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import Policy, Reliance
from marketplace.kit.db import execute, fetch
from seed.clocks import CLOCKS
from tests.certifications.policy import POLICY, TODAY


async def test_the_rows_are_the_numbers_that_the_tests_count_with():
    assert await policy_on(TODAY) == POLICY


async def test_every_number_says_where_it_comes_from_and_how_far_it_can_be_relied_on():
    rows = await fetch("SELECT code, status, source FROM certification_policies")
    assert sorted(row["code"] for row in rows) == sorted(Policy.__struct_fields__)
    # The provincial Measure has not been published: nothing of this is verified.
    assert {row["status"] for row in rows} == {Reliance.INFERRED, Reliance.PROPOSAL}
    by_status = {status: {row.clock for row in CLOCKS if row.status is status} for status in Reliance}
    # What holds by statute as it stands, and not by analogy.
    assert by_status[Reliance.VERIFIED] == {
        "hearing_request", "hearing_notice", "appeal", "appeal_rights_not_told", "appeal_review", "appeal_decision",
        "appeal_extension",
    }  # fmt: skip
    assert all("类推" not in row.basis and "设定" not in row.basis for row in CLOCKS if row.status is Reliance.VERIFIED)


async def test_a_number_changes_from_a_day_on_and_what_was_before_stays():
    await execute(
        "INSERT INTO certification_policies (code, effective_from, value, status, source)"
        " VALUES ('validity_years', '2027-07-01', '5', 'verified', '认定办法（示例）第九条')"
    )
    years = [(await policy_on(day)).validity_years for day in (date(2027, 6, 30), date(2027, 7, 1))]
    assert years == [3, 5]
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await execute("UPDATE certification_policies SET value = '4' WHERE code = 'validity_years'")
