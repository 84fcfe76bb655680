"""Earning: nothing before the guests arrive, everything once."""

from datetime import timedelta

import pytest

from marketplace.kit import clock
from marketplace.kit.db import execute, fetch_value
from marketplace.ledger.rules import Account
from marketplace.settlement import operations, queries
from tests.support.books import transfers_of

AGAIN = (
    "INSERT INTO earnings SELECT gen_random_uuid(), booking_id, institution_id, 'again', first_on, end_on, amount,"
    " commission_bps, payable_amount, 0, 0, currency, earned_at FROM earnings"
)


async def test_a_short_stay_is_earned_at_check_in_less_commission_once(house, balance):
    booking_id = await house.paid_stay(nights=14)
    assert await operations.earn(booking_id=booking_id, now=clock.now()) == 0
    assert await queries.earnings_of(booking_id) == []

    await house.pass_days(5)
    await house.step(booking_id, "check-in")
    assert await operations.earn(booking_id=booking_id, now=clock.now()) == 1
    assert await operations.earn(booking_id=booking_id, now=clock.now()) == 0

    (earning,) = await queries.earnings_of(booking_id)
    (transfer,) = await transfers_of(booking_id)
    assert (earning.amount, earning.payable_amount, earning.commission_bps) == (280_000, 246_400, 1_200)
    assert (transfer.amount, transfer.status, transfer.due_at) == (
        246_400,
        "planned",
        earning.earned_at + timedelta(days=3),
    )
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0
    assert await house.owed() == (246_400, 0)
    assert await balance(Account.COMMISSION) == -33_600


async def test_a_long_stay_is_earned_by_served_months_that_are_paid(house, balance):
    booking_id = await house.served(nights=75)
    assert await queries.earnings_of(booking_id) == []
    earned = []
    for days in (29, 1, 30, 15):
        await house.pass_days(days)
        await operations.earn_in_service(now=clock.now())
        earned.append([row.amount for row in await queries.earnings_of(booking_id)])
    assert earned == [[], [600_000], [600_000, 600_000], [600_000, 600_000]]
    # The bill of the last days is open: what has not been paid is not earned.
    assert await balance(Account.CUSTOMER_HELD, booking_id) == -20_000
    await house.pay_rest(booking_id)
    await operations.earn_in_service(now=clock.now())
    assert [row.amount for row in await queries.earnings_of(booking_id)] == [600_000, 600_000, 300_000]
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0


async def test_what_is_left_is_earned_when_the_guests_leave(house, balance):
    booking_id = await house.served(nights=45)
    await house.pass_days(45)
    await house.step(booking_id, "check-out")
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    assert [row.period for row in await queries.earnings_of(booking_id)][1:] != []
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    assert len(await transfers_of(booking_id)) == 2


async def test_a_stay_whose_news_was_lost_is_found_and_earned(house):
    booking_id = await house.paid_stay()
    await house.pass_days(5)
    await house.step(booking_id, "check-in")
    await operations.earn_in_service(now=clock.now())
    assert len(await queries.earnings_of(booking_id)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE transfers SET amount = amount + 1",
        "UPDATE transfers SET netted_amount = 1",
        "UPDATE transfers SET reversed_amount = amount + 1",
        AGAIN,
    ],
)
async def test_the_database_refuses_more_than_was_earned_and_a_night_earned_twice(house, change):
    import asyncpg

    from marketplace.kit.db import transaction

    booking_id = await house.served()
    before = await transfers_of(booking_id)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with transaction():
            await execute(change)
    assert await transfers_of(booking_id) == before
    assert await fetch_value("SELECT count(*) FROM earnings") == 1
