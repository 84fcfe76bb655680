"""A stay of more than thirty nights is paid by the month, and a leg in parts once the stay is certain."""

import pytest

from marketplace.bookings import operations
from marketplace.bookings.errors import BalanceUnpaid
from marketplace.kit.clock import local_time
from marketplace.kit.ids import parse
from tests.support.world import World, hold, read


async def ask(caller, booking, leg, *, key, **extra):
    body = {"leg": leg, "method": "wechat_pay", **extra}
    return await caller.post(f"/v1/bookings/{booking['id']}/payments", body, key=key)


def yuan(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "CNY"}


async def test_a_long_stay_is_confirmed_by_a_deposit_of_its_first_month_and_paid_month_by_month(
    world: World, pay
) -> None:
    family = await world.family()
    booking = await hold(world, family, first=50, nights=70)
    legs = [(leg["leg"], leg["number"]) for leg in booking["schedule"]]
    assert legs == [("deposit", 1), ("month", 1), ("month", 2), ("month", 3)]
    assert sum(leg["amount"]["amount"] for leg in booking["schedule"]) == booking["total"]["amount"]
    assert booking["schedule"][1]["first_night"] == booking["check_in"]
    assert booking["schedule"][-1]["end_on"] == booking["check_out"]

    booking = await pay(family, booking)
    assert (booking["status"], booking["payable_leg"]) == ("confirmed", "month")
    booking = await pay(family, booking)

    assert booking["payable_leg"] is None
    early = await ask(family, booking, "month", key="early")
    assert (early.status_code, early.json()["code"]) == (409, "leg_not_payable")
    assert (await read(family, booking))["paid"] == booking["paid"]


async def test_guests_arrive_only_with_what_is_due_by_then_paid(world: World, pay) -> None:
    family, staff = await world.family(), await world.staff()
    booking = await pay(family, await hold(world, family, first=50, nights=70))
    arrival = {"booking_id": parse("bkg", booking["id"]), "now": local_time(world.day(50), hour=15)}

    with pytest.raises(BalanceUnpaid):
        await operations.check_in(principal=staff.principal, **arrival)
    assert (await read(family, booking))["status"] == "confirmed"

    await pay(family, booking)
    await operations.check_in(principal=staff.principal, **arrival)
    assert (await read(family, booking))["status"] == "checked_in"


async def test_guests_pay_the_next_month_while_they_live_there(world: World, pay) -> None:
    family, staff = await world.family(), await world.staff()
    booking = await pay(family, await hold(world, family, first=2, nights=70))
    await operations.check_in(
        principal=staff.principal, booking_id=parse("bkg", booking["id"]), now=local_time(world.day(2), hour=15)
    )
    booking = await pay(family, await read(family, booking))

    assert booking["status"] == "checked_in"
    assert booking["paid"]["amount"] == sum(leg["amount"]["amount"] for leg in booking["schedule"][:2])


async def test_a_balance_is_paid_in_parts_and_a_hold_is_not(world: World, confirm) -> None:
    family = await world.family()
    held = await hold(world, family, first=80)
    refused = await ask(family, held, "deposit", key="held", amount=yuan(50_000))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/amount")

    booking = await confirm(family)
    part = await ask(family, booking, "balance", key="part", amount=yuan(200_000))
    assert part.json()["amount"] == yuan(200_000)
    rest = await ask(family, booking, "balance", key="rest")
    assert rest.json()["amount"] == yuan(480_000)


@pytest.mark.parametrize(
    "amount", [yuan(9_999), yuan(480_001), yuan(475_000), yuan(-5), {"amount": 20_000, "currency": "USD"}]
)
async def test_a_part_is_worth_its_fee_and_leaves_enough_for_another(world: World, confirm, amount) -> None:
    family = await world.family()
    booking = await confirm(family)
    refused = await ask(family, booking, "balance", key="part", amount=amount)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    assert len((await read(family, booking))["payments"]) == 1


async def test_parts_paid_one_after_another_make_the_leg(world: World, confirm, sandbox, client) -> None:
    family = await world.family()
    booking = await confirm(family)
    for n, amount in enumerate((200_000, 100_000, None)):
        extra = {"amount": yuan(amount)} if amount else {}
        payment = (await ask(family, booking, "balance", key=f"part {n}", **extra)).json()
        await sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1], method="wechat_pay")
        assert (await client.get(f"/payments/{payment['id']}/return")).status_code == 200

    booking = await read(family, booking)
    assert (booking["paid"], booking["payable_leg"]) == (booking["total"], None)
    assert [p["amount"]["amount"] for p in booking["payments"]] == [120_000, 200_000, 100_000, 180_000]
