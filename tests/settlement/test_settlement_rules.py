"""How a stay is divided, earned and taken back: sums are exact whatever the numbers."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from marketplace.certifications.states import Status as Standing
from marketplace.kit.money import share
from marketplace.ledger.rules import taken_back
from marketplace.settlement.rules import Added, Kind, earned_by, is_frozen, outstanding, periods, plan_of, unserved

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


@given(amount=amounts, count=nights, rate=bps)
def test_what_goes_back_never_grows_as_the_stay_is_served(amount, count, rate):
    end = FIRST + timedelta(days=count)
    parts = [
        unserved(first_on=FIRST, end_on=end, from_on=FIRST + timedelta(days=day), amount=amount)
        for day in (-5, *range(count + 1), count + 9)
    ]
    assert parts == sorted(parts, reverse=True)
    assert (parts[0], parts[1], parts[-1]) == (amount, amount, 0)
    for back in parts:
        whose = taken_back(amount, back, commission_bps=rate)
        assert 0 <= whose.institution_amount <= amount - share(amount, rate)
        assert 0 <= whose.platform_amount <= share(amount, rate)


def added(kind, number, first, nights, amount):
    first_on = FIRST + timedelta(days=first)
    return Added(kind=kind, number=number, first_on=first_on, end_on=first_on + timedelta(days=nights), amount=amount)


@given(
    booked=st.integers(min_value=1, max_value=120),
    price=st.integers(min_value=1, max_value=9_999_999),
    further=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 999_999)), max_size=3),
    extra=st.lists(st.integers(1, 99_999), max_size=2),
)
def test_extensions_and_adjustments_are_earned_beside_the_booked_nights(booked, price, further, extra):
    end, found = booked, []
    for number, (nights, amount) in enumerate(further, start=1):
        found.append(added("extension", number, end, nights, amount))
        end += nights
    found += [added("adjustment", number, 0, end, amount) for number, amount in enumerate(extra, start=1)]
    total = price + sum(one.amount for one in found)
    plan = plan_of(check_in=FIRST, check_out=FIRST + timedelta(days=end), total_amount=total, added=found)
    assert sum(period.amount for period in plan) == total
    assert len({period.name for period in plan}) == len(plan)
    nights = sorted((p.first_on, p.end_on) for p in plan if p.kind is Kind.NIGHTS)
    assert [nights[0][0], nights[-1][1]] == [FIRST, FIRST + timedelta(days=end)]
    assert all(one[1] == next_[0] for one, next_ in pairwise(nights))
    # A stay is divided the same way whatever is added to it later: what was earned stays what it was.
    assert plan[: len(periods(FIRST, FIRST + timedelta(days=booked), price))] == periods(
        FIRST, FIRST + timedelta(days=booked), price
    )


@given(amount=amounts, count=nights, credit=amounts, earned=st.integers(0, 5))
def test_a_credit_comes_off_what_is_earned_next_and_is_never_lost(amount, count, credit, earned):
    plan = periods(FIRST, FIRST + timedelta(days=count), amount)
    known: dict[str, int] = {}
    for _ in range(earned):
        due = outstanding(plan, known, credited_amount=min(credit, amount))
        if due:
            known[due[0].name] = due[0].amount
    left = outstanding(plan, known, credited_amount=min(credit, amount))
    assert sum(known.values()) + sum(period.amount for period in left) == amount - min(credit, amount)


def test_money_stays_with_us_while_an_institution_is_suspended_or_revoked():
    assert {standing for standing in Standing if is_frozen(standing)} == {
        Standing.SUSPENDED,
        Standing.REVOCATION_NOTICED,
        Standing.REVOKED,
    }
    assert is_frozen(None)
