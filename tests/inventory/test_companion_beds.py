"""Companion beds, of which an institution may have only so many: counted beside the units, by the same statement."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from marketplace.inventory import operations, queries
from marketplace.inventory.errors import CompanionBedsBelowTaken, CompanionBedsTaken, NotAvailable
from marketplace.kit import db
from marketplace.kit.errors import Invalid


async def companions(house, room, first, end) -> list[int]:
    rows = await db.fetch(
        "SELECT companion_taken_count FROM room_nights WHERE room_type_id = $1 AND night >= $2 AND night < $3 ORDER BY night",
        room,
        house.day(first),
        house.day(end),
    )
    return [row["companion_taken_count"] for row in rows]


async def test_an_institution_that_has_not_said_how_many_has_one_for_every_unit(house):
    room = await house.add_room_type(units=3)
    for _ in range(3):
        await house.take(room, 0, 2, companions=1)
    assert await companions(house, room, 0, 3) == [3, 3, 0]
    assert await queries.verify() == []


async def test_the_last_companion_bed_is_taken_once_and_comes_back(house):
    room = await house.add_room_type(units=5)
    await house.sell(room, 1, 3, companion_bed_count=1)
    hold = await house.take(room, 2, 6, companions=1)
    with pytest.raises(CompanionBedsTaken) as refusal:
        await house.take(room, 0, 4, companions=2)
    assert refusal.value.facts == {"night": house.day(1), "left": 1}
    with pytest.raises(CompanionBedsTaken) as refusal:
        await house.take(room, 0, 4, companions=1)
    assert refusal.value.facts == {"night": house.day(2), "left": 0}
    assert await house.taken(room, 0, 7) == [0, 0, 1, 1, 1, 1, 0]
    await house.take(room, 0, 4)
    async with db.transaction():
        assert await operations.release(allocation_id=hold)
    await house.take(room, 0, 4, companions=1)
    assert await companions(house, room, 0, 5) == [1, 1, 1, 1, 0]
    assert await queries.verify() == []


async def test_a_lapsed_hold_keeps_no_companion_bed(house):
    room = await house.add_room_type(units=5)
    await house.sell(room, 0, 9, companion_bed_count=1)
    await house.take(room, 0, 4, companions=1, hold_s=-1)
    [night, *_] = await queries.stay_nights(
        room_type_id=room, check_in=house.day(0), check_out=house.day(4), unit_count=1, companion_bed_count=1, now=house.now
    )  # fmt: skip
    assert night.companion_beds_left == 1
    await house.take(room, 0, 4, companions=1)
    with pytest.raises(CompanionBedsTaken):
        await queries.stay_nights(
            room_type_id=room, check_in=house.day(0), check_out=house.day(4), unit_count=1, companion_bed_count=1,
            now=house.now + timedelta(seconds=1),
        )  # fmt: skip


async def test_a_full_stay_is_refused_as_full_whatever_its_companion_beds(house):
    room = await house.add_room_type(units=1)
    await house.sell(room, 0, 9, companion_bed_count=0)
    await house.take(room, 3, 4)
    with pytest.raises(NotAvailable) as refusal:
        await house.take(room, 0, 5, companions=1)
    assert (refusal.value.code, refusal.value.facts) == ("not_available", {"first_full_night": house.day(3)})


async def test_no_fewer_than_are_taken_and_no_more_than_there_are_units(house):
    room = await house.add_room_type(units=2)
    await house.take(room, 3, 4, companions=1)
    with pytest.raises(CompanionBedsBelowTaken) as refusal:
        await house.sell(room, 0, 9, companion_bed_count=0)
    assert refusal.value.facts == {"night": house.day(3), "taken_count": 1}
    for count in (-1, 3):
        with pytest.raises(Invalid) as refused:
            await house.sell(room, 0, 9, companion_bed_count=count)
        assert [field.pointer for field in refused.value.fields] == ["/ranges/0/companion_beds"]
    await house.sell(room, 0, 9, companion_bed_count=1)
    with pytest.raises(asyncpg.CheckViolationError, match="room_nights_companion_beds_never_oversold"):
        await db.execute("UPDATE room_nights SET companion_taken_count = 2 WHERE night = $1", house.day(3))


async def test_twenty_race_for_two_companion_beds(committed_house):
    room = await committed_house.add_room_type(units=40)
    await committed_house.sell(room, 0, 9, companion_bed_count=2)
    results = await asyncio.gather(
        *(committed_house.take(room, n % 3, 9, companions=1) for n in range(20)), return_exceptions=True
    )
    refused = [one for one in results if isinstance(one, CompanionBedsTaken)]
    assert len(refused) == 18
    assert await companions(committed_house, room, 4, 9) == [2] * 5
    assert await queries.verify() == []
