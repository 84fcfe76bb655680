"""How a long stay is billed, and what nobody may take in advance (R14–R16)."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.db import fetch_value
from marketplace.pricing.errors import PrepaymentUnlawful
from marketplace.pricing.rules import (
    POLICIES,
    Leg,
    Security,
    ensure_lawful_schedule,
    ensure_lawful_security,
    months_later,
    schedule,
)

POLICY = POLICIES[0]
TODAY = date(2027, 1, 10)
CHECK_IN, CHECK_OUT = date(2027, 6, 15), date(2027, 8, 20)


def bill(total: int, *, today: date = TODAY, check_in: date = CHECK_IN, check_out: date = CHECK_OUT):
    return schedule(total, check_in=check_in, check_out=check_out, today=today, policy=POLICY)


def test_a_long_stay_is_billed_by_the_month_of_arrival_with_a_deposit_of_the_first():
    legs = bill(660_000)

    assert [(leg.leg, leg.number, leg.amount, leg.due_on, leg.first_night, leg.end_on) for leg in legs] == [
        ("deposit", 1, 60_000, TODAY, None, None),
        ("month", 1, 240_000, date(2027, 5, 16), date(2027, 6, 15), date(2027, 7, 15)),
        ("month", 2, 310_000, date(2027, 7, 8), date(2027, 7, 15), date(2027, 8, 15)),
        ("month", 3, 50_000, date(2027, 8, 8), date(2027, 8, 15), date(2027, 8, 20)),
    ]


def test_a_long_stay_that_begins_soon_is_confirmed_by_its_first_month():
    legs = bill(660_000, today=date(2027, 6, 1))

    assert [(leg.leg, leg.number, leg.amount, leg.due_on) for leg in legs] == [
        ("month", 1, 300_000, date(2027, 6, 1)),
        ("month", 2, 310_000, date(2027, 7, 8)),
        ("month", 3, 50_000, date(2027, 8, 8)),
    ]


@pytest.mark.parametrize(("nights", "names"), [(30, {"deposit", "balance"}), (31, {"deposit", "month"})])
def test_thirty_nights_are_paid_at_once_and_thirty_one_by_the_month(nights, names):
    legs = bill(660_000, check_out=CHECK_IN + timedelta(days=nights))

    assert {leg.leg for leg in legs} == names


@given(total=st.integers(1, 10_000_000), ahead=st.integers(0, 400), nights=st.integers(31, 180))
def test_the_months_pay_the_total_in_order_and_are_lawful(total, ahead, nights):
    check_in = TODAY + timedelta(days=ahead)
    check_out = check_in + timedelta(days=nights)
    legs = bill(total, check_in=check_in, check_out=check_out)

    assert sum(leg.amount for leg in legs) == total
    assert all(leg.amount > 0 for leg in legs)
    assert [leg.due_on for leg in legs] == sorted(leg.due_on for leg in legs)
    assert all(leg.due_on <= (leg.first_night or check_in) for leg in legs)
    assert sum(leg.amount for leg in legs if leg.leg == "deposit") * 5 <= total
    ensure_lawful_schedule(legs, total=total, check_in=check_in, check_out=check_out)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2027, 12, 15), 1, date(2028, 1, 15)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2027, 11, 30), 13, date(2028, 12, 30)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last(day, months, later):
    assert months_later(day, months) == later


@pytest.mark.parametrize(
    ("leg", "check_out", "rule"),
    [
        (Leg(leg="deposit", amount=20_001, due_on=TODAY), CHECK_OUT, "R15"),
        (Leg(leg="full", amount=100_000, due_on=TODAY), months_later(CHECK_IN, 12) + timedelta(days=1), "R14"),
    ],
)
def test_a_schedule_beyond_the_law_is_refused(leg, check_out, rule):
    with pytest.raises(PrepaymentUnlawful) as refusal:
        ensure_lawful_schedule([leg], total=100_000, check_in=CHECK_IN, check_out=check_out)
    assert refusal.value.facts == {"rule": rule}


def test_a_stricter_region_is_obeyed():
    months = [Leg(leg="full", amount=100_000, due_on=TODAY)]
    ensure_lawful_schedule(months, total=100_000, check_in=CHECK_IN, check_out=months_later(CHECK_IN, 4))
    with pytest.raises(PrepaymentUnlawful):
        ensure_lawful_schedule(
            months, total=100_000, check_in=CHECK_IN, check_out=months_later(CHECK_IN, 4), months_max=3
        )


@pytest.mark.parametrize(
    ("security", "rule"),
    [
        (Security(amount=1_200_001, month_fee_amount=100_000, custody_account="acct-1"), "R15"),
        (Security(amount=1, month_fee_amount=100_000, custody_account=None), "R16"),
    ],
)
def test_a_security_beyond_the_law_or_without_custody_is_refused(security, rule):
    with pytest.raises(PrepaymentUnlawful) as refusal:
        ensure_lawful_security(security)
    assert refusal.value.facts == {"rule": rule}


def test_a_lawful_security_and_none_at_all_pass():
    ensure_lawful_security(Security(amount=1_200_000, month_fee_amount=100_000, custody_account="acct-1"))
    ensure_lawful_security(Security(amount=0, month_fee_amount=0, custody_account=None))


@pytest.mark.parametrize(("deposit", "lawful"), [(20_000, True), (20_001, False)])
async def test_the_database_measures_a_deposit_too(deposit, lawful):
    legs = [
        Leg(leg="deposit", amount=deposit, due_on=TODAY),
        Leg(leg="balance", amount=100_000 - deposit, due_on=TODAY),
    ]
    told = await fetch_value("SELECT deposit_is_lawful($1::jsonb, 100000)", msgspec.json.encode(legs).decode())
    assert told is lawful
    constraints = "SELECT count(*) FROM pg_constraint WHERE conname LIKE '%_deposit_is_lawful'"
    assert await fetch_value(constraints) == 2
