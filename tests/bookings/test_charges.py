"""Beside the booked price: staying longer, and what an institution asks for. Nothing changes before it is paid."""

from datetime import date, timedelta

import pytest

from marketplace.bookings import operations
from marketplace.bookings.operations import loading
from marketplace.kit import clock
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.errors import Busy
from marketplace.kit.ids import new_id, parse, wire
from marketplace.payments import queries as payments
from tests.support.world import World, hold, read

DAY = timedelta(days=1)
MEALS = {"item": "extra_meals", "unit_price": {"amount": 3_000, "currency": "CNY"}, "quantity": 4}


class Desk:
    """A confirmed stay of nights [5, 12) that is paid, and what its guests and its house do beside it."""

    def __init__(self, world, sandbox, family, staff, booking):
        self.world, self.sandbox, self.family, self.staff, self.booking = world, sandbox, family, staff, booking
        self.path = f"/v1/bookings/{booking['id']}"
        self.id = parse("bkg", booking["id"])

    async def quote(self, until: int):
        return await self.family.post(f"{self.path}/extension-quotes", {"check_out": self.world.day(until).isoformat()})

    async def extend(self, until: int = 15):
        offer = (await self.quote(until)).json()
        held = await self.family.post(f"{self.path}/extensions", {"quote_id": offer["id"]}, key=new_id().hex)
        assert held.status_code == 201, held.text
        return held.json()

    async def propose(self, body=MEALS):
        return await self.staff.post(f"{self.path}/adjustments", body, key=new_id().hex)

    async def open(self, leg: str):
        return await self.family.post(f"{self.path}/payments", {"leg": leg, "method": "card"}, key=new_id().hex)

    async def pay(self, leg: str):
        opened = (await self.open(leg)).json()
        await self.settle(opened)
        return opened

    async def settle(self, payment):
        await self.sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1])
        await operations.apply_payment(payment_id=parse("pay", payment["id"]), now=clock.now())

    async def read(self):
        return await read(self.family, self.booking)

    async def charges(self):
        return (await self.family.get(f"{self.path}/charges")).json()["items"]

    async def statement(self):
        answer = await self.family.get(f"{self.path}/statement")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refunds(self):
        rows = (await payments.refunds_of([self.id]))[self.id]
        return [(row.amount, row.reason.value) for row in rows]


@pytest.fixture
async def desk(world: World, sandbox, pay):
    family = await world.family()
    booking = await pay(family, await hold(world, family, first=5, nights=7))
    return Desk(world, sandbox, family, await world.staff(), booking)


async def test_an_extension_holds_its_nights_for_a_day_and_is_joined_to_the_stay_when_it_is_paid(desk, world):
    offer = (await desk.quote(15)).json()
    assert [(leg["leg"], leg["amount"]["amount"]) for leg in offer["schedule"]] == [("extension", 60_000)]
    charge = await desk.extend(15)
    assert (charge["status"], charge["amount"]["amount"], charge["leg"]) == ("open", 60_000, "extension")
    assert await world.taken() == [0, 1]
    before = await desk.read()
    assert (before["check_out"], before["total"]["amount"]) == (world.day(12).isoformat(), 140_000)
    stated = await desk.statement()
    assert [one["status"] for one in stated["charges"]] == ["open"]
    assert (stated["total"]["amount"], stated["due"]["amount"]) == (140_000, 0)

    paid = await desk.pay("extension")
    await operations.apply_payment(payment_id=parse("pay", paid["id"]), now=clock.now())

    after = await desk.read()
    assert (after["check_out"], after["total"]["amount"], after["paid"]["amount"]) == (
        world.day(15).isoformat(),
        200_000,
        200_000,
    )
    assert sum(line["amount"]["amount"] for line in after["lines"]) == 200_000
    assert [leg["leg"] for leg in after["schedule"]] == ["extension", "full"]
    stated = await desk.statement()
    assert [(leg["leg"], leg["paid"]["amount"]) for leg in stated["legs"]] == [("extension", 60_000), ("full", 140_000)]
    assert await operations.verify_inventory(now=clock.now()) == []
    assert await fetch_value("SELECT count(*) FROM allocations WHERE kind = 'booking'") == 1
    assert [one["status"] for one in await desk.charges()] == ["paid"]
    # It is a stay like any other: it can be extended again, and cancelled whole.
    await desk.extend(16)
    offer = (await desk.family.post(f"{desk.path}/cancellation-quotes")).json()
    body = {"cancellation_quote_id": offer["id"]}
    gone = await desk.family.post(f"{desk.path}/cancellation", body, key=new_id().hex)
    assert (gone.json()["status"], offer["refund"]["amount"]) == ("cancelled", 200_000)
    assert await world.taken() == [0]
    assert [one["status"] for one in await desk.charges()] == ["paid", "void"]


