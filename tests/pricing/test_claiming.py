"""Using an offer: once, by its owner, in time, at the price that still holds."""

from datetime import timedelta

import pytest

from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from marketplace.pricing import operations, queries
from marketplace.pricing.errors import PriceChanged, QuoteExpired, QuoteUsed
from marketplace.pricing.rules import Line, QuoteKind


async def used_by(quote_id) -> object:
    return await db.fetch_value("SELECT used_by_booking_id FROM quotes WHERE id = $1", quote_id)


async def test_a_quote_is_used_once(house):
    quote, booking_id = await house.quote(await house.add_room_type(units=3, nights=400), 1, 3), new_id()
    claimed = await house.claim(quote.id, booking_id=booking_id)
    assert claimed.used_by_booking_id == booking_id
    assert claimed.total_amount == quote.total_amount
    with pytest.raises(QuoteUsed):
        await house.claim(quote.id)
    assert await used_by(quote.id) == booking_id


async def test_a_quote_runs_out_at_its_instant(house):
    quote = await house.quote(await house.add_room_type(units=3, nights=400), 1, 3)
    with pytest.raises(QuoteExpired):
        await house.claim(quote.id, now=quote.expires_at)
    assert await used_by(quote.id) is None
    await house.claim(quote.id, now=quote.expires_at - timedelta(microseconds=1))


async def test_a_price_that_changed_is_refused_and_the_quote_stays_unused(house):
    room = await house.add_room_type(units=3, nights=400)
    quote = await house.quote(room, 1, 4)
    await house.sell(room, 2, 3, price_amount=21_000)
    with pytest.raises(PriceChanged):
        await house.claim(quote.id)
    assert await used_by(quote.id) is None
    fresh = await house.quote(room, 1, 4)
    assert fresh.total_amount == quote.total_amount + 1_000
    await house.claim(fresh.id)


async def test_a_price_that_moved_elsewhere_does_not_matter(house):
    room = await house.add_room_type(units=3, nights=400)
    quote = await house.quote(room, 1, 4)
    await house.sell(room, 4, 9, price_amount=50_000)
    await house.claim(quote.id)


async def test_taking_the_last_unit_first_does_not_spoil_the_price(house):
    room = await house.add_room_type(units=1, nights=400)
    quote = await house.quote(room, 1, 4)
    async with db.transaction():
        await inventory.take(
            room_type_id=room, check_in=house.day(1), check_out=house.day(4), unit_count=1, kind="booking",
            owner_id=new_id(), expires_at=quote.expires_at, now=house.now,
        )  # fmt: skip
        await operations.claim(quote_id=quote.id, booking_id=new_id(), principal=house.family, now=house.now)


@pytest.mark.parametrize("kind", ["family", "partner"])
async def test_a_foreign_quote_is_not_found(house, kind):
    quote = await house.quote(await house.add_room_type(units=3, nights=400), 1, 3)
    same_id_other_kind = house.family.id if kind == "partner" else new_id()
    stranger = Principal(kind=kind, id=same_id_other_kind, session_id=new_id())
    with pytest.raises(NotFound):
        await house.claim(quote.id, principal=stranger)
    assert await used_by(quote.id) is None


async def test_voiding_withdraws_open_quotes_of_one_institution_only(house):
    room = await house.add_room_type(units=3, nights=400)
    used, open_one = await house.quote(room, 1, 3), await house.quote(room, 1, 3)
    await house.claim(used.id)
    later = house.now + timedelta(minutes=5)
    async with db.transaction():
        assert await operations.void_open(institution_id=new_id(), now=later) == 0
        assert await operations.void_open(institution_id=house.id, now=later) == 1
        assert await operations.void_open(institution_id=house.id, now=later) == 0
    with pytest.raises(QuoteExpired):
        await house.claim(open_one.id, now=later)
    assert (await queries.quote(quote_id=open_one.id, principal=house.family)).voided_at == later
    assert (await queries.quote(quote_id=used.id, principal=house.family)).voided_at is None


async def test_seats_of_a_tour_are_offered_and_claimed_at_the_lines_of_the_tour(house):
    stay = await house.quote(await house.add_room_type(units=3, nights=400), 40, 43)
    line = Line(code="seats", reason_zh="2 位", reason_en="2 seats", amount=300_000, unit_amount=150_000, quantity=2)
    async with db.transaction():
        quote = await operations.issue(
            principal=house.family,
            kind=QuoteKind.TOUR,
            institution_id=house.id,
            departure_id=new_id(),
            check_in=house.day(40),
            check_out=house.day(43),
            guest_count=2,
            unit_count=2,
            lines=[line],
            certification=stay.certification,
            now=house.now,
        )
    assert [step.penalty_amount for step in quote.cancellation_timeline] == [0, 60_000, 120_000, 180_000]
    with pytest.raises(PriceChanged):
        await house.claim(quote.id, lines=[Line(code="seats", reason_zh="2 位", reason_en="2 seats", amount=310_000)])
    await house.claim(quote.id, lines=[line])


async def test_every_offer_leaves_an_audit_line_without_its_content(house):
    quote = await house.quote(await house.add_room_type(units=3, nights=400), 1, 3)
    row = await db.fetch_one("SELECT * FROM audit_events WHERE action = 'quote.issued'")
    assert (row["subject_id"], row["actor_id"], row["recorded_at"]) == (quote.id, house.family.id, house.now)
    assert SYSTEM.id is None
