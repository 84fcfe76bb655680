"""Prices as pure rules."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.inventory.rules import Night
from marketplace.kit.money import share
from marketplace.pricing.rules import Discount, Party, RatePlan, price_stay, total_of

FIRST = date(2027, 6, 1)
prices = st.lists(st.sampled_from([19_900, 20_000, 28_850, 1]), min_size=1, max_size=180)
discounts = st.lists(
    st.builds(Discount, nights_min=st.integers(2, 60), discount_bps=st.integers(1, 9_000)),
    unique_by=lambda discount: discount.nights_min,
    max_size=3,
)


def nights(amounts: list[int]) -> list[Night]:
    return [
        Night(night=FIRST + timedelta(days=i), available_count=1, price_amount=amount, min_stay_count=1, closed=False)
        for i, amount in enumerate(amounts)
    ]


def price(found, *, unit_count, discounts):
    party, plan = Party(guest_count=2 * unit_count, unit_count=unit_count), RatePlan(length_of_stay=tuple(discounts))
    return price_stay(found, party=party, plan=plan, asked_on=FIRST)


@given(amounts=prices, unit_count=st.integers(1, 5))
def test_lines_of_nights_cover_the_stay_without_gap_and_sum_to_every_night(amounts, unit_count):
    lines = price(nights(amounts), unit_count=unit_count, discounts=[])
    assert total_of(lines) == sum(amounts) * unit_count
    assert lines[0].first_night == FIRST
    assert lines[-1].end_on == FIRST + timedelta(days=len(amounts))
    for line, following in pairwise(lines):
        assert line.end_on == following.first_night
        assert line.unit_amount != following.unit_amount
    assert all(line.amount == line.unit_amount * line.quantity for line in lines)


@given(amounts=prices, found=discounts)
def test_only_the_longest_threshold_reached_is_taken_off_and_never_all(amounts, found):
    lines = price(nights(amounts), unit_count=1, discounts=found)
    off = [line for line in lines if line.code == "length_of_stay_discount"]
    reached = [discount for discount in found if discount.nights_min <= len(amounts)]
    if off:
        best = max(reached, key=lambda discount: discount.nights_min)
        assert [line.bps for line in off] == [best.discount_bps]
        due = min(share(sum(amounts), best.discount_bps), sum(amounts) - 1)
        assert -off[0].amount == due
    assert total_of(lines) == sum(amounts) + sum(line.amount for line in off)
    assert total_of(lines) > 0


@pytest.mark.parametrize(("night_count", "expected"), [(6, 0), (7, -7_000), (27, -27_000), (28, -56_000)])
def test_weekly_and_monthly_discounts_begin_at_their_night(night_count, expected):
    weekly, monthly = Discount(nights_min=7, discount_bps=500), Discount(nights_min=28, discount_bps=1_000)
    lines = price(nights([20_000] * night_count), unit_count=1, discounts=[monthly, weekly])
    assert sum(line.amount for line in lines if line.code == "length_of_stay_discount") == expected
