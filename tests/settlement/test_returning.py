"""Days that are not served: guests are refunded whether or not the institution still has the money."""

from datetime import timedelta

from marketplace.kit import clock
from marketplace.kit.clock import local_date
from marketplace.kit.ids import wire
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import Account
from marketplace.payments import queries as payments
from marketplace.payments.rules import RefundReason
from marketplace.settlement import operations, queries
from tests.support.books import reversals_of, transfers_of


async def give_back(booking_id, *, after_nights: int, cause: str = "revocation") -> int:
    now = clock.now()
    arrived = (await queries.earnings_of(booking_id))[0].first_on
    return await operations.refund_unserved(
        booking_id=booking_id,
        from_on=arrived + timedelta(days=after_nights),
        cause=cause,
        reason=RefundReason.OTHER,
        now=now,
    )


async def reverse(booking_id) -> list[queries.ReversalRow]:
    for row in await reversals_of(booking_id):
        await operations.submit_reversal(reversal_id=row.id, now=clock.now())
    return await reversals_of(booking_id)


async def test_what_has_not_been_sent_is_not_sent(house, balance):
    booking_id = await house.served()
    assert await give_back(booking_id, after_nights=4) == 200_000
    assert await give_back(booking_id, after_nights=4) == 0
    (transfer,) = await transfers_of(booking_id)
    assert (transfer.status, transfer.amount) == ("planned", 70_400)
    assert await house.owed() == (70_400, 0)
    assert await balance(Account.COMMISSION) == -9_600
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0
    refunds = (await payments.refunds_of([booking_id]))[booking_id]
    assert [(refund.amount, refund.reason) for refund in refunds] == [(200_000, "other")]
    assert (refunds[0].institution_amount, refunds[0].platform_amount) == (176_000, 24_000)
    assert await ledger.verify() == []


async def test_nothing_served_cancels_the_transfer(house):
    booking_id = await house.served()
    assert await give_back(booking_id, after_nights=0) == 280_000
    (transfer,) = await transfers_of(booking_id)
    assert (transfer.status, transfer.amount, await house.owed()) == ("cancelled", 0, (0, 0))


async def test_what_was_sent_is_taken_back(house, sandbox):
    account = await house.become_payee()
    booking_id = await house.served()
    await house.pass_days(3)
    await house.send(booking_id)
    assert await give_back(booking_id, after_nights=7) == 140_000
    assert await house.owed() == (-123_200, 0)
    (reversal,) = await reverse(booking_id)
    await reverse(booking_id)
    assert (reversal.status, reversal.amount, await house.has(account)) == ("succeeded", 123_200, 123_200)
    assert await house.owed() == (0, 0)
    assert await ledger.verify() == []


async def test_a_transfer_may_be_taken_back_in_parts_under_keys_of_their_own(house):
    account = await house.become_payee()
    booking_id = await house.served(nights=45)
    await house.pass_days(30)
    await operations.earn_in_service(now=clock.now())
    await house.pass_days(3)
    await house.send(booking_id)
    has = await house.has(account)
    assert await give_back(booking_id, after_nights=20) > 0
    (one,) = await reverse(booking_id)
    assert await house.has(account) == has - one.amount


async def test_what_the_institution_no_longer_has_it_owes_and_later_transfers_are_less(house, world):
    account = await house.become_payee()
    booking_id = await house.served()
    await house.pass_days(3)
    await house.send(booking_id)
    await house.take_out(account, 246_400)
    assert await give_back(booking_id, after_nights=7) == 140_000
    (reversal,) = await reverse(booking_id)
    assert (reversal.status, reversal.failure_code) == ("owed", "balance_insufficient")
    assert await house.owed() == (0, 123_200)
    refunds = (await payments.refunds_of([booking_id]))[booking_id]
    assert [refund.amount for refund in refunds] == [140_000]

    assert await payments.verify() == []
    later = await house.served(nights=14)
    await house.pass_days(3)
    (less,) = await house.send(later)
    assert (less.status, less.netted_amount, less.amount) == ("succeeded", 123_200, 123_200)
    assert await house.owed() == (0, 0)
    assert await house.has(account) == 123_200
    # I20: what it earned and may keep, less what stands between us, is what its account got and it took out.
    earned = [*await queries.earnings_of(booking_id), *await queries.earnings_of(later)]
    payable, receivable = await house.owed()
    kept = sum(one.payable_amount - one.unearned_payable_amount for one in earned)
    assert kept - payable + receivable == await house.has(account) + 246_400
    assert await ledger.verify() == []


