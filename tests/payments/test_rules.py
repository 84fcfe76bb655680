"""Pure: money's lives only move forward, whatever the order of the news."""

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.payments.rules import advance_payment, advance_refund, checkout_expiry
from marketplace.payments.states import PAYMENT, REFUND, PaymentStatus, RefundStatus

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@given(
    st.lists(st.sampled_from(PaymentStatus), min_size=1).flatmap(
        lambda seen: st.tuples(st.just(seen), st.permutations(seen * 2))
    )
)
def test_the_order_and_number_of_outcomes_do_not_matter(case):
    seen, shuffled = case
    forward = reduce(advance_payment, seen, PaymentStatus.CREATED)
    assert reduce(advance_payment, shuffled, PaymentStatus.CREATED) is forward


@given(
    st.lists(st.sampled_from([RefundStatus.PENDING, RefundStatus.SUCCEEDED, RefundStatus.FAILED]), min_size=1).flatmap(
        lambda seen: st.tuples(st.just(seen), st.permutations(seen * 2))
    )
)
def test_the_order_and_number_of_refund_outcomes_do_not_matter(case):
    seen, shuffled = case
    forward = reduce(advance_refund, seen, RefundStatus.SUBMITTED)
    assert reduce(advance_refund, shuffled, RefundStatus.SUBMITTED) is forward


@pytest.mark.parametrize("status", PaymentStatus)
def test_money_is_never_forgotten(status):
    assert advance_payment(status, PaymentStatus.SUCCEEDED) is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize("seen", PaymentStatus)
def test_nothing_follows_money_that_arrived(seen):
    assert advance_payment(PaymentStatus.SUCCEEDED, seen) is PaymentStatus.SUCCEEDED
    assert PAYMENT.valid_transitions(PaymentStatus.SUCCEEDED) == []


def test_a_refund_in_the_hands_of_people_stays_there():
    assert [advance_refund(RefundStatus.MANUAL, seen) for seen in RefundStatus] == [RefundStatus.MANUAL] * 6
    assert REFUND.valid_transitions(RefundStatus.MANUAL) == []


@pytest.mark.parametrize(
    ("wished", "expected"),
    [
        (timedelta(minutes=30), timedelta(minutes=60)),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=9), timedelta(hours=23)),
    ],
)
def test_a_checkout_page_lives_as_long_as_the_provider_lets_it(wished, expected):
    assert checkout_expiry(NOON + wished, attempted_at=NOON) == NOON + expected
