"""Rate plans: what they make of a quote, from which day on, and what an open quote is worth when they change."""

from datetime import timedelta

import pytest

from marketplace.kit import db
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id
from marketplace.pricing import operations, queries
from marketplace.pricing.errors import PriceChanged
from marketplace.pricing.rules import NO_PLAN, Discount, EarlyBooking, MealPlan, Season

CHOSEN = {"companion_bed_count": 1, "meal_plan": MealPlan.BREAKFAST, "care_levels": [2, 0]}
OFFERED = {
    "single_use_bps": 1_000,
    "companion_bed_amount": 4_000,
    "meal_amounts": {MealPlan.BREAKFAST: 1_500},
    "care_amounts": (0, 3_000, 8_000, 0, 0),
}


async def audited(action: str) -> int:
    return await db.fetch_value("SELECT count(*) FROM audit_events WHERE action = $1", action)


@pytest.fixture
async def room(house):
    await house.publish()
    return await house.add_room_type(units=3, nights=400)


async def test_a_quote_charges_what_was_chosen_and_remembers_it(house, room):
    await house.set_plan(**OFFERED, early_booking=[EarlyBooking(days_ahead_min=30, discount_bps=500)])
    quote = await house.quote(room, 40, 50, **CHOSEN)
    assert [(line.code, line.amount) for line in quote.lines] == [
        ("nights", 200_000),
        ("single_use_discount", -20_000),
        ("early_booking_discount", -9_000),
        ("companion_beds", 40_000),
        ("meals", 30_000),
        ("care", 80_000),
    ]
    assert quote.rate_plan_on == house.today
    assert (quote.party.companion_bed_count, quote.party.care_levels) == (1, (2,))
    assert await queries.quote(quote_id=quote.id, principal=house.family) == quote
    assert (await house.claim(quote.id)).lines == quote.lines


async def test_nothing_is_charged_that_nobody_asked_for(house, room):
    await house.set_plan(**OFFERED)
    assert [line.code for line in (await house.quote(room, 1, 3)).lines] == ["nights"]


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"companion_bed_count": 1}, "/companion_beds"),
        ({"companion_bed_count": 2, "guest_count": 3}, "/companion_beds"),
        ({"companion_bed_count": -1}, "/companion_beds"),
        ({"companion_bed_count": 1, "guest_count": 1}, "/companion_beds"),
        ({"meal_plan": MealPlan.FULL_BOARD}, "/meal_plan"),
        ({"care_levels": [4]}, "/care_levels"),
        ({"care_levels": [1, 1, 1]}, "/care_levels"),
    ],
)
async def test_a_choice_that_cannot_be_had_is_refused_by_its_field(house, room, facts, pointer):
    with pytest.raises(Invalid) as refusal:
        await house.quote(room, 1, 3, **facts)
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await db.fetch_value("SELECT count(*) FROM quotes") == 0


async def test_a_plan_holds_from_its_day_until_the_next(house, room):
    await house.set_plan(companion_bed_amount=4_000)
    await house.set_plan(
        first=10, companion_bed_amount=5_000, length_of_stay=[Discount(nights_min=7, discount_bps=500)]
    )
    await house.set_plan(first=20)

    async def on(day):
        plan = await queries.plan_of(house.id, now=house.now + timedelta(days=day))
        return plan.supplements.companion_bed_amount, [one.discount_bps for one in plan.length_of_stay]

    assert [await on(day) for day in (-1, 0, 9, 10, 19, 20)] == [
        (None, []), (4_000, []), (4_000, []), (5_000, [500]), (5_000, [500]), (None, []),
    ]  # fmt: skip
    assert await audited("rate_plan.set") == 3