async def test_a_debt_larger_than_a_transfer_takes_it_whole(house):
    account = await house.become_payee()
    booking_id = await house.served()
    await house.pass_days(3)
    await house.send(booking_id)
    await house.take_out(account, 246_400)
    await give_back(booking_id, after_nights=0)
    await reverse(booking_id)
    later = await house.served(nights=7)
    await house.pass_days(3)
    (kept,) = await house.send(later)
    assert (kept.status, kept.amount, kept.netted_amount, kept.provider_transfer_id) == ("succeeded", 0, 123_200, None)
    assert await house.owed() == (0, 123_200)


async def test_guests_who_leave_a_revoked_institution_are_refunded_the_days_they_did_not_stay(house, world):
    booking_id = await house.served()
    await house.pass_days(4)
    first, second = await world.officer(), await world.officer()
    certification = wire("crt", world.certification_id)
    await world.prepare_revocation(first)
    asked = await first.post(f"/v1/certifications/{certification}/revocation", {"reason": "以虚假材料骗取认定（示例）"})
    approved = await second.post(f"/v1/decisions/{asked.json()['id']}/approvals")
    assert approved.status_code == 201, approved.text
    await house.step(booking_id, "check-out")
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    refunds = (await payments.refunds_of([booking_id]))[booking_id]
    # R18: the institution owes nine days' interest at the one-year LPR of 3 % beside what goes back, and people pay it.
    interest = round(200_000 * 0.03 * 9 / 365)
    assert [(refund.amount, refund.reason, refund.status) for refund in refunds] == [
        (200_000, "revocation", "requested"),
        (interest, "interest", "manual"),
    ]
    assert await house.owed() == (70_400, interest)
    assert [(task.amount, task.cause) for task in await payments.open_refund_tasks()] == [(interest, "interest")]
    assert await payments.verify() == []
    assert local_date(clock.now()) == (await queries.earnings_of(booking_id))[0].first_on + timedelta(days=4)


async def test_guests_who_leave_a_suspended_institution_leave_for_its_cause(house, world):
    booking_id = await house.served()
    await house.pass_days(4)
    await world.suspend()
    await house.step(booking_id, "check-out")
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    refunds = (await payments.refunds_of([booking_id]))[booking_id]
    interest = round(200_000 * 0.03 * 9 / 365)
    assert [(refund.amount, refund.reason) for refund in refunds] == [(200_000, "institution"), (interest, "interest")]
    assert await house.owed() == (70_400, interest)


async def test_guests_who_leave_early_by_their_own_wish_have_what_their_policy_says_once(house, balance):
    """R18: four nights at the price before discounts are kept, and a fifth of what was not used."""
    booking_id = await house.served()
    await house.pass_days(4)
    await house.step(booking_id, "check-out")
    for _ in range(2):
        await operations.close_booking(booking_id=booking_id, now=clock.now())
    (refund,) = (await payments.refunds_of([booking_id]))[booking_id]
    assert (refund.amount, refund.reason) == (160_000, "left_early")
    assert (refund.institution_amount, refund.platform_amount) == (140_800, 19_200)
    assert await house.owed() == (246_400 - 140_800, 0)
    assert await balance(Account.COMMISSION) == -(33_600 - 19_200)
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0
    assert await ledger.verify() == []


async def test_a_long_stay_that_ends_early_is_earned_up_to_its_last_night_and_no_further(house, balance):
    booking_id = await house.served(nights=75)
    await house.pass_days(40)
    await operations.earn_in_service(now=clock.now())
    assert [row.amount for row in await queries.earnings_of(booking_id)] == [600_000]
    paid = 600_000 - await balance(Account.CUSTOMER_HELD, booking_id)
    assert await give_back(booking_id, after_nights=40) == paid - 800_000
    await house.step(booking_id, "check-out")
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    await operations.earn_in_service(now=clock.now())
    assert [row.amount for row in await queries.earnings_of(booking_id)] == [600_000, 200_000]
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0
    assert await ledger.verify() == []
