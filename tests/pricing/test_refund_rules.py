"""What a contract that ends early gives back: R17 and R18 as formulas."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.money import allocate, share
from marketplace.pricing.rules import (
    POLICIES,
    Cause,
    Line,
    QuoteKind,
    Used,
    interest_due,
    refund_due,
    used_by,
)

STAY = POLICIES[0].cancellation[QuoteKind.STAY]
CHECK_IN, CHECK_OUT = date(2027, 7, 1), date(2027, 8, 30)
PAID_AT = datetime(2027, 3, 1, 2, tzinfo=UTC)
IN_STAY = datetime(2027, 7, 20, 2, tzinfo=UTC)
# Sixty nights at ¥200.00 with 10 % off, and meals at ¥80.00 a night.
LINES = (
    Line(code="nights", reason_zh="", reason_en="", amount=600_000, first_night=CHECK_IN, end_on=date(2027, 7, 31)),
    Line(code="nights", reason_zh="", reason_en="", amount=600_000, first_night=date(2027, 7, 31), end_on=CHECK_OUT),
    Line(code="length_of_stay_discount", reason_zh="", reason_en="", amount=-120_000, bps=1_000),
    Line(code="meals", reason_zh="", reason_en="", amount=480_000, unit_amount=8_000, quantity=60),
)
TOTAL = sum(line.amount for line in LINES)
amounts = st.integers(1, 10_000_000)


def due(*, used: Used, cause: Cause = Cause.CONSUMER, paid: int = TOTAL, now: datetime = IN_STAY) -> int:
    return refund_due(
        STAY,
        paid_amount=paid,
        total_amount=TOTAL,
        first_paid_at=PAID_AT,
        check_in=CHECK_IN,
        now=now,
        used=used,
        service_begun=True,
        cause=cause,
    )


def used(nights: int) -> Used:
    return used_by(LINES, check_in=CHECK_IN, check_out=CHECK_OUT, left_on=CHECK_IN + timedelta(days=nights))


def test_used_nights_are_priced_with_and_without_discounts():
    assert used(0) == used(-3) == Used()
    assert used(15) == Used(list_amount=15 * 28_000, price_amount=TOTAL // 4)
    assert used(60) == used(99) == Used(list_amount=60 * 28_000, price_amount=TOTAL)


def test_for_the_consumers_cause_used_nights_count_without_discounts_and_the_tier_takes_its_share_of_the_rest():
    rest = TOTAL - TOTAL // 4
    assert due(used=used(15)) == TOTAL - 15 * 28_000 - share(rest, 2_000)


def test_for_the_traders_cause_used_nights_count_with_discounts_and_nothing_else_is_taken():
    assert due(used=used(15), cause=Cause.TRADER) == TOTAL - TOTAL // 4
    assert due(used=used(0), cause=Cause.TRADER) == TOTAL


def test_more_than_the_prepayment_is_never_charged():
    assert due(used=used(60)) == 0
    assert due(used=used(30), paid=100_000) == 0
    assert due(used=used(30), paid=100_000, cause=Cause.TRADER) == 0


def test_the_seven_days_are_lost_once_a_night_was_used():
    late = {"now": PAID_AT + timedelta(days=1)}
    assert refund_due(
        STAY, paid_amount=TOTAL, total_amount=TOTAL, first_paid_at=PAID_AT, check_in=date(2027, 3, 1), **late
    ) == TOTAL  # fmt: skip
    assert (
        refund_due(
            STAY,
            paid_amount=TOTAL,
            total_amount=TOTAL,
            first_paid_at=PAID_AT,
            check_in=date(2027, 3, 1),
            used=used(1),
            **late,
        )
        < TOTAL - 28_000
    )


@given(
    paid=st.integers(0, TOTAL),
    cause=st.sampled_from(list(Cause)),
    moments=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 61)), min_size=2, max_size=8),
)
def test_a_refund_stays_within_what_was_paid_and_never_grows_as_time_passes_and_nights_are_used(paid, cause, moments):
    order = zip(sorted(hours for hours, _ in moments), sorted(nights for _, nights in moments), strict=True)
    refunds = [
        refund_due(
            STAY,
            paid_amount=paid,
            total_amount=TOTAL,
            first_paid_at=PAID_AT,
            check_in=CHECK_IN,
            now=PAID_AT + timedelta(hours=12 * hours),
            used=used(nights),
            cause=cause,
        )
        for hours, nights in order
    ]
    assert all(0 <= refund <= paid for refund in refunds)
    assert refunds == sorted(refunds, reverse=True)


@given(amount=st.integers(0, 10**12), weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any))
def test_a_split_by_any_weights_makes_the_whole(amount, weights):
    parts = allocate(amount, weights)

    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    assert all(
        abs(part * sum(weights) - amount * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )


@given(amount=st.integers(0, 10**12), bps=st.integers(0, 10_000))
def test_a_share_and_its_rest_make_the_whole(amount, bps):
    assert 0 <= share(amount, bps) <= amount
    assert abs(share(amount, bps) * 10_000 - amount * bps) <= 5_000


def test_interest_is_of_a_year_of_365_days_and_rounded_half_up():
    day = date(2027, 3, 1)
    assert interest_due(1_000_000, paid_on=day, returned_on=date(2028, 2, 29), year_bps=300) == 30_000
    assert interest_due(1_000_000, paid_on=day, returned_on=day, year_bps=300) == 0
    assert interest_due(1_000_000, paid_on=day, returned_on=day - timedelta(days=1), year_bps=300) == 0
    assert interest_due(73, paid_on=day, returned_on=day + timedelta(days=25), year_bps=1_000) == 1


def test_a_discount_never_makes_what_was_used_dearer():
    with pytest.raises(ValueError, match="no more"):
        Used(list_amount=1, price_amount=2)
