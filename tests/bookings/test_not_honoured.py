"""A stay that its institution cannot honour: all goes back with interest, the guest is told, civil affairs counts it."""

from datetime import timedelta

import pytest

from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.ids import parse
from tests.support.world import World, hold, read
from workers import handling


async def give_up(staff, booking, *, key="give-up", cause="overbooked"):
    return await staff.post(f"/v1/bookings/{booking['id']}/institution-cancellation", {"cause": cause}, key=key)


async def test_the_guest_gets_everything_back_though_the_contract_would_keep_a_part(world: World, confirm) -> None:
    family = await world.family()
    booking = await confirm(family)
    paid = booking["paid"]["amount"]
    # Two days before check-in, when the guest's own cancellation would cost a fifth of the price.
    clock.travel(timedelta(days=38))
    world.now = clock.now()
    staff = await world.staff()
    answer = await give_up(staff, booking)

    assert answer.status_code == 200, answer.text
    # 1,200 yuan for 38 days at 3 % a year.
    assert (paid, answer.json()["refund"]["amount"], answer.json()["interest"]["amount"]) == (120_000, 120_000, 375)
    after = await read(await world.family(), booking)
    assert (after["status"], after["ending_reason"]) == ("cancelled", "institution")
    assert [(one["amount"]["amount"], one["reason"]) for one in after["refunds"]] == [
        (120_000, "institution"),
        (375, "interest"),
    ]
    assert await world.taken() == [0]
    kept = await fetch_one("SELECT cause, refund_amount, interest_amount, cancelled_by FROM institution_cancellations")
    assert tuple(kept) == ("overbooked", 120_000, 375, staff.principal.id)
    replay = await give_up(staff, booking)
    assert (replay.content, replay.headers["Idempotent-Replayed"]) == (answer.content, "true")


async def test_the_guest_is_told_and_the_second_one_calls_for_a_visit(world: World, confirm) -> None:
    family, staff = await world.family(), await world.staff()
    for n in range(2):
        booking = await confirm(family, first=40 + 31 * n)
        assert (await give_up(staff, booking, key=f"k{n}")).status_code == 200
    await handling.drain(now=clock.now())

    told = await fetch("SELECT template, count(*) FROM messages GROUP BY template")
    assert dict(map(tuple, told))["booking_not_honoured"] == 2
    signals = await fetch("SELECT kind, assessment_id FROM certification_signals ORDER BY id")
    order = await fetch_one("SELECT id, reason, due_on FROM assessment_orders WHERE status = 'ordered'")
    assert [tuple(row) for row in signals] == [
        ("institution_cancellation", None),
        ("institution_cancellation", order["id"]),
    ]
    assert (order["reason"], order["due_on"]) == ("institution_cancellation", world.day(30))


@pytest.mark.parametrize(("who", "status"), [("host", 409), ("another", 404), ("cancelled", 409)])
async def test_only_its_own_institution_gives_up_a_confirmed_stay(world: World, confirm, who, status) -> None:
    family, staff = await world.family(), await world.staff()
    if who == "another":
        staff = await world.staff(await world.add_institution("他院（示例）"))
    booking = await (hold(world, family) if who == "host" else confirm(family))
    if who == "cancelled":
        await give_up(staff, booking, key="first")
    before = await fetch("SELECT * FROM bookings WHERE id = $1", parse("bkg", booking["id"]))
    refunds = await fetch_value("SELECT count(*) FROM refunds")

    answer = await give_up(staff, booking)

    assert answer.status_code == status, answer.text
    assert await fetch("SELECT * FROM bookings WHERE id = $1", parse("bkg", booking["id"])) == before
    assert await fetch_value("SELECT count(*) FROM refunds") == refunds
