"""The score as a pure function of a sheet and a rubric."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.certifications.rules import (
    GateFinding,
    ItemFinding,
    Sheet,
    Standing,
    check_rubric,
    check_sheet,
    months_after,
    public_grade,
    score_sheet,
)
from marketplace.certifications.states import ENDED, Status
from marketplace.kit.errors import Invalid
from seed.rubric import RUBRIC
from tests.certifications.policy import POLICY
from tests.certifications.sheets import FULL, SEEN, sheet_of

MAXIMA = {"environment": 120, "facilities": 130, "operations": 150, "services": 600}
sheets = st.fixed_dictionaries({code: st.integers(0, most) for code, most in FULL.items()}).map(
    lambda points: sheet_of(**points)
)


def test_the_rubric_is_the_one_of_the_domain_reference():
    check_rubric(RUBRIC)
    assert [gate.code for gate in RUBRIC.gates] == [f"G{n}" for n in range(1, 10)]
    blocks = {block: [item.points_max for item in RUBRIC.items if item.block == block] for block in MAXIMA}
    assert {block: sum(points) for block, points in blocks.items()} == MAXIMA
    assert blocks == {
        "environment": [40, 30, 25, 25],
        "facilities": [45, 30, 25, 15, 15],
        "operations": [40, 25, 25, 25, 15, 10, 10],
        "services": [50, 90, 60, 40, 90, 40, 40, 50, 30, 40, 30, 20, 20],
    }


@given(sheets)
def test_a_score_is_the_sum_of_its_points_and_within_bounds(sheet):
    outcome = score_sheet(sheet, rubric=RUBRIC)
    assert outcome.score == sum(item.points for item in sheet.items)
    assert 0 <= outcome.score <= 1000
    for block, points in msgspec.structs.asdict(outcome.scores).items():
        assert 0 <= points <= MAXIMA[block]
    assert outcome == score_sheet(sheet, rubric=RUBRIC)
    shuffled = Sheet(gates=sheet.gates[::-1], items=sheet.items[::-1])
    assert score_sheet(shuffled, rubric=RUBRIC) == outcome


@given(sheets, st.sampled_from(sorted(FULL)), st.data())
def test_a_point_more_never_lowers_score_or_grade(sheet, code, data):
    before = next(item.points for item in sheet.items if item.code == code)
    raised = data.draw(st.integers(before, FULL[code]))
    better = msgspec.structs.replace(
        sheet,
        items=tuple(
            msgspec.structs.replace(item, points=raised) if item.code == code else item for item in sheet.items
        ),
    )
    one, other = score_sheet(sheet, rubric=RUBRIC), score_sheet(better, rubric=RUBRIC)
    assert other.score - one.score == raised - before
    assert (other.grade or 0) >= (one.grade or 0)


@given(sheets, st.sets(st.sampled_from([gate.code for gate in RUBRIC.gates]), min_size=1))
def test_a_gate_that_fails_leaves_no_grade_and_no_point_less(sheet, failed):
    missed = msgspec.structs.replace(
        sheet, gates=tuple(msgspec.structs.replace(gate, passed=gate.code not in failed) for gate in sheet.gates)
    )
    outcome = score_sheet(missed, rubric=RUBRIC)
    assert (outcome.grade, set(outcome.failed_gates)) == (None, failed)
    assert outcome.scores == score_sheet(sheet, rubric=RUBRIC).scores


@given(
    st.sampled_from([None, 1, 2, 3, 4, 5]),
    st.sampled_from(list(Status)),
    st.integers(0, 800),
    st.booleans(),
    st.none() | st.dates(date(2024, 1, 1), date(2028, 6, 1)),
)
def test_caps_only_lower_and_say_why(grade, status, age, overdue, abuse):
    today = date(2028, 6, 1)
    found = Standing(
        number="JLLJ-2026-00001",
        status=status,
        grade=grade,
        valid_from_on=date(2026, 1, 1),
        valid_until_on=date(2028, 12, 31),
        assessed_on=date.fromordinal(today.toordinal() - age),
        assessment_overdue=overdue,
        grade_method=RUBRIC.version,
        abuse_confirmed_on=abuse,
    )
    abused = abuse is not None and months_after(abuse, 36) >= today
    shown = public_grade(found, policy=POLICY, today=today)
    assert (shown.grade or 0) <= (grade or 0)
    assert (shown.method, shown.as_of) == (RUBRIC.version, found.assessed_on)
    if shown.grade != grade:
        assert shown.cap is not None
    stale = months_after(found.assessed_on, 12) < today
    if stale or status in ENDED:
        assert shown.grade is None
        assert shown.cap == ("ended" if status in ENDED else "stale_data")
    elif abused:
        assert (shown.grade or 0) <= 1
    elif shown.cap is not None:
        assert (shown.cap, shown.grade) in {
            ("under_rectification", 2),
            ("suspended", 1),
            ("revocation_noticed", 1),
        }


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        (lambda sheet: {"gates": sheet.gates[:-1]}, ["/gates"]),
        (lambda sheet: {"items": (*sheet.items, sheet.items[0])}, ["/items/29/code"]),
        (lambda sheet: {"items": (*sheet.items, ItemFinding(code="G1", points=1, evidence=SEEN))}, ["/items/29/code"]),
        (
            lambda sheet: {"gates": (GateFinding(code="E1", passed=True, evidence=SEEN), *sheet.gates)},
            ["/gates/0/code"],
        ),
        (
            lambda sheet: {"items": (msgspec.structs.replace(sheet.items[0], points=41), *sheet.items[1:])},
            ["/items/0/points"],
        ),
    ],
)
def test_a_sheet_that_does_not_fit_the_rubric_is_refused_by_name(change, pointers):
    sheet = sheet_of()
    check_sheet(sheet, rubric=RUBRIC)
    with pytest.raises(Invalid) as refusal:
        check_sheet(msgspec.structs.replace(sheet, **change(sheet)), rubric=RUBRIC)
    assert [field.pointer for field in refusal.value.fields] == pointers


def test_a_rubric_that_does_not_add_up_is_not_planted():
    heavier = msgspec.structs.replace(RUBRIC.items[0], points_max=41)
    for wrong in (
        {"criteria": (*RUBRIC.gates, heavier, *RUBRIC.items[1:])},
        {"criteria": RUBRIC.items},
        {"criteria": (*RUBRIC.criteria, RUBRIC.gates[0])},
        {"thresholds": tuple(msgspec.structs.replace(one, total=500) for one in RUBRIC.thresholds)},
    ):
        with pytest.raises(ValueError, match=RUBRIC.version):
            check_rubric(msgspec.structs.replace(RUBRIC, **wrong))
