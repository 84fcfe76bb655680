"""Money reaches a booking by one path, and repeating that path changes nothing."""

from datetime import timedelta

import pytest

from marketplace.bookings import operations
from marketplace.bookings.rules import HOLD
from marketplace.kit import clock
from marketplace.kit.db import fetch
from marketplace.kit.ids import parse
from tests.support.world import World, hold, open_payment, read, steady


async def kinds() -> list[str]:
    rows = await fetch("SELECT kind FROM outbox WHERE is_event ORDER BY published_at, id")
    return [row["kind"] for row in rows]


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
async def test_a_paid_deposit_confirms_the_booking(world: World, pay, method: str) -> None:
    family = await world.family()
    booking = await pay(family, await hold(world, family), method=method)

    assert booking["status"] == "confirmed"
    assert booking["paid"]["amount"] == booking["schedule"][0]["amount"]["amount"] == 120_000
    assert booking["payable_leg"] == "balance"
    assert [payment["status"] for payment in booking["payments"]] == ["succeeded"]
    assert {"booking.placed", "booking.confirmed", "payment.succeeded"} <= set(await kinds())


async def test_a_stay_that_begins_soon_is_paid_whole(world: World, pay) -> None:
    family = await world.family()
    booking = await hold(world, family, first=10, nights=14)
    assert [leg["leg"] for leg in booking["schedule"]] == ["full"]

    booking = await pay(family, booking)

    assert (booking["status"], booking["paid"], booking["payable_leg"]) == ("confirmed", booking["total"], None)


async def test_the_balance_follows_the_deposit(world: World, confirm, pay) -> None:
    family = await world.family()
    booking = await pay(family, await confirm(family))

    assert booking["paid"] == booking["total"]
    assert booking["payable_leg"] is None
    nothing = await family.post(f"/v1/bookings/{booking['id']}/payments", {"leg": "balance", "method": "card"}, key="k")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "leg_not_payable")


async def test_applying_a_payment_again_changes_nothing(world: World, confirm) -> None:
    family = await world.family()
    booking = await confirm(family)
    events = await kinds()

    for _ in range(3):
        await operations.apply_payment(payment_id=parse("pay", booking["payments"][0]["id"]), now=clock.now())

    assert steady(await read(family, booking)) == steady(booking)
    assert await kinds() == events


async def test_a_declined_payment_leaves_the_hold_and_can_be_tried_again(world: World, pay) -> None:
    family = await world.family()
    booking = await hold(world, family)
    declined = await pay(family, booking, outcome="decline")

    assert declined["status"] == "on_hold"
    assert declined["paid"]["amount"] == 0
    assert (await pay(family, booking))["status"] == "confirmed"


async def test_an_unfinished_payment_does_not_confirm(world: World, client) -> None:
    family = await world.family()
    booking = await hold(world, family)
    payment = await open_payment(family, booking)

    answer = await client.get(f"/payments/{payment['id']}/return")

    assert "正在确认支付" in answer.text
    assert (await read(family, booking))["status"] == "on_hold"


async def test_money_after_the_hold_lapsed_takes_the_room_again_when_it_is_free(world: World, sandbox) -> None:
    family = await world.family()
    booking = await hold(world, family)
    payment = await open_payment(family, booking)
    clock.travel(HOLD + timedelta(seconds=1))
    assert await operations.expire_lapsed(now=clock.now()) == 1
    assert await world.taken() == [0]
    await sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1])

    await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=clock.now())

    booking = await read(family, booking)
    assert (booking["status"], booking["ending_reason"]) == ("confirmed", None)
    assert await world.taken() == [0, 1]


async def paid_when_the_room_was_sold(world: World, sandbox, *methods: str):
    """Hold the last room, let the hold lapse, sell the room to others, and pay all the same, once by each method."""
    family, others = await world.family(), await world.family("+8613800138009")
    booking = await hold(world, family)
    payments = [await open_payment(family, booking, method=method) for method in methods]
    clock.travel(HOLD + timedelta(seconds=1))
    for _ in range(2):
        await hold(world, others)
    for payment, method in zip(payments, methods, strict=True):
        await sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1], method=method)
    return family, booking, payments


async def test_money_after_the_room_was_sold_goes_back_in_full(world: World, sandbox) -> None:
    family, booking, (payment,) = await paid_when_the_room_was_sold(world, sandbox, "card")

    await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=clock.now())

    booking = await read(family, booking)
    assert booking["status"] == "expired"
    assert [(r["amount"]["amount"], r["reason"]) for r in booking["refunds"]] == [(120_000, "late_payment")]
    assert "booking.payment_arrived_late" in await kinds()
    assert await world.taken() == [0, 2]


async def test_news_of_money_that_was_sent_back_takes_no_room_when_it_comes_again(world: World, sandbox) -> None:
    family, booking, (payment,) = await paid_when_the_room_was_sold(world, sandbox, "card")
    await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=clock.now())
    sent_back = await read(family, booking)
    clock.travel(2 * HOLD + timedelta(seconds=2))
    assert await operations.expire_lapsed(now=clock.now()) == 2
    assert await world.taken() == [0]

    await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=clock.now())

    assert steady(await read(family, booking)) == steady(sent_back)
    assert await world.taken() == [0]
    assert await operations.verify_inventory(now=clock.now()) == []


async def test_money_that_comes_twice_for_a_lapsed_hold_takes_no_room_the_second_time(world: World, sandbox) -> None:
    family, booking, (first, second) = await paid_when_the_room_was_sold(world, sandbox, "card", "alipay")
    await operations.apply_payment(payment_id=parse("pay", first["id"]), now=clock.now())
    clock.travel(2 * HOLD + timedelta(seconds=2))
    assert await operations.expire_lapsed(now=clock.now()) == 2

    await operations.apply_payment(payment_id=parse("pay", second["id"]), now=clock.now())

    booking = await read(family, booking)
    assert booking["status"] == "expired"
    assert sorted((r["amount"]["amount"], r["reason"]) for r in booking["refunds"]) == [
        (120_000, "late_payment"),
        (120_000, "surplus_payment"),
    ]
    assert await world.taken() == [0]
    assert await operations.verify_inventory(now=clock.now()) == []


async def test_money_for_an_institution_that_was_suspended_meanwhile_goes_back(world: World, sandbox) -> None:
    family = await world.family()
    booking = await hold(world, family)
    payment = await open_payment(family, booking)
    await world.suspend()
    await sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1])

    await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=clock.now())

    booking = await read(family, booking)
    assert booking["status"] == "expired"
    assert [refund["amount"]["amount"] for refund in booking["refunds"]] == [120_000]
    assert await world.taken() == [0]


async def test_nothing_of_a_person_is_told_to_the_provider(world: World, confirm, sandbox) -> None:
    await confirm(await world.family())

    told = str(await sandbox.list("/v1/checkout/sessions")) + str(await sandbox.list("/v1/payment_intents"))
    for secret in ("王秀英", "李娜", "13800138000"):
        assert secret not in told
