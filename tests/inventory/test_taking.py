"""Taking, keeping and giving back units: all nights or none, and never more than there are."""

from datetime import timedelta

import pytest

from marketplace.inventory import operations, queries
from marketplace.inventory.errors import HoldLapsed, NotAvailable, StayTooShort
from marketplace.inventory.rules import Wanted
from marketplace.kit import db
from marketplace.kit.ids import new_id


async def closed(room_type_id) -> object:
    """Return the nights on sale that are closed; those that are not on sale are closed for ever."""
    return await db.fetch_value(
        "SELECT (l.closed * (SELECT range_agg(daterange(night, night + 1)) FROM room_nights n"
        " WHERE n.room_type_id = l.room_type_id))::text FROM room_type_locks l WHERE room_type_id = $1",
        room_type_id,
    )


async def test_taking_counts_every_night_of_the_stay_and_no_other(house):
    room = await house.add_room_type(units=2)
    await house.take(room, 1, 4)
    assert await house.taken(room, 0, 6) == [0, 1, 1, 1, 0, 0]
    assert await closed(room) == "{}"
    await house.take(room, 3, 5)
    assert await house.taken(room, 0, 6) == [0, 1, 1, 2, 1, 0]
    assert await closed(room) == f"{{[{house.day(3)},{house.day(4)})}}"
    assert await queries.verify() == []


async def test_a_full_night_refuses_the_whole_stay_by_its_date(house):
    room = await house.add_room_type(units=1)
    await house.take(room, 5, 7)
    with pytest.raises(NotAvailable) as refusal:
        await house.take(room, 3, 9)
    assert refusal.value.facts == {"first_full_night": house.day(5)}
    assert await house.taken(room, 3, 9) == [0, 0, 1, 1, 0, 0]
    assert await db.fetch_value("SELECT count(*) FROM allocations") == 1


async def test_two_units_are_refused_where_one_is_left_although_the_night_is_not_closed(house):
    room = await house.add_room_type(units=2)
    await house.take(room, 2, 3)
    with pytest.raises(NotAvailable) as refusal:
        await house.take(room, 1, 4, units=2)
    assert refusal.value.facts["first_full_night"] == house.day(2)
    assert await house.taken(room, 1, 4) == [0, 1, 0]


@pytest.mark.parametrize(("first", "end"), [(28, 31), (30, 33)])
async def test_a_night_without_a_row_is_not_on_sale(house, first, end):
    room = await house.add_room_type(nights=30)
    with pytest.raises(NotAvailable) as refusal:
        await house.take(room, first, end)
    assert refusal.value.facts["first_full_night"] == house.day(30)


async def test_a_room_type_that_was_never_on_sale_is_refused(house):
    room = await house.add_room_type(nights=0)
    with pytest.raises(NotAvailable) as refusal:
        await house.take(room, 2, 4)
    assert refusal.value.facts["first_full_night"] == house.day(2)


async def test_a_refused_take_leaves_the_transaction_usable(house):
    room = await house.add_room_type(units=1)
    async with db.transaction():
        await house.take(room, 0, 3)
        with pytest.raises(NotAvailable):
            await operations.take(
                room_type_id=room, check_in=house.day(1), check_out=house.day(2), unit_count=1, kind="booking",
                owner_id=new_id(), expires_at=None, now=house.now,
            )  # fmt: skip
        await house.take(room, 3, 5)
    assert await house.taken(room, 0, 6) == [1, 1, 1, 1, 1, 0]


async def test_releasing_gives_the_nights_back_once(house):
    room = await house.add_room_type(units=1)
    allocation = await house.take(room, 1, 4)
    assert await closed(room) == f"{{[{house.day(1)},{house.day(4)})}}"
    async with db.transaction():
        assert await operations.release(allocation_id=allocation)
        assert not await operations.release(allocation_id=allocation)
    assert await house.taken(room, 0, 5) == [0, 0, 0, 0, 0]
    assert await closed(room) == "{}"


async def test_giving_back_what_another_has_just_given_back_opens_no_night(house):
    room = await house.add_room_type(units=1)
    await house.take(room, 1, 4)
    gone = new_id()
    # Two releases of one allocation: the second has waited for the lock and finds nothing any more.
    assert await db.fetch_value("SELECT give_back($1, $2)", room, [gone]) == 0
    assert await closed(room) == f"{{[{house.day(1)},{house.day(4)})}}"
    assert await queries.verify() == []


async def test_a_lapsed_hold_never_stands_in_the_way(house):
    room = await house.add_room_type(units=1)
    await house.take(room, 1, 4, hold_s=60)
    with pytest.raises(NotAvailable):
        await house.take(room, 2, 6, now=house.now + timedelta(seconds=59))
    await house.take(room, 2, 6, now=house.now + timedelta(seconds=60))
    assert await house.taken(room, 0, 7) == [0, 0, 1, 1, 1, 1, 0]
    assert await db.fetch_value("SELECT count(*) FROM allocations") == 1
    assert await queries.verify() == []


async def test_reads_add_lapsed_holds_back_before_anyone_has_tidied(house):
    room = await house.add_room_type(units=2)
    await house.take(room, 0, 2, hold_s=60)
    await house.take(room, 1, 3)
    assert await house.available(room, 0, 4) == [1, 0, 1, 2]
    assert await house.available(room, 0, 4, now=house.now + timedelta(minutes=1)) == [2, 1, 1, 2]


