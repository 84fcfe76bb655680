"""Making an offer: what it says, what it refuses, and that it never changes afterwards."""

from datetime import timedelta

import asyncpg
import pytest

from marketplace.catalog import queries as catalog
from marketplace.certifications.errors import InstitutionNotBookable
from marketplace.inventory import operations as inventory
from marketplace.inventory.errors import NotAvailable, StayTooShort
from marketplace.kit import db
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id
from marketplace.pricing import queries
from marketplace.pricing.rules import POLICIES, Discount, Leg


async def stored() -> int:
    return await db.fetch_value("SELECT count(*) FROM quotes")


async def test_a_quote_says_the_whole_price_when_to_pay_it_and_what_cancelling_costs(house):
    room = await house.add_room_type(units=3, nights=400)
    await house.sell(room, 62, 65, price_amount=30_000)
    await house.set_plan(length_of_stay=[Discount(nights_min=7, discount_bps=500)])
    quote = await house.quote(room, 60, 70)
    assert [(line.code, line.amount, line.quantity) for line in quote.lines] == [
        ("nights", 40_000, 2),
        ("nights", 90_000, 3),
        ("nights", 100_000, 5),
        ("length_of_stay_discount", -11_500, None),
    ]
    assert quote.lines[3].reason_zh == "连住 7 晚及以上优惠 5%"
    assert quote.total_amount == 218_500
    assert quote.schedule == (
        Leg(leg="deposit", amount=43_700, due_on=house.today),
        Leg(leg="balance", amount=174_800, due_on=house.day(30)),
    )
    assert [(step.penalty_amount, step.refund_amount) for step in quote.cancellation_timeline] == [
        (0, 218_500),
        (21_850, 196_650),
        (43_700, 174_800),
    ]
    assert quote.certification.number == "JL-2027-0001"
    assert quote.policy_version == POLICIES[0].version
    assert quote.expires_at == house.now + timedelta(minutes=30)
    assert await queries.quote(quote_id=quote.id, principal=house.family) == quote


async def test_several_units_are_priced_each(house):
    quote = await house.quote(await house.add_room_type(units=3, nights=400), 1, 3, guest_count=5, unit_count=3)
    assert [(line.amount, line.unit_amount, line.quantity) for line in quote.lines] == [(120_000, 20_000, 6)]


@pytest.mark.parametrize(
    ("first", "end", "facts", "pointer"),
    [
        (-1, 3, {}, "/check_in"),
        (3, 3, {}, "/check_out"),
        (5, 3, {}, "/check_out"),
        (1, 182, {}, "/check_out"),
        (1, 3, {"guest_count": 0}, "/guest_count"),
        (1, 3, {"guest_count": 3}, "/guest_count"),
        (1, 3, {"unit_count": 0}, "/unit_count"),
        (1, 3, {"unit_count": 4}, "/unit_count"),
    ],
)
async def test_an_impossible_wish_is_refused_by_its_field(house, first, end, facts, pointer):
    room = await house.add_room_type(units=3, nights=400)
    with pytest.raises(Invalid) as refusal:
        await house.quote(room, first, end, **facts)
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await stored() == 0


async def test_the_longest_stay_may_be_quoted(house):
    quote = await house.quote(await house.add_room_type(units=3, nights=400), 0, 180)
    assert (quote.check_out - quote.check_in).days == 180


async def test_a_bed_is_for_one_and_a_couple_takes_two(house):
    bed = await house.add_room_type(units=3, nights=400, sold_by="bed", guests_max=1)
    with pytest.raises(Invalid) as refusal:
        await house.quote(bed, 1, 3, guest_count=2)
    assert [(field.pointer, field.zh) for field in refusal.value.fields] == [
        ("/guest_count", "按床出售，每床一人，1 床最多 1 人")
    ]
    assert (await house.quote(bed, 1, 3, guest_count=2, unit_count=2)).total_amount == 80_000


async def test_an_unknown_room_type_is_not_found(house):
    with pytest.raises(NotFound):
        await house.quote(new_id(), 1, 3)


async def test_an_institution_that_is_not_bookable_gets_no_quote(house):
    room = await house.add_room_type(units=3, nights=400)
    await db.execute("UPDATE certifications SET status = 'suspended', restricted_by = 'county'")
    with pytest.raises(InstitutionNotBookable) as refusal:
        await house.quote(room, 1, 3)
    assert refusal.value.facts["certification_status"] == "suspended"
    assert await stored() == 0


async def test_a_full_night_gets_no_quote_but_a_lapsed_hold_does_not_count(house):
    room = await house.add_room_type(units=1, nights=400)
    wanted = {"room_type_id": room, "unit_count": 1, "kind": "booking", "owner_id": new_id(), "now": house.now}
    hold_until = house.now + timedelta(minutes=1)
    async with db.transaction():
        await inventory.take(check_in=house.day(2), check_out=house.day(3), expires_at=hold_until, **wanted)
    with pytest.raises(NotAvailable) as refusal:
        await house.quote(room, 1, 4)
    assert refusal.value.facts == {"first_full_night": house.day(2)}
    assert (await house.quote(room, 1, 4, now=hold_until)).total_amount == 60_000


async def test_the_shortest_stay_of_the_night_of_arrival_is_kept_to(house):
    room = await house.add_room_type(units=3, nights=400)
    await house.sell(room, 1, 2, min_stay_count=7)
    with pytest.raises(StayTooShort):
        await house.quote(room, 1, 7)
    assert (await house.quote(room, 1, 8)).total_amount == 140_000


async def test_a_foreign_quote_is_not_found(house):
    quote = await house.quote(await house.add_room_type(units=3, nights=400), 1, 3)
    stranger = type(house.family)(kind="family", id=new_id(), session_id=new_id())
    with pytest.raises(NotFound):
        await queries.quote(quote_id=quote.id, principal=stranger)


@pytest.mark.parametrize("change", ["total_amount = total_amount + 1", "expires_at = expires_at + interval '1 hour'"])
async def test_an_offer_cannot_be_rewritten(house, change):
    await house.quote(await house.add_room_type(units=3, nights=400), 1, 3)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        async with db.transaction():
            await db.execute(f"UPDATE quotes SET {change}")


async def test_a_discount_holds_from_its_day_until_it_is_ended(house):
    room = await house.add_room_type(units=3, nights=400)
    for day, bps in ((-10, 1_000), (0, 0), (10, 2_000)):
        plan = [Discount(nights_min=7, discount_bps=bps)] if bps else []
        await house.set_plan(first=day, length_of_stay=plan, now=house.now - timedelta(days=10))
    found = {
        day: [
            discount.discount_bps
            for discount in (await queries.plan_of(house.id, now=house.now, on=house.day(day))).length_of_stay
        ]
        for day in (-11, -10, -1, 0, 9, 10)
    }
    assert found == {-11: [], -10: [1_000], -1: [1_000], 0: [], 9: [], 10: [2_000]}
    assert (await house.quote(room, 20, 27)).total_amount == 140_000


async def test_a_quote_costs_a_fixed_number_of_statements(house, count_queries):
    room = await house.add_room_type(units=3, nights=400)
    counts = []
    for end in (3, 60):
        async with count_queries() as statements:
            await house.quote(room, 1, end)
        counts.append(len(statements))
    assert counts == [6, 6]
    assert (await catalog.room_type(room)).id == room
