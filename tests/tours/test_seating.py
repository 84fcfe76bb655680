import asyncio
from datetime import timedelta

import pytest

from marketplace.certifications.errors import InstitutionNotBookable
from marketplace.inventory.errors import HoldLapsed
from marketplace.kit import db
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id
from marketplace.pricing import operations as pricing
from marketplace.tours import operations
from marketplace.tours.errors import DepartureClosed, DepartureFull


async def quote(world, departure_id, travellers, *, now=None):
    return await operations.quote_departure(
        principal=world.family, departure_id=departure_id, traveller_count=travellers, now=now or world.now
    )


async def keep(departure_id, seat, booking_id, travellers, *, now):
    async with db.transaction():
        return await operations.keep_seat(
            departure_id=departure_id, seat_id=seat.seat_id, booking_id=booking_id, traveller_count=travellers, now=now
        )


async def booking_of(seat):
    return await fetch_value("SELECT booking_id FROM departure_seats WHERE id = $1", seat.seat_id)


async def counters(departure_id):
    travellers = await fetch_value("SELECT traveller_count FROM departures WHERE id = $1", departure_id)
    rows = await fetch(
        "SELECT taken_count FROM departure_blocks WHERE departure_id = $1 ORDER BY position", departure_id
    )
    return travellers, [row["taken_count"] for row in rows]


async def test_everyone_pays_the_same(trip):
    """R11: the price knows how many travel, and nothing else about them."""
    world, departure_id = trip

    offer = await quote(world, departure_id, 3)

    assert (offer.kind, offer.departure_id, offer.room_type_id) == ("tour", departure_id, None)
    assert (offer.guest_count, offer.unit_count, offer.total_amount) == (3, 3, 3 * 458_000)
    assert [(line.code, line.unit_amount, line.quantity, line.amount) for line in offer.lines] == [
        ("travellers", 458_000, 3, 1_374_000)
    ]
    assert (offer.check_in, offer.check_out) == (world.day(40), world.day(44))
    assert [leg.leg for leg in offer.schedule] == ["deposit", "balance"]
    assert offer.cancellation_policy.version == "tour-2026-1"
    assert offer.institution_id in world.houses
    assert offer.certification.status == "certified"
    assert await counters(departure_id) == (0, [0, 0])


async def test_a_quote_of_seats_is_claimed_once_at_its_price(trip):
    world, departure_id = trip
    offer = await quote(world, departure_id, 2)

    async with db.transaction():
        claimed = await pricing.claim(quote_id=offer.id, booking_id=new_id(), principal=world.family, now=world.now)
    assert claimed.total_amount == 916_000


@pytest.mark.parametrize("travellers", [0, -1])
async def test_nobody_cannot_travel(trip, travellers):
    world, departure_id = trip

    with pytest.raises(Invalid) as refused:
        await quote(world, departure_id, travellers)
    assert refused.value.fields[0].pointer == "/travellers"


async def test_an_unknown_departure_is_not_found(world):
    with pytest.raises(NotFound):
        await quote(world, new_id(), 2)
    with pytest.raises(NotFound):
        await world.seat(new_id(), 2)


async def test_a_party_gets_whole_rooms_in_one_institution(trip):
    world, departure_id = trip

    three = await world.seat(departure_id, 3)
    couple = await world.seat(departure_id, 2)
    alone = await world.seat(departure_id, 1)

    assert three.institution_id == world.houses[0]
    assert couple.institution_id == alone.institution_id == world.houses[1]
    assert await counters(departure_id) == (6, [2, 2])


async def test_a_small_party_leaves_room_for_a_large_one(trip):
    """The couple goes where the least is left, so that the four find two rooms together."""
    world, departure_id = trip
    await world.seat(departure_id, 2)
    second = await world.seat(departure_id, 2)
    four = await world.seat(departure_id, 4)

    assert second.institution_id == world.houses[0]
    assert four.institution_id == world.houses[1]


async def test_a_party_that_does_not_fit_is_told_what_would(trip):
    world, departure_id = trip
    await world.seat(departure_id, 3)
    await world.seat(departure_id, 2)

    with pytest.raises(DepartureFull) as refused:
        await world.seat(departure_id, 3)
    assert refused.value.facts == {"places_left": 2}
    with pytest.raises(DepartureFull):
        await quote(world, departure_id, 3)
    assert await counters(departure_id) == (5, [2, 1])