async def test_a_plan_of_the_same_day_is_replaced_whole(house, room):
    await house.set_plan(**OFFERED, length_of_stay=[Discount(nights_min=7, discount_bps=500)])
    await house.set_plan(early_booking=[EarlyBooking(days_ahead_min=9, discount_bps=100)])
    plan = await queries.plan_of(house.id, now=house.now)
    assert plan.supplements == NO_PLAN.supplements
    assert plan.length_of_stay == ()
    assert plan.early_booking == (EarlyBooking(days_ahead_min=9, discount_bps=100),)


async def test_plans_of_many_institutions_come_in_one_query(house, room, count_queries):
    await house.set_plan(**OFFERED)
    other = new_id()
    async with count_queries() as statements:
        found = await queries.plans([house.id, other, house.id], now=house.now)
    assert len(statements) == 1
    assert set(found) == {house.id, other}
    assert found[house.id] == await queries.plan_of(house.id, now=house.now)
    assert found[house.id].supplements.care_amounts == (0, 3_000, 8_000, 0, 0)
    assert found[other] == NO_PLAN


@pytest.mark.parametrize(
    "change",
    [
        {"meal_amounts": {MealPlan.BREAKFAST: 1_600}},
        {"companion_bed_amount": None},
        {"care_amounts": (0, 3_000, 8_100, 0, 0)},
        {"single_use_bps": 900},
        {"length_of_stay": [Discount(nights_min=7, discount_bps=100)]},
        {"early_booking": [EarlyBooking(days_ahead_min=30, discount_bps=100)]},
    ],
)
async def test_a_plan_that_changed_spoils_the_price_and_leaves_the_quote_unused(house, room, change):
    await house.set_plan(**OFFERED)
    quote = await house.quote(room, 40, 50, **CHOSEN)
    await house.set_plan(**OFFERED | change)
    with pytest.raises(PriceChanged):
        await house.claim(quote.id)
    assert await db.fetch_value("SELECT used_by_booking_id FROM quotes") is None


async def test_a_plan_that_begins_later_spoils_nothing_today(house, room):
    await house.set_plan(**OFFERED)
    quote = await house.quote(room, 40, 50, **CHOSEN)
    await house.set_plan(first=1)
    assert (await house.claim(quote.id)).total_amount == quote.total_amount


async def test_midnight_does_not_take_an_early_booking_back(house, room):
    """The quote was asked for in time; the half hour to use it is the guest's."""
    await house.set_plan(early_booking=[EarlyBooking(days_ahead_min=30, discount_bps=500)])
    late = house.now.replace(hour=15, minute=50)
    quote = await house.quote(room, 30, 40, now=late)
    assert quote.lines[-1].code == "early_booking_discount"
    assert (await house.claim(quote.id, now=late + timedelta(minutes=20))).lines == quote.lines


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"first": -1}, "/effective_from"),
        ({"single_use_bps": 9_001}, "/single_use_discount_bps"),
        ({"companion_bed_amount": -1}, "/companion_bed"),
        ({"companion_bed_amount": 10**30}, "/companion_bed"),
        ({"meal_amounts": {MealPlan.BREAKFAST: -1}}, "/meals"),
        ({"care_amounts": (1, 0, 0, 0, 0)}, "/care"),
        ({"care_amounts": (0, 0, -1, 0, 0)}, "/care"),
        ({"length_of_stay": [Discount(nights_min=1, discount_bps=1)]}, "/length_of_stay/0/nights_min"),
        ({"length_of_stay": [Discount(nights_min=7, discount_bps=0)]}, "/length_of_stay/0/discount_bps"),
        ({"length_of_stay": [Discount(nights_min=7, discount_bps=1)] * 2}, "/length_of_stay/1/nights_min"),
        ({"early_booking": [EarlyBooking(days_ahead_min=401, discount_bps=1)]}, "/early_booking/0/days_ahead_min"),
    ],
)
async def test_a_plan_that_cannot_be_is_refused_by_its_field(house, facts, pointer):
    with pytest.raises(Invalid) as refusal:
        await house.set_plan(**facts)
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await db.fetch_value("SELECT count(*) FROM rate_plans") == 0


