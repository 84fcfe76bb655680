"""What is due is said with a link to pay, said again, and at last acted upon; what is paid is left alone."""

from datetime import timedelta

import pytest

from marketplace.bookings import operations
from marketplace.bookings.rules import CHASES, chase_at, left_of, next_chase
from marketplace.kit.clock import local_time
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse
from marketplace.pricing.rules import Leg
from tests.support.world import World, hold, read
from workers.handling import drain


async def chases() -> list[str]:
    rows = await fetch("SELECT payload ->> 'step' AS step FROM outbox WHERE kind = 'bookings.chase' ORDER BY due_at")
    return [row["step"] for row in rows]


async def told(client) -> list[tuple[str, str]]:
    items = (await client.get("/_dev/outbox", params={"to": "13800138000"})).json()["items"]
    return [(item["template"], item["text"]) for item in reversed(items) if item["template"].startswith("payment")]


@pytest.fixture
async def owing(world: World, confirm):
    """A confirmed stay in fifty days whose balance is due in twenty."""
    booking = await confirm(await world.family(), first=50)
    return booking, world.day(20)


def at(day, days: int):
    return local_time(day + timedelta(days=days), hour=10)


async def test_a_balance_is_chased_with_a_link_until_the_stay_is_cancelled(world: World, owing, client) -> None:
    booking, due_on = owing
    assert await chases() == ["upcoming"]

    for days in (-7, 1, 4):
        await drain(now=at(due_on, days))
        await drain(now=at(due_on, days))
    code = await fetch_value("SELECT code FROM pay_links")
    link = f"http://127.0.0.1:8000/p/{code}"
    last = due_on + timedelta(days=8)
    assert await told(client) == [
        ("payment_upcoming", f"【候鸟】请于{due_on.month}月{due_on.day}日前支付 ¥4,800.00：{link}"),
        ("payment_overdue", f"【候鸟】{due_on.month}月{due_on.day}日应付的 ¥4,800.00 尚未支付：{link}"),
        ("payment_final", f"【候鸟】¥4,800.00 未付，{last.month}月{last.day}日将取消预订：{link}"),
    ]
    assert (await read(await world.family(), booking))["status"] == "confirmed"

    await drain(now=at(due_on, 8))
    ended = await read(await world.family(), booking)
    assert (ended["status"], ended["ending_reason"]) == ("cancelled", "unpaid")
    assert [(r["reason"], r["amount"]["amount"]) for r in ended["refunds"]] == [("unpaid", 120_000)]
    assert await world.taken() == [0] * len(await world.taken())
    assert await chases() == ["upcoming", "overdue", "final", "lapsed"]


async def test_what_is_paid_is_left_alone(world: World, owing, pay, client) -> None:
    booking, due_on = owing
    await drain(now=at(due_on, -7))
    await pay(await world.family(), booking)
    for days in (1, 4, 8, 9):
        await drain(now=at(due_on, days))

    assert [template for template, _ in await told(client)] == ["payment_upcoming"]
    assert (await read(await world.family(), booking))["status"] == "confirmed"


async def test_a_step_taken_twice_is_one_step(world: World, owing, client) -> None:
    booking, due_on = owing
    step = {"booking_id": parse("bkg", booking["id"]), "leg": "balance", "number": 1, "step": "upcoming"}
    for _ in range(3):
        await operations.chase(**step, now=at(due_on, -7))
    await drain(now=at(due_on, -6))

    assert [template for template, _ in await told(client)] == ["payment_upcoming"]
    assert (await chases()).count("overdue") == 1


async def test_guests_in_the_house_are_not_cancelled_but_their_institution_is_told(world: World, pay) -> None:
    family, staff = await world.family(), await world.staff()
    booking = await pay(family, await hold(world, family, first=2, nights=70))
    found = parse("bkg", booking["id"])
    await operations.check_in(principal=staff.principal, booking_id=found, now=local_time(world.day(2), hour=15))

    now = at(world.day(20), 0)
    await operations.chase(booking_id=found, leg="month", number=2, step="lapsed", now=now)
    await drain(now=now)

    assert (await read(family, booking))["status"] == "checked_in"
    assert await fetch_value("SELECT count(*) FROM outbox WHERE kind = 'booking.payment_defaulted'") == 1
    assert await fetch_value("SELECT count(*) FROM messages WHERE template = 'payment_defaulted'") == 1


async def test_whoever_has_the_link_pays_what_is_due_and_learns_nothing_else(
    world: World, owing, client, sandbox
) -> None:
    booking, due_on = owing
    await drain(now=at(due_on, -7))
    path = f"/p/{await fetch_value('SELECT code FROM pay_links')}"
    page = await client.get(path)
    assert page.status_code == 200
    assert "¥4,800.00" in page.text
    assert due_on.isoformat() in page.text
    for private in (booking["id"], booking["contact"]["name"], booking["institution_name"]):
        assert private not in page.text

    pages = {(await client.post(path, data={"method": "alipay"})).headers["location"] for _ in range(2)}
    assert len(pages) == 1
    await sandbox.pay(pages.pop().rsplit("/", 1)[1], method="alipay")
    [payment] = [p for p in (await read(await world.family(), booking))["payments"] if p["leg"] == "balance"]
    await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=world.now)

    booking = await read(await world.family(), booking)
    assert booking["paid"] == booking["total"]
    assert "目前没有待付款项" in (await client.get(path)).text
    refused = await client.post(path, data={"method": "alipay"})
    assert (refused.status_code, refused.json()["code"]) == (409, "leg_not_payable")


@pytest.mark.parametrize("path", ["/p/AbCdEfGhIjK", "/p/x"])
async def test_a_link_that_nobody_was_sent_is_not_found(client, path) -> None:
    assert (await client.get(path)).status_code == 404
    assert (await client.post(path, data={"method": "card"})).status_code == 404


def test_nobody_hears_of_steps_whose_time_has_passed(world: World) -> None:
    leg = Leg(leg="balance", amount=10, due_on=world.day(20))
    assert next_chase(leg, now=world.now).name == "upcoming"
    assert next_chase(leg, now=chase_at(leg, CHASES[0]) + timedelta(seconds=1)).name == "overdue"
    assert next_chase(leg, now=chase_at(leg, CHASES[-1]) + timedelta(days=9)).name == "lapsed"


def test_what_was_paid_fills_the_legs_in_order(world: World) -> None:
    legs = [Leg(leg="deposit", amount=20, due_on=world.day(0)), Leg(leg="balance", amount=80, due_on=world.day(1))]
    left = [[left_of(legs, leg, paid_amount=paid) for leg in legs] for paid in (0, 20, 50, 100)]
    assert left == [[20, 80], [0, 80], [0, 50], [0, 0]]
