"""Promotion codes: when they are good, how often, and what becomes of a quote whose code has ended."""

from datetime import timedelta

import pytest

from marketplace.kit import db
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id
from marketplace.pricing import operations, queries
from marketplace.pricing.errors import PriceChanged, PromotionCodeTaken, PromotionUnusable
from marketplace.pricing.rules import Discount


@pytest.fixture
async def room(house):
    return await house.add_room_type(units=9, nights=400)


async def uses() -> list:
    return [row["booking_id"] for row in await db.fetch("SELECT booking_id FROM promotion_uses ORDER BY number")]


async def test_a_code_comes_after_the_other_discounts_and_is_named_in_the_quote(house, room):
    await house.set_plan(length_of_stay=[Discount(nights_min=7, discount_bps=1_000)])
    await house.promote(discount_bps=500)
    quote = await house.quote(room, 40, 50, promotion_code=" summer27 ")
    assert [(line.code, line.amount) for line in quote.lines] == [
        ("nights", 200_000), ("length_of_stay_discount", -20_000), ("promotion", -9_000),
    ]  # fmt: skip
    assert quote.promotion_code == "SUMMER27"
    assert (await house.claim(quote.id)).total_amount == 171_000


async def test_a_code_of_the_platform_is_good_everywhere(house, room):
    await house.promote(institution_id=None, discount_amount=5_000)
    assert (await house.quote(room, 1, 3, promotion_code="SUMMER27")).total_amount == 35_000


@pytest.mark.parametrize(
    ("facts", "code", "reason"),
    [
        ({}, "WINTER", "优惠码无效或已结束"),
        ({"first": -9, "end": 1}, "SUMMER27", "优惠码无效或已结束"),
        ({"first": 2}, "SUMMER27", "优惠码 2027-03-03 起可用"),
        ({"nights_min": 3}, "SUMMER27", "连住 3 晚及以上可用"),
        ({"usage_max": 1}, "SUMMER27", "优惠码已用完"),
    ],
)
async def test_a_code_that_is_not_good_is_refused_with_why(house, room, facts, code, reason):
    promotion = await house.promote(**facts)
    if "usage_max" in facts:
        quote = await house.quote(room, 1, 3, promotion_code="SUMMER27")
        await house.claim(quote.id)
    before = await db.fetch_value("SELECT count(*) FROM quotes")
    now = house.now + timedelta(days=1)
    with pytest.raises(PromotionUnusable) as refusal:
        await house.quote(room, 5, 7, promotion_code=code, now=now)
    assert [(field.pointer, field.zh) for field in refusal.value.fields] == [("/promotion_code", reason)]
    assert await db.fetch_value("SELECT count(*) FROM quotes") == before
    assert promotion.left


async def test_a_code_of_another_institution_is_unknown(house, room):
    await house.promote()
    await db.execute("UPDATE promotions SET institution_id = NULL")
    await house.quote(room, 1, 3, promotion_code="SUMMER27")
    other = new_id()
    await db.execute(
        "INSERT INTO institutions SELECT $1, '另' || name, name_en, uscc, place_code, jurisdiction_code, address,"
        " latitude, longitude, datum, licensed_bed_count, phone, opened_on, is_example, registered_at FROM institutions",
        other,
    )
    await db.execute("UPDATE promotions SET institution_id = $1", other)
    with pytest.raises(PromotionUnusable) as refusal:
        await house.quote(room, 1, 3, promotion_code="SUMMER27")
    assert refusal.value.fields[0].zh == "优惠码无效或已结束"


@pytest.mark.parametrize("how", ["ended", "over", "used up"])
async def test_a_code_that_ended_meanwhile_changes_the_price(house, room, how):
    promotion = await house.promote(end=1, usage_max=1)
    night = house.now.replace(hour=15, minute=50)
    first, second = [await house.quote(room, 40, 43, promotion_code="SUMMER27", now=night) for _ in range(2)]
    later = night + timedelta(minutes=5)
    if how == "ended":
        await operations.end_promotion(
            actor=house.staff(), institution_id=house.id, promotion_id=promotion.id, now=later
        )
    elif how == "over":
        later = night + timedelta(minutes=15)
    else:
        await house.claim(second.id, now=later)
    taken = await uses()
    with pytest.raises(PriceChanged):
        await house.claim(first.id, now=later)
    assert await uses() == taken
    assert (await queries.quote(quote_id=first.id, principal=house.family)).used_by_booking_id is None