async def test_a_kept_hold_no_longer_lapses(house):
    room = await house.add_room_type(units=1)
    hold = await house.take(room, 0, 2, hold_s=60)
    async with db.transaction():
        assert await operations.keep(allocation_id=hold)
    with pytest.raises(NotAvailable):
        await house.take(room, 1, 2, now=house.now + timedelta(hours=1))


async def test_a_hold_that_was_reclaimed_cannot_be_kept(house):
    room = await house.add_room_type(units=1)
    hold = await house.take(room, 0, 2, hold_s=60)
    later = house.now + timedelta(minutes=2)
    winner = await house.take(room, 1, 3, now=later)
    async with db.transaction():
        assert not await operations.keep(allocation_id=hold)
        assert await operations.keep(allocation_id=winner)
    assert await house.taken(room, 0, 3) == [0, 1, 1]


async def test_a_lapsed_hold_that_nobody_reclaimed_can_be_kept(house):
    room = await house.add_room_type(units=1)
    hold = await house.take(room, 0, 2, hold_s=-1)
    async with db.transaction():
        assert await operations.keep(allocation_id=hold)
    assert await house.available(room, 0, 2) == [0, 0]


async def test_a_hold_is_extended_only_while_it_lives(house):
    room = await house.add_room_type(units=1)
    hold = await house.take(room, 0, 2, hold_s=60)
    at_59, at_90 = house.now + timedelta(seconds=59), house.now + timedelta(seconds=90)
    async with db.transaction():
        await operations.extend(allocation_id=hold, expires_at=at_90, now=at_59)
        with pytest.raises(HoldLapsed):
            await operations.extend(allocation_id=hold, expires_at=at_90 + timedelta(hours=1), now=at_90)
    assert await db.fetch_value("SELECT expires_at FROM allocations") == at_90


async def test_several_room_types_are_taken_all_or_none(house):
    first, second = await house.add_room_type(units=3), await house.add_room_type(units=1)
    await house.take(second, 2, 3)

    def wanted(room_type_id, units):
        return Wanted(
            room_type_id=room_type_id, check_in=house.day(0), check_out=house.day(4), unit_count=units, kind="block",
            owner_id=new_id(),
        )  # fmt: skip

    async with db.transaction():
        with pytest.raises(NotAvailable):
            await operations.take_many([wanted(first, 2), wanted(second, 1)], now=house.now)
        assert await house.taken(first, 0, 4) == [0, 0, 0, 0]
        await house.sell(second, 0, 4, unit_count=1)
        one, two = await operations.take_many([wanted(first, 2), wanted(first, 1)], now=house.now)
        assert await operations.release_many([one, two]) == 2
    assert await house.taken(first, 0, 4) == [0, 0, 0, 0]


async def test_the_night_of_arrival_sets_the_shortest_stay_for_bookings_but_not_for_blocks(house):
    room = await house.add_room_type()
    await house.sell(room, 3, 4, min_stay_count=7)
    with pytest.raises(StayTooShort) as refusal:
        await house.take(room, 3, 9)
    assert refusal.value.facts == {"night": house.day(3), "min_stay_count": 7}
    await house.take(room, 2, 5)
    await house.take(room, 3, 10)
    assert await house.taken(room, 2, 6) == [1, 2, 2, 1]
    blocked = await house.add_room_type()
    await house.sell(blocked, 4, 5, min_stay_count=7)
    await house.take(blocked, 4, 5, kind="block")
    assert await house.taken(blocked, 4, 5) == [1]


async def test_stopping_the_sale_keeps_what_was_taken_and_refuses_the_rest(house):
    first, second = await house.add_room_type(), await house.add_room_type()
    await house.take(first, 0, 2)
    async with db.transaction():
        await operations.stop_sale(institution_id=house.id)
    for room in (first, second):
        with pytest.raises(NotAvailable) as refusal:
            await house.take(room, 5, 6)
        assert refusal.value.facts["first_full_night"] == house.day(5)
    assert await house.available(first, 0, 3) == [0, 0, 0]
    assert await house.taken(first, 0, 3) == [1, 1, 0]
    async with db.transaction():
        await operations.resume_sale(institution_id=house.id)
    await house.take(second, 5, 6)
    assert await house.available(first, 0, 3) == [1, 1, 2]


async def test_a_lapsed_hold_does_not_open_a_stopped_sale(house):
    room = await house.add_room_type(units=1)
    await house.take(room, 0, 2, hold_s=-1)
    async with db.transaction():
        await operations.stop_sale(institution_id=house.id)
    with pytest.raises(NotAvailable):
        await house.take(room, 0, 2)


async def test_a_lapsed_hold_does_not_open_a_night_that_the_institution_closed(house):
    room = await house.add_room_type(units=2)
    await house.take(room, 0, 2, hold_s=-1)
    await house.sell(room, 1, 2, closed=True)
    await house.take(room, 3, 4, hold_s=-1)
    with pytest.raises(NotAvailable) as refusal:
        await house.take(room, 0, 4)
    assert refusal.value.facts["first_full_night"] == house.day(1)


async def test_taking_outside_a_transaction_is_a_mistake(house):
    with pytest.raises(RuntimeError, match="inside transaction"):
        await operations.release(allocation_id=new_id())


async def test_verify_names_a_counter_that_drifted_and_a_night_wrongly_open(house):
    room = await house.add_room_type(units=2)
    await house.take(room, 0, 2, units=2)
    await db.execute("UPDATE room_nights SET taken_count = 1 WHERE night = $1", house.day(0))
    found = [(drift.night, drift.fact, drift.expected, drift.found) for drift in await queries.verify()]
    assert found == [(house.day(0), "closed", 0, 1), (house.day(0), "taken_count", 2, 1)]
