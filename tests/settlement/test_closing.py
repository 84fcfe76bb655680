"""What a booking that has ended leaves, and whose share a refund comes out of."""

from datetime import timedelta

from marketplace.kit import clock
from marketplace.kit.clock import local_midnight
from marketplace.kit.db import execute
from marketplace.kit.ids import new_id, wire
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import Account
from marketplace.payments import queries as payments
from marketplace.settlement import operations, queries
from tests.support.books import transfers_of

CREDIT = {"amount": {"amount": 20_000, "currency": "CNY"}, "reason": "热水停供一天"}


async def refunds_of(booking_id):
    rows = (await payments.refunds_of([booking_id]))[booking_id]
    return [
        (row.reason.value, row.amount, row.institution_amount, row.platform_amount, row.subsidy_amount) for row in rows
    ]


async def test_what_a_cancellation_leaves_is_the_institutions_less_commission_and_sent_after_the_day_of_arrival(
    house, balance
):
    family = await house.world.family()
    booking_id = await house.paid_stay(nights=14, first=20)
    await execute("UPDATE bookings SET first_paid_at = first_paid_at - interval '8 days' WHERE id = $1", booking_id)
    await house.pass_days(12)
    path = f"/v1/bookings/{wire('bkg', booking_id)}"
    family = await house.world.family()
    offer = (await family.post(f"{path}/cancellation-quotes")).json()
    body = {"cancellation_quote_id": offer["id"]}
    assert (await family.post(f"{path}/cancellation", body, key=new_id().hex)).status_code == 200
    assert offer["fee"]["amount"] == 28_000

    for _ in range(2):
        await operations.close_booking(booking_id=booking_id, now=clock.now())

    (earning,) = await queries.earnings_of(booking_id)
    assert (earning.kind, earning.amount, earning.payable_amount) == ("kept", 28_000, 24_640)
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0
    assert await balance(Account.COMMISSION) == -3_360
    (transfer,) = await transfers_of(booking_id)
    assert transfer.due_at == local_midnight(earning.first_on) + timedelta(days=3)
    assert await refunds_of(booking_id) == [("cancellation", 252_000, 0, 0, 0)]
    assert await ledger.verify() == []


async def test_a_whole_refund_leaves_nothing_to_earn(house):
    booking_id = await house.paid_stay(nights=14, first=20)
    family, path = await house.world.family(), f"/v1/bookings/{wire('bkg', booking_id)}"
    offer = (await family.post(f"{path}/cancellation-quotes")).json()
    await family.post(f"{path}/cancellation", {"cancellation_quote_id": offer["id"]}, key=new_id().hex)
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    assert await queries.earnings_of(booking_id) == []
    assert await house.owed() == (0, 0)


async def test_a_credit_before_the_stay_comes_out_of_what_is_held_and_less_is_earned(house, balance):
    booking_id = await house.paid_stay()
    staff, key = await house.world.staff(), new_id().hex
    path = f"/v1/bookings/{wire('bkg', booking_id)}/credits"
    given = await staff.post(path, CREDIT, key=key)
    assert (given.status_code, given.json()["refunded"]["amount"]) == (201, 20_000)
    assert (await staff.post(path, CREDIT, key=key)).headers["idempotent-replayed"] == "true"
    assert await refunds_of(booking_id) == [("credit", 20_000, 0, 0, 0)]

    await house.pass_days(5)
    await house.step(booking_id, "check-in")
    assert await operations.earn(booking_id=booking_id, now=clock.now()) == 1
    assert [row.amount for row in await queries.earnings_of(booking_id)] == [260_000]
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0


async def test_a_credit_after_it_was_earned_comes_out_of_both_shares_and_never_exceeds_them(house, balance):
    booking_id = await house.served()
    staff = await house.world.staff()
    path = f"/v1/bookings/{wire('bkg', booking_id)}/credits"
    assert (await staff.post(path, CREDIT, key=new_id().hex)).status_code == 201
    assert await refunds_of(booking_id) == [("credit", 20_000, 17_600, 2_400, 0)]
    assert await house.owed() == (246_400 - 17_600, 0)
    assert await balance(Account.COMMISSION) == -(33_600 - 2_400)

    too_much = CREDIT | {"amount": {"amount": 260_001, "currency": "CNY"}}
    refused = await staff.post(path, too_much, key=new_id().hex)
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_too_large")
    assert refused.json()["refundable_amount"] == 260_000
    assert len(await refunds_of(booking_id)) == 1
    assert await ledger.verify() == []
    assert await payments.verify() == []


async def test_an_extension_and_an_adjustment_of_guests_in_house_are_earned_beside_the_stay(house, balance):
    booking_id = await house.served(nights=14)
    path = f"/v1/bookings/{wire('bkg', booking_id)}"
    family, staff = await house.world.family(), await house.world.staff()
    stay = (await family.get(path)).json()
    until = (clock.local_date(clock.now()) + timedelta(days=17)).isoformat()
    offer = (await family.post(f"{path}/extension-quotes", {"check_out": until})).json()
    await family.post(f"{path}/extensions", {"quote_id": offer["id"]}, key=new_id().hex)
    item = {"item": "laundry", "unit_price": {"amount": 1_001, "currency": "CNY"}, "quantity": 1}
    charge = (await staff.post(f"{path}/adjustments", item, key=new_id().hex)).json()
    await family.post(f"{path}/charges/{charge['id']}/acceptance")
    for leg in ("extension", "adjustment"):
        body = {"leg": leg, "method": "alipay"}
        payment = (await family.post(f"{path}/payments", body, key=new_id().hex)).json()
        await house.sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1], method="alipay")
        await house.world.client.get(f"/payments/{payment['id']}/return")
    await operations.earn_in_service(now=clock.now())
    assert [row.period for row in await queries.earnings_of(booking_id)] == ["check_in", "adjustment-1"]

    await house.pass_days(14)
    await operations.earn_in_service(now=clock.now())

    earned = {row.period: (row.kind.value, row.amount) for row in await queries.earnings_of(booking_id)}
    assert earned == {
        "check_in": ("nights", 280_000),
        "adjustment-1": ("adjustment", 1_001),
        "extension-1:check_in": ("nights", 60_000),
    }
    assert await balance(Account.CUSTOMER_HELD, booking_id) == 0
    family = await house.world.family()
    assert stay["total"]["amount"] + 61_001 == (await family.get(path)).json()["total"]["amount"]
    # Leaving a day early: the last night goes back, less the fifth that the policy keeps; the laundry was done.
    await house.pass_days(2)
    await house.step(booking_id, "check-out")
    await operations.close_booking(booking_id=booking_id, now=clock.now())
    # The newest payments give first, and each refund says whose money it was.
    assert await refunds_of(booking_id) == [
        ("left_early", 1_001, 1_001, 0, 0),
        ("left_early", 14_999, 13_079, 1_920, 0),
    ]
    assert await ledger.verify() == []
