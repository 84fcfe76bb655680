"""How a stay is divided, earned and taken back: sums are exact whatever the numbers."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from marketplace.certifications.states import Status as Standing
from marketplace.kit.money import share
from marketplace.settlement.rules import earned_by, is_frozen, periods, unserved

FIRST = date(2027, 6, 1)
amounts = st.integers(min_value=0, max_value=99_999_999)
nights = st.integers(min_value=1, max_value=365)
bps = st.integers(min_value=0, max_value=10_000)


@given(amount=amounts, count=nights)
def test_the_periods_of_a_stay_sum_to_it_and_leave_no_night_out(amount, count):
    plan = periods(FIRST, FIRST + timedelta(days=count), amount)
    assert sum(period.amount for period in plan) == amount
    assert [plan[0].first_on, plan[-1].end_on] == [FIRST, FIRST + timedelta(days=count)]
    assert all(one.end_on == next_.first_on for one, next_ in pairwise(plan))


def test_a_short_stay_is_earned_at_check_in_and_a_long_one_when_each_month_was_served():
    (whole,) = periods(FIRST, date(2027, 7, 1), 600_000)
    assert (whole.name, whole.earned_on, whole.amount) == ("check_in", FIRST, 600_000)
    plan = periods(FIRST, date(2027, 8, 15), 750_000)
    assert [(p.name, (p.end_on - p.first_on).days, p.amount) for p in plan] == [
        ("2027-06-01", 30, 300_000),
        ("2027-07-01", 30, 300_000),
        ("2027-07-31", 15, 150_000),
    ]
    assert [len(earned_by(plan, day)) for day in (FIRST, date(2027, 7, 1), date(2027, 7, 31), date(2027, 8, 15))] == [
        0,
        1,
        2,
        3,
    ]


@given(amount=amounts, count=nights, left=st.integers(min_value=-5, max_value=400), rate=bps)
def test_what_goes_back_is_never_more_than_was_earned_on_either_side(amount, count, left, rate):
    end = FIRST + timedelta(days=count)
    back = unserved(
        first_on=FIRST, end_on=end, from_on=FIRST + timedelta(days=left), amount=amount, commission_bps=rate
    )
    payable = amount - share(amount, rate)
    assert 0 <= back.payable_amount <= back.amount <= amount
    assert back.payable_amount <= payable
    assert back.amount - back.payable_amount <= share(amount, rate)


@given(amount=amounts, count=nights, rate=bps)
def test_what_goes_back_never_grows_as_the_stay_is_served(amount, count, rate):
    end = FIRST + timedelta(days=count)
    parts = [
        unserved(first_on=FIRST, end_on=end, from_on=FIRST + timedelta(days=day), amount=amount, commission_bps=rate)
        for day in range(count + 1)
    ]
    assert [part.amount for part in parts] == sorted((part.amount for part in parts), reverse=True)
    assert (parts[0].amount, parts[-1].amount) == (amount, 0)


def test_money_stays_with_us_while_an_institution_is_suspended_or_revoked():
    assert {standing for standing in Standing if is_frozen(standing)} == {
        Standing.SUSPENDED,
        Standing.REVOCATION_NOTICED,
        Standing.REVOKED,
    }
    assert is_frozen(None)