async def test_an_extension_that_is_not_paid_gives_its_nights_back_and_nothing_else_is_lost(desk, world):
    charge = await desk.extend(15)
    opened = (await desk.open("extension")).json()
    before = await desk.read()
    due = clock.now() + timedelta(hours=25)
    found = parse("chg", charge["id"])

    await operations.lapse_charge(charge_id=found, now=clock.now())
    assert [one["status"] for one in await desk.charges()] == ["open"]
    for _ in range(2):
        await operations.lapse_charge(charge_id=found, now=due)

    after = await desk.read()
    assert [one["status"] for one in await desk.charges()] == ["lapsed"]
    assert {name: after[name] for name in ("status", "check_out", "total", "paid", "schedule", "lines")} == {
        name: before[name] for name in ("status", "check_out", "total", "paid", "schedule", "lines")
    }
    assert await operations.verify_inventory(now=due) == []
    # Money that was on its way takes the nights again while they are free, and goes back whole when they are not.
    await desk.settle(opened)
    assert (await desk.read())["check_out"] == world.day(15).isoformat()


async def test_guests_who_leave_give_the_nights_of_an_unpaid_extension_back_at_once(desk, world):
    clock.travel(5 * DAY)
    world.now = clock.now()
    desk.family, desk.staff = await world.family(), await world.staff()
    assert (await desk.staff.post(f"{desk.path}/check-in")).status_code == 200
    await desk.extend(15)
    assert await world.taken() == [0, 1]

    assert (await desk.staff.post(f"{desk.path}/check-out")).status_code == 200

    assert [one["status"] for one in await desk.charges()] == ["void"]
    taken = "SELECT array_agg(DISTINCT taken_count) FROM room_nights WHERE room_type_id = $1 AND night >= $2"
    assert await fetch_value(taken, world.room_type_id, date.fromisoformat(desk.booking["check_out"])) == [0]
    assert await operations.verify_inventory(now=clock.now()) == []


async def test_a_booking_that_came_to_hold_something_else_is_not_ended_with_that_left_behind(desk):
    async with transaction():
        before = await loading.peek(desk.id)
        await loading.give_back(before)
        await execute("UPDATE bookings SET allocation_id = $2 WHERE id = $1", desk.id, new_id())
        with pytest.raises(Busy):
            await loading.lock_as(before)


async def test_money_for_nights_that_have_gone_meanwhile_goes_back_in_full(desk, world):
    charge = await desk.extend(15)
    opened = (await desk.open("extension")).json()
    await operations.lapse_charge(charge_id=parse("chg", charge["id"]), now=clock.now() + timedelta(hours=25))
    for phone in ("+8613800138001", "+8613800138002"):
        await hold(world, await world.family(phone), first=12, nights=3)

    await desk.settle(opened)

    booking = await desk.read()
    assert (booking["check_out"], booking["paid"]["amount"]) == (world.day(12).isoformat(), 140_000)
    assert await desk.refunds() == [(60_000, "late_payment")]


async def test_a_suspension_during_an_open_extension_sends_its_money_back_and_leaves_the_stay(desk, world):
    await desk.extend(15)
    opened = (await desk.open("extension")).json()
    await world.suspend()

    await desk.settle(opened)

    booking = await desk.read()
    assert (booking["status"], booking["check_out"]) == ("confirmed", world.day(12).isoformat())
    assert await desk.refunds() == [(60_000, "late_payment")]
    refused = await desk.quote(15)
    assert (refused.status_code, refused.json()["code"]) == (409, "institution_not_bookable")


async def test_a_revocation_during_an_open_extension_refunds_the_stay_and_whatever_comes_for_it(desk, world):
    await desk.extend(15)
    opened = (await desk.open("extension")).json()
    first, second = await world.officer(), await world.officer()
    await world.prepare_revocation(first)
    asked = await first.post(
        f"/v1/certifications/{wire('crt', world.certification_id)}/revocation", {"reason": "以虚假材料骗取认定（示例）"}
    )
    await second.post(f"/v1/decisions/{asked.json()['id']}/approvals")

    await desk.settle(opened)
    await operations.settle_displaced(booking_id=desk.id, now=clock.now())

    assert (await desk.read())["status"] == "cancelled"
    assert sorted(await desk.refunds()) == [(60_000, "late_payment"), (140_000, "revocation")]
    assert await world.taken() == [0]