async def test_a_use_is_taken_with_the_booking_and_given_back(house, room):
    await house.promote(usage_max=2)
    quote, booking_id = await house.quote(room, 1, 3, promotion_code="SUMMER27"), new_id()
    assert await uses() == [None, None]
    await house.claim(quote.id, booking_id=booking_id)
    assert await uses() == [booking_id, None]
    async with db.transaction():
        await operations.give_back_promotion(booking_id=booking_id)
    assert await uses() == [None, None]


async def test_a_lapsed_hold_never_stands_in_the_way(house, room):
    await house.promote(usage_max=1)
    lapses = house.now + timedelta(minutes=1)
    await house.claim((await house.quote(room, 1, 3, promotion_code="SUMMER27")).id, hold_until=lapses)
    with pytest.raises(PromotionUnusable):
        await house.quote(room, 1, 3, promotion_code="SUMMER27")
    quote, booking_id = await house.quote(room, 1, 3, promotion_code="SUMMER27", now=lapses), new_id()
    await house.claim(quote.id, booking_id=booking_id, now=lapses)
    assert await uses() == [booking_id]


async def test_a_confirmed_booking_keeps_its_use_and_takes_a_lost_one_again(house, room):
    await house.promote(usage_max=1)
    lapses = house.now + timedelta(minutes=1)
    first, second = new_id(), new_id()
    await house.claim(
        (await house.quote(room, 1, 3, promotion_code="SUMMER27")).id, booking_id=first, hold_until=lapses
    )
    late = lapses + timedelta(minutes=1)
    async with db.transaction():
        await operations.extend_promotion(booking_id=first, expires_at=late)
    assert await db.fetch_value("SELECT expires_at FROM promotion_uses") == late
    await house.claim(
        (await house.quote(room, 1, 3, promotion_code="SUMMER27", now=late)).id, booking_id=second, now=late,
        hold_until=late + timedelta(minutes=1),
    )  # fmt: skip
    async with db.transaction():
        with pytest.raises(PromotionUnusable):
            await operations.keep_promotion(booking_id=first, now=late)
        await operations.give_back_promotion(booking_id=second)
        await operations.keep_promotion(booking_id=first, now=late)
        await operations.keep_promotion(booking_id=new_id(), now=late)
    assert await uses() == [first]
    assert await db.fetch_value("SELECT expires_at FROM promotion_uses") is None


async def test_ending_twice_is_ending_once(house):
    promotion = await house.promote()
    for later in (0, 5):
        ended = await operations.end_promotion(
            actor=house.staff(), institution_id=house.id, promotion_id=promotion.id,
            now=house.now + timedelta(minutes=later),
        )  # fmt: skip
        assert ended.ended_at == house.now
    assert await db.fetch_value("SELECT count(*) FROM audit_events WHERE action = 'promotion.ended'") == 1


async def test_an_institution_promotes_itself_only(house):
    promotion = await house.promote(actor=house.staff())
    stranger = house.staff(new_id())
    for institution_id in (house.id, None):
        with pytest.raises(NotFound):
            await house.promote("OTHER", actor=stranger, institution_id=institution_id)
    for actor, institution_id in ((stranger, house.id), (stranger, stranger.institution_id)):
        with pytest.raises(NotFound):
            await operations.end_promotion(
                actor=actor, institution_id=institution_id, promotion_id=promotion.id, now=house.now
            )
    with pytest.raises(NotFound):
        await queries.promotions_of(house.id, principal=stranger, limit=9, now=house.now)
    [found] = await queries.promotions_of(house.id, principal=house.staff(), limit=9, now=house.now)
    assert (found.code, found.ended_at) == ("SUMMER27", None)


async def test_a_code_means_one_thing(house):
    await house.promote()
    with pytest.raises(PromotionCodeTaken):
        await house.promote("summer27", institution_id=None)
    assert await db.fetch_value("SELECT count(*) FROM promotions") == 1


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"code": "A B"}, "/code"),
        ({"discount_amount": 100, "discount_bps": 100}, "/discount_bps"),
        ({"discount_bps": None}, "/discount_bps"),
        ({"discount_bps": 9_001}, "/discount_bps"),
        ({"discount_amount": 0}, "/discount_amount"),
        ({"discount_amount": 10**30}, "/discount_amount"),
        ({"first": -9, "end": 0}, "/valid_until"),
        ({"first": 5, "end": 5}, "/valid_until"),
        ({"usage_max": 0}, "/usage_max"),
        ({"nights_min": 0}, "/nights_min"),
    ],
)
async def test_a_promotion_that_cannot_be_is_refused_by_its_field(house, facts, pointer):
    with pytest.raises(Invalid) as refusal:
        await house.promote(**facts)
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await db.fetch_value("SELECT count(*) FROM promotions") == 0
