from datetime import timedelta

import pytest

from marketplace.bookings import operations
from marketplace.kit import clock
from marketplace.kit.db import fetch_value
from marketplace.kit.ids import parse
from marketplace.payments.rules import RefundReason
from tests.support.world import World, hold, read


async def cancel(caller, booking: dict, *, key: str = "cancel-1"):
    quote = (await caller.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")).json()
    body = {"cancellation_quote_id": quote["id"]}
    return quote, await caller.post(f"/v1/bookings/{booking['id']}/cancellation", body, key=key)


async def test_an_unpaid_hold_is_cancelled_for_nothing(world: World) -> None:
    family = await world.family()
    booking = await hold(world, family)
    quote, answer = await cancel(family, booking)

    assert (quote["paid"]["amount"], quote["refund"]["amount"], quote["fee"]["amount"]) == (0, 0, 0)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert await world.taken() == [0]


async def test_within_seven_days_of_payment_everything_comes_back(world: World, confirm) -> None:
    """R17: SPC 法释〔2025〕4号 art. 14."""
    family = await world.family()
    booking = await confirm(family)
    clock.travel(timedelta(days=6))
    quote, answer = await cancel(family, booking)

    assert quote["refund"] == booking["paid"]
    assert quote["fee"]["amount"] == 0
    cancelled = answer.json()
    assert cancelled["status"] == "cancelled"
    assert [(r["amount"], r["reason"], r["status"]) for r in cancelled["refunds"]] == [
        (booking["paid"], "cancellation", "requested")
    ]
    assert await world.taken() == [0]


async def test_the_promise_of_a_cancellation_quote_is_kept_for_fifteen_minutes(world: World, confirm) -> None:
    family = await world.family()
    booking = await confirm(family)
    quote = (await family.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")).json()
    clock.travel(timedelta(minutes=16))

    answer = await family.post(
        f"/v1/bookings/{booking['id']}/cancellation", {"cancellation_quote_id": quote["id"]}, key="k"
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "cancellation_quote_expired")
    assert (await read(family, booking))["status"] == "confirmed"
    assert await fetch_value("SELECT count(*) FROM refunds") == 0
    assert await world.taken() == [0, 1]


async def test_cancelling_twice_is_refused_and_refunds_once(world: World, confirm) -> None:
    family = await world.family()
    booking = await confirm(family)
    quote, first = await cancel(family, booking)
    body = {"cancellation_quote_id": quote["id"]}

    again = await family.post(f"/v1/bookings/{booking['id']}/cancellation", body, key="another")
    replay = await family.post(f"/v1/bookings/{booking['id']}/cancellation", body, key="cancel-1")

    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert replay.content == first.content
    assert await fetch_value("SELECT count(*) FROM refunds") == 1


async def test_another_bookings_cancellation_quote_is_not_found(world: World) -> None:
    family = await world.family()
    one, other = await hold(world, family), await hold(world, family)
    quote = (await family.post(f"/v1/bookings/{one['id']}/cancellation-quotes")).json()

    answer = await family.post(
        f"/v1/bookings/{other['id']}/cancellation", {"cancellation_quote_id": quote["id"]}, key="k"
    )

    assert answer.status_code == 404
    assert (await read(family, other))["status"] == "on_hold"


async def test_the_system_cancels_with_everything_back_whatever_the_policy(world: World, confirm, pay) -> None:
    family = await world.family()
    booking = await pay(family, await confirm(family))
    clock.travel(timedelta(days=39))

    for _ in range(2):
        await operations.cancel_by_system(
            booking_id=parse("bkg", booking["id"]), reason=RefundReason.NOT_FORMED, now=clock.now()
        )

    world.now = clock.now()
    booking = await read(await world.family(), booking)
    assert booking["status"] == "cancelled"
    assert sum(refund["amount"]["amount"] for refund in booking["refunds"]) == booking["total"]["amount"]
    assert len(booking["refunds"]) == 2
    assert await world.taken() == [0]


@pytest.mark.parametrize("who", ["staff", "officer"])
async def test_only_the_guest_cancels(world: World, confirm, who: str) -> None:
    family = await world.family()
    booking = await confirm(family)
    stranger = await (world.staff() if who == "staff" else world.officer())

    answer = await stranger.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