async def test_what_cannot_be_extended_is_refused_and_nothing_changes(desk, world):
    too_long, backwards = await desk.quote(50), await desk.quote(11)
    assert [(one.status_code, one.json()["code"]) for one in (too_long, backwards)] == [
        (409, "extension_impossible"),
        (409, "extension_impossible"),
    ]
    plain = (await desk.family.post("/v1/quotes", world.wish(first=12, nights=3))).json()
    wrong = await desk.family.post(f"{desk.path}/extensions", {"quote_id": plain["id"]}, key=new_id().hex)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "no_extension_quote")
    offer = (await desk.quote(15)).json()
    body = {
        "quote_id": offer["id"],
        "guests": [{"name": "王秀英"}] * 2,
        "contact": {"name": "李娜", "phone": "13800138000"},
    }
    misused = await desk.family.post("/v1/bookings", body, key=new_id().hex)
    assert (misused.status_code, misused.json()["errors"][0]["pointer"]) == (422, "/quote_id")
    await desk.extend(15)
    second = (await desk.quote(14)).json()
    twice = await desk.family.post(f"{desk.path}/extensions", {"quote_id": second["id"]}, key=new_id().hex)
    assert (twice.status_code, twice.json()["code"]) == (409, "extension_impossible")
    assert [one["status"] for one in await desk.charges()] == ["open"]
    assert await world.taken() == [0, 1]


async def test_nothing_is_charged_that_the_guests_have_not_agreed_to(desk, world):
    """明码标价: the platform never charges a surprise."""
    proposed = (await desk.propose()).json()
    assert (proposed["status"], proposed["amount"]["amount"]) == ("proposed", 12_000)
    assert [line["reason_zh"] for line in proposed["lines"]] == ["加餐 ¥30.00 × 4 份"]
    refused = await desk.open("adjustment")
    assert (refused.status_code, refused.json()["code"]) == (409, "leg_not_payable")
    assert (await desk.propose()).json()["code"] == "charge_open"

    path = f"{desk.path}/charges/{proposed['id']}"
    for _ in range(2):
        assert (await desk.family.post(f"{path}/acceptance")).json()["status"] == "open"
    assert (await desk.read())["total"]["amount"] == 140_000
    await desk.pay("adjustment")

    stated = await desk.statement()
    assert (stated["total"]["amount"], stated["paid"]["amount"], stated["due"]["amount"]) == (152_000, 152_000, 0)
    assert [line["code"] for line in stated["lines"]] == ["nights", "extra_meals"]
    assert (await desk.family.post(f"{path}/refusal")).json()["code"] == "illegal_transition"


async def test_a_refused_or_unanswered_adjustment_is_never_charged(desk):
    before = await desk.read()
    proposed = (await desk.propose()).json()
    said_no = await desk.family.post(f"{desk.path}/charges/{proposed['id']}/refusal")
    assert said_no.json()["status"] == "refused"
    unanswered = (await desk.propose()).json()
    later = clock.now() + 8 * DAY
    await operations.lapse_charge(charge_id=parse("chg", unanswered["id"]), now=later)
    late = await desk.family.post(f"{desk.path}/charges/{unanswered['id']}/acceptance")
    assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")
    assert [one["status"] for one in await desk.charges()] == ["refused", "lapsed"]
    after = await desk.read()
    assert (after["total"], after["paid"], after["schedule"]) == (before["total"], before["paid"], before["schedule"])


@pytest.mark.parametrize(
    ("item", "amount", "rule"),
    [("security_deposit", 100_000, "R16"), ("membership", 100_000, "R16"), ("security_deposit", 99_000_000, "R15")],
)
async def test_deposits_and_memberships_are_refused_without_a_custody_account(desk, item, amount, rule):
    body = {"item": item, "unit_price": {"amount": amount, "currency": "CNY"}, "quantity": 1}
    refused = await desk.propose(body)
    assert (refused.status_code, refused.json()["code"], refused.json()["rule"]) == (422, "prepayment_unlawful", rule)
    assert await desk.charges() == []