async def test_the_group_is_full_before_the_rooms_are(world):
    room = await world.add_room_type(world.houses[0])
    departure_id = await world.open(await world.publish(), [(room, 4)], group_min_count=2, group_max_count=5)
    await world.seat(departure_id, 4)

    with pytest.raises(DepartureFull) as refused:
        await world.seat(departure_id, 2)
    assert refused.value.facts == {"places_left": 1}


async def test_a_lapsed_hold_never_stands_in_the_way(trip):
    world, departure_id = trip
    await world.seat(departure_id, 4, hold_s=60)
    await world.seat(departure_id, 4)
    with pytest.raises(DepartureFull):
        await world.seat(departure_id, 2)
    later = world.now + timedelta(seconds=60)

    assert (await world.read(departure_id, now=later)).traveller_count == 4
    taken = await world.seat(departure_id, 2, now=later)

    assert taken.institution_id == world.houses[0]
    assert await counters(departure_id) == (6, [1, 2])


async def test_giving_places_back_twice_does_no_harm(trip):
    world, departure_id = trip
    seat = await world.seat(departure_id, 3)

    assert await world.unseat(departure_id, seat.seat_id)
    assert not await world.unseat(departure_id, seat.seat_id)

    assert await counters(departure_id) == (0, [0, 0])


async def test_paid_places_are_kept_for_good(trip):
    world, departure_id = trip
    seat = await world.seat(departure_id, 3, hold_s=60)
    booking_id = await booking_of(seat)

    for _ in range(2):
        assert await keep(departure_id, seat, booking_id, 3, now=world.now) == seat

    later = world.now + timedelta(hours=1)
    departure = await world.read(departure_id, now=later)
    assert (departure.traveller_count, departure.confirmed_count) == (3, 3)


async def test_money_for_a_lapsed_hold_keeps_the_places_while_they_are_there(trip):
    world, departure_id = trip
    seat = await world.seat(departure_id, 3, hold_s=60)

    kept = await keep(departure_id, seat, await booking_of(seat), 3, now=world.now + timedelta(hours=1))

    assert kept == seat
    assert await counters(departure_id) == (3, [2, 0])


async def test_money_after_the_places_were_given_back_takes_them_again_in_the_same_institution(trip):
    world, departure_id = trip
    seat = await world.seat(departure_id, 2, hold_s=60)
    await world.unseat(departure_id, seat.seat_id)
    await world.seat(departure_id, 2)

    kept = await keep(departure_id, seat, await booking_of(seat), 2, now=world.now)

    assert kept == seat
    assert await counters(departure_id) == (4, [2, 0])


async def test_money_for_places_that_are_gone_is_refused(trip):
    world, departure_id = trip
    seat = await world.seat(departure_id, 4, hold_s=60)
    later = world.now + timedelta(minutes=2)
    for _ in range(2):
        await world.seat(departure_id, 4, now=later)

    with pytest.raises(DepartureFull):
        await keep(departure_id, seat, await booking_of(seat), 4, now=later)
    assert await counters(departure_id) == (8, [2, 2])
    assert await fetch_value("SELECT is_released FROM departure_seats WHERE id = $1", seat.seat_id)


async def test_a_seat_belongs_to_its_booking_and_departure(trip):
    world, departure_id = trip
    seat = await world.seat(departure_id, 2, hold_s=60)

    with pytest.raises(NotFound):
        await keep(departure_id, seat, new_id(), 2, now=world.now)
    other = await world.open(
        await world.publish(name="另一产品"), [(await world.add_room_type(world.houses[0]), 4)], first=60
    )
    with pytest.raises(NotFound):
        await keep(other, seat, await booking_of(seat), 2, now=world.now)
    assert not await world.unseat(other, seat.seat_id)
    assert await counters(departure_id) == (2, [1, 0])


