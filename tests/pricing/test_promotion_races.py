"""Real connections, real commits: a promotion that may be used five times is used five times."""

import asyncio
from datetime import timedelta

from marketplace.kit import db
from marketplace.kit.ids import new_id
from marketplace.pricing import operations
from marketplace.pricing.errors import PriceChanged
from marketplace.pricing.rules import Quote

CAP, CLIENTS = 5, 24


async def offers(house, room, count: int, **facts) -> list[Quote]:
    return [await house.quote(room, 1, 3, promotion_code="SUMMER27", **facts) for _ in range(count)]


async def race(*calls) -> tuple[int, int]:
    """Run calls at once; returns how many succeeded and how many found the price changed."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    changed = [result for result in results if isinstance(result, PriceChanged)]
    strange = [result for result in results if isinstance(result, BaseException) and result not in changed]
    assert strange == []
    return len(results) - len(changed), len(changed)


async def used() -> int:
    return await db.fetch_value("SELECT count(*) FROM promotion_uses WHERE booking_id IS NOT NULL")


async def test_many_clients_and_five_uses_make_five_bookings(committed_house):
    house = committed_house
    room = await house.add_room_type(units=9, nights=30)
    await house.promote(usage_max=CAP)
    quotes = await offers(house, room, CLIENTS)
    assert await race(*(house.claim(quote.id) for quote in quotes)) == (CAP, CLIENTS - CAP)
    assert await used() == CAP
    assert await db.fetch_value("SELECT count(*) FROM quotes WHERE used_by_booking_id IS NOT NULL") == CAP


async def test_many_clients_race_for_the_uses_of_lapsed_holds(committed_house):
    house = committed_house
    room = await house.add_room_type(units=9, nights=30)
    await house.promote(usage_max=CAP)
    lapses = house.now + timedelta(minutes=1)
    held = await offers(house, room, CAP)
    assert await race(*(house.claim(quote.id, hold_until=lapses) for quote in held)) == (CAP, 0)
    quotes = await offers(house, room, CLIENTS, now=lapses)
    assert await race(*(house.claim(quote.id, now=lapses) for quote in quotes)) == (CAP, CLIENTS - CAP)
    assert await used() == CAP


async def test_giving_back_and_taking_at_once_never_passes_the_cap(committed_house):
    house = committed_house
    room = await house.add_room_type(units=9, nights=30)
    await house.promote(usage_max=2)
    for _ in range(10):
        holders = [new_id(), new_id()]
        quotes = await offers(house, room, 2)
        assert await race(*(house.claim(one.id, booking_id=two) for one, two in zip(quotes, holders, strict=True))) == (
            2,
            0,
        )

        async def give_back(booking_id) -> None:
            async with db.transaction():
                await operations.give_back_promotion(booking_id=booking_id)

        await give_back(holders[0])
        waiting = await offers(house, room, 4)
        taken, refused = await race(give_back(holders[1]), *(house.claim(quote.id) for quote in waiting))
        assert taken + refused == 5
        # One use was free and the other became so in the middle: one or two of the four got one.
        assert taken - 1 in (1, 2)
        assert await used() == taken - 1
        await db.execute("UPDATE promotion_uses SET booking_id = NULL, expires_at = NULL")