async def test_an_institution_sets_its_own_prices_only(house, room):
    await house.set_plan(actor=house.staff())
    stranger = house.staff(new_id())
    with pytest.raises(NotFound):
        await house.set_plan(actor=stranger)
    with pytest.raises(NotFound):
        await house.set_plan(institution_id=new_id())
    season = Season(first=house.day(1), end=house.day(2), price_amount=1)
    with pytest.raises(NotFound):
        await operations.set_season_rates(actor=stranger, room_type_id=room, seasons=[season], now=house.now)
    assert await audited("rate_plan.set") == 1
    assert (await house.quote(room, 1, 2)).total_amount == 20_000


async def test_a_season_prices_its_weekdays_and_the_quote_follows(house, room):
    # 2027-03-05 is a Friday.
    season = Season(
        first=house.day(1), end=house.day(8), price_amount=30_000, weekday_bps=(0, 0, 0, 0, 1_000, 1_000, 0)
    )
    assert (
        await operations.set_season_rates(actor=house.staff(), room_type_id=room, seasons=[season], now=house.now) == 7
    )
    quote = await house.quote(room, 0, 9)
    assert [(line.unit_amount, line.quantity) for line in quote.lines] == [
        (20_000, 1), (30_000, 3), (33_000, 2), (30_000, 2), (20_000, 1),
    ]  # fmt: skip
    assert await audited("season_rates.set") == 1


async def test_a_season_leaves_nights_alone_that_are_not_on_sale(house):
    room = await house.add_room_type(units=2, nights=5)
    season = Season(first=house.day(3), end=house.day(9), price_amount=30_000)
    assert (
        await operations.set_season_rates(actor=house.staff(), room_type_id=room, seasons=[season], now=house.now) == 2
    )
    assert await db.fetch_value("SELECT count(*) FROM room_nights") == 5


@pytest.mark.parametrize(
    ("seasons", "pointer"),
    [
        ([(3, 3, 1)], "/seasons/0/to"),
        ([(-1, 3, 1)], "/seasons/0/from"),
        ([(1, 401, 1)], "/seasons/0/to"),
        ([(1, 3, 0)], "/seasons/0/price"),
        ([(1, 3, 100_000_001)], "/seasons/0/price"),
        ([(1, 4, 1), (3, 5, 1)], "/seasons/1/from"),
    ],
)
async def test_a_season_that_cannot_be_is_refused_by_its_field(house, room, seasons, pointer):
    asked = [Season(first=house.day(a), end=house.day(b), price_amount=price) for a, b, price in seasons]
    with pytest.raises(Invalid) as refusal:
        await operations.set_season_rates(actor=house.staff(), room_type_id=room, seasons=asked, now=house.now)
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert (await house.quote(room, 1, 5)).total_amount == 80_000


async def test_what_was_paid_bounds_a_struck_through_price(house, room):
    await house.set_plan(length_of_stay=[Discount(nights_min=7, discount_bps=1_000)])
    assert (await house.quote(room, 40, 50)).reference_amount is None

    booking_id = new_id()
    short = await house.quote(room, 1, 4, unit_count=2)
    await house.claim(short.id, booking_id=booking_id)
    for _ in range(2):
        async with db.transaction():
            await operations.record_deal(booking_id=booking_id, now=house.now)
    assert await db.fetch_value("SELECT array_agg(night_amount) FROM deals") == [20_000]
    long = await house.quote(room, 40, 50)
    assert (long.total_amount, long.reference_amount) == (180_000, 200_000)

    cheaper = new_id()
    await house.sell(room, 5, 8, price_amount=19_000)
    await house.claim((await house.quote(room, 5, 8)).id, booking_id=cheaper)
    async with db.transaction():
        await operations.record_deal(booking_id=cheaper, now=house.now)
    assert (await house.quote(room, 40, 50)).reference_amount == 190_000
    week_later = house.now + timedelta(days=8)
    assert (await house.quote(room, 40, 50, now=week_later)).reference_amount is None
