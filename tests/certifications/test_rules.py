from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.certifications.errors import InstitutionNotBookable, StayBeyondCertificate
from marketplace.certifications.rules import (
    Scores,
    Standing,
    assessment_due,
    bookable,
    check_stay,
    grade_of,
    higher,
    may_lift,
    months_after,
    shown_grade,
    snapshot_of,
    valid_until,
)
from marketplace.certifications.states import ENDED, Status
from marketplace.identity.rules import Level
from marketplace.kit.db import fetch_value
from seed.rubric import RUBRIC
from tests.certifications.policy import POLICY

TODAY = date(2027, 3, 1)


def scores(environment, facilities, operations, services):
    return Scores(environment=environment, facilities=facilities, operations=operations, services=services)


def standing(status=Status.CERTIFIED, **facts):
    return Standing(
        **{
            "number": "JLLJ-2027-00001",
            "status": status,
            "grade": 4,
            "valid_from_on": date(2027, 1, 1),
            "valid_until_on": date(2029, 12, 31),
            "assessed_on": date(2027, 1, 1),
            **facts,
        }
    )


def test_the_rubric_has_a_thousand_points():
    assert RUBRIC.maxima.total == 1000


@pytest.mark.parametrize(
    ("given_scores", "grade"),
    [
        (scores(120, 130, 150, 600), 5),
        (scores(108, 117, 135, 540), 5),
        (scores(108, 117, 135, 539), 4),  # One point less than 90 % of the services.
        (scores(107, 130, 150, 600), 4),  # A weak block is not made up for by the others.
        (scores(96, 104, 120, 480), 4),
        (scores(96, 104, 120, 460), 3),
        (scores(72, 78, 90, 360), 3),
        (scores(72, 78, 90, 330), 2),
        (scores(71, 130, 150, 600), 2),
        (scores(48, 52, 60, 240), 1),
        (scores(47, 130, 150, 600), None),
        (scores(0, 0, 0, 0), None),
    ],
)
def test_a_grade_asks_for_a_total_and_for_every_block(given_scores, grade):
    assert grade_of(given_scores, rubric=RUBRIC) == grade


@given(st.tuples(st.integers(0, 120), st.integers(0, 130), st.integers(0, 150), st.integers(0, 600)), st.integers(0, 3))
def test_a_point_more_never_lowers_a_grade(points, block):
    maxima = (120, 130, 150, 600)
    better = tuple(min(value + (place == block), maxima[place]) for place, value in enumerate(points))
    assert (grade_of(scores(*points), rubric=RUBRIC) or 0) <= (grade_of(scores(*better), rubric=RUBRIC) or 0)


@pytest.mark.parametrize(("status", "safety_defect"), list(product(Status, (False, True))))
async def test_sql_and_rule_agree_on_what_is_bookable(status, safety_defect):
    expression = await fetch_value(
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute a ON a.attrelid = adrelid AND attnum = adnum"
        " WHERE adrelid = 'certifications'::regclass AND attname = 'is_bookable'"
    )
    found = await fetch_value(
        f"SELECT {expression} FROM (SELECT $1::text AS status, $2::boolean AS safety_defect) c", status, safety_defect
    )
    assert found is bookable(status, safety_defect=safety_defect)


def test_only_two_standings_can_be_sold():
    sellable = {
        (status, defect) for status, defect in product(Status, (False, True)) if bookable(status, safety_defect=defect)
    }
    assert sellable == {
        (Status.CERTIFIED, False),
        (Status.CERTIFIED, True),
        (Status.UNDER_RECTIFICATION, False),
    }


def test_every_night_must_lie_within_the_certificate():
    found = standing()
    assert check_stay(found, check_in=date(2027, 1, 1), check_out=date(2027, 1, 2)) is found
    assert check_stay(found, check_in=date(2029, 12, 1), check_out=date(2029, 12, 31)) is found
    for check_in, check_out in [(date(2026, 12, 31), date(2027, 1, 5)), (date(2029, 12, 31), date(2030, 1, 1))]:
        with pytest.raises(StayBeyondCertificate) as refusal:
            check_stay(found, check_in=check_in, check_out=check_out)
        assert refusal.value.facts == {"valid_from": date(2027, 1, 1), "valid_until": date(2029, 12, 31)}


def test_what_may_not_be_sold_says_why():
    for found, status in [
        (standing(Status.SUSPENDED), "suspended"),
        (standing(Status.REVOKED), "revoked"),
        (None, None),
    ]:
        with pytest.raises(InstitutionNotBookable) as refusal:
            check_stay(found, check_in=date(2027, 4, 1), check_out=date(2027, 4, 8))
        assert refusal.value.facts == {"certification_status": status}


def test_the_public_grade_is_capped_by_restrictions():
    shown = {
        status: shown_grade(standing(status), policy=POLICY, today=TODAY) for status in Status if status not in ENDED
    }
    assert shown[Status.CERTIFIED] == 4
    assert shown[Status.UNDER_RECTIFICATION] == 2
    assert shown[Status.SUSPENDED] == 1
    assert shown[Status.REVOCATION_NOTICED] == 1
    assert shown_grade(standing(Status.UNDER_RECTIFICATION, grade=1), policy=POLICY, today=TODAY) == 1


def test_no_grade_is_shown_from_stale_data_nor_after_the_end():
    assert shown_grade(standing(), policy=POLICY, today=date(2028, 1, 1)) == 4
    assert shown_grade(standing(), policy=POLICY, today=date(2028, 1, 2)) is None
    assert {shown_grade(standing(status), policy=POLICY, today=TODAY) for status in ENDED} == {None}


def test_a_snapshot_says_what_the_public_may_see():
    now = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
    found = snapshot_of(standing(Status.SUSPENDED, assessment_overdue=True), policy=POLICY, today=TODAY, checked_at=now)
    assert (found.status, found.grade, found.valid_until, found.checked_at, found.assessment_overdue) == (
        Status.SUSPENDED,
        1,
        date(2029, 12, 31),
        now,
        True,
    )


def test_a_certificate_is_valid_for_three_years_to_the_day():
    assert valid_until(date(2027, 3, 1), policy=POLICY) == date(2030, 2, 28)
    assert valid_until(date(2028, 2, 29), policy=POLICY) == date(2031, 2, 27)


def test_low_grades_are_assessed_twice_a_year():
    assert {grade: assessment_due(date(2027, 3, 1), grade=grade, policy=POLICY) for grade in (None, 1, 2, 3, 4, 5)} == {
        None: date(2028, 3, 1),
        1: date(2027, 9, 1),
        2: date(2027, 9, 1),
        3: date(2028, 3, 1),
        4: date(2028, 3, 1),
        5: date(2028, 3, 1),
    }


def test_months_end_where_the_month_ends():
    assert months_after(date(2027, 10, 31), 4) == date(2028, 2, 29)
    assert months_after(date(2027, 12, 15), 1) == date(2028, 1, 15)
    assert months_after(date(2027, 11, 30), 1) == date(2027, 12, 30)


def test_only_the_same_level_or_one_above_lifts():
    ranked = [Level.COUNTY, Level.PREFECTURE, Level.PROVINCE]
    for (i, ordered), (j, lifting) in product(enumerate(ranked), enumerate(ranked)):
        assert may_lift(ordered, level=lifting) is (j >= i)
        assert higher(ordered, lifting) is ranked[max(i, j)]
    assert may_lift(Level.COUNTY, level=None) is False
    assert higher(None, Level.COUNTY) is Level.COUNTY