async def test_a_hold_can_be_made_longer_until_it_is_gone(trip):
    world, departure_id = trip
    seat = await world.seat(departure_id, 2, hold_s=60)
    until = world.now + timedelta(hours=1)

    async def extend():
        async with db.transaction():
            await operations.extend_seat(departure_id=departure_id, seat_id=seat.seat_id, expires_at=until)

    await extend()
    assert await fetch_value("SELECT expires_at FROM departure_seats") == until
    await world.unseat(departure_id, seat.seat_id)
    with pytest.raises(HoldLapsed):
        await extend()


async def test_seats_are_sold_only_where_the_institution_is_bookable(trip):
    world, departure_id = trip
    await world.suspend(world.houses[0])

    seat = await world.seat(departure_id, 2)
    assert seat.institution_id == world.houses[1]
    assert (await quote(world, departure_id, 2)).institution_id == world.houses[1]
    with pytest.raises(DepartureFull) as refused:
        await world.seat(departure_id, 3)
    assert refused.value.facts == {"places_left": 2}

    await world.suspend(world.houses[1])
    with pytest.raises(InstitutionNotBookable):
        await world.seat(departure_id, 1)
    assert await counters(departure_id) == (2, [0, 1])


async def test_sale_ends_with_the_decision_and_with_the_day(trip):
    world, departure_id = trip
    decision = (await world.read(departure_id)).decide_at

    await world.seat(departure_id, 4, now=decision - timedelta(seconds=1))
    with pytest.raises(DepartureClosed) as refused:
        await world.seat(departure_id, 1, now=decision)
    assert refused.value.facts == {"departure_status": "open"}
    with pytest.raises(DepartureClosed):
        await quote(world, departure_id, 1, now=decision)

    await operations.decide_formation(departure_id=departure_id, now=decision)
    await world.seat(departure_id, 1, now=decision)
    with pytest.raises(DepartureClosed):
        await world.seat(departure_id, 1, now=decision + timedelta(days=6))


async def test_forty_buyers_race_for_the_last_seats(committed_world):
    """Four twin rooms and eight places: 40 couples at once, four of them travel, and nobody waits for ever."""
    world = committed_world
    rooms = [await world.add_room_type(house) for house in world.houses]
    departure_id = await world.open(await world.publish(), [(room, 2) for room in rooms])

    answers = await asyncio.gather(
        *(world.seat(departure_id, 2, hold_s=1800) for _ in range(40)), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["DepartureFull"] * 36 + ["Seat"] * 4
    assert await counters(departure_id) == (8, [2, 2])


async def test_a_lapsed_hold_is_sold_again_once(committed_world):
    world = committed_world
    room = await world.add_room_type(world.houses[0], units=1)
    departure_id = await world.open(await world.publish(), [(room, 1)], group_min_count=1, group_max_count=2)
    lapsed = await world.seat(departure_id, 2, hold_s=60)
    booking_id = await booking_of(lapsed)
    later = world.now + timedelta(minutes=5)

    answers = await asyncio.gather(
        *(world.seat(departure_id, 2, now=later) for _ in range(6)),
        keep(departure_id, lapsed, booking_id, 2, now=later),
        return_exceptions=True,
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["DepartureFull"] * 6 + ["Seat"]
    assert await counters(departure_id) == (2, [1])


async def test_revoking_while_buyers_race_leaves_no_later_seat(committed_world):
    """Seats lock the certification FOR SHARE: once its end commits, no seat is sold in that institution."""
    world = committed_world
    rooms = [await world.add_room_type(house, units=20) for house in world.houses]
    departure_id = await world.open(await world.publish(group_max_count=80), [(room, 20) for room in rooms])
    ended = []

    async def end():
        async with db.transaction():
            await fetch_one("SELECT id FROM certifications WHERE institution_id = $1 FOR UPDATE", world.houses[0])
            await world.suspend(world.houses[0])
            ended.append(
                await fetch_value(
                    "SELECT count(*) FROM departure_seats s JOIN departure_blocks b"
                    " ON b.id = s.block_id WHERE b.institution_id = $1",
                    world.houses[0],
                )
            )

    await asyncio.gather(
        *(world.seat(departure_id, 2) for _ in range(10)), end(), *(world.seat(departure_id, 2) for _ in range(10))
    )

    travellers, (first, second) = await counters(departure_id)
    assert first == ended[0]
    assert (travellers, first + second) == (40, 20)
