"""One allocation in the place of another: both at once, or all as it was."""

from uuid import UUID

import pytest

from marketplace.inventory import operations, queries
from marketplace.inventory.errors import HoldLapsed, NotAvailable
from marketplace.inventory.rules import Wanted
from marketplace.kit import db
from marketplace.kit.ids import new_id


async def exchange(house, allocation_id: UUID, room: UUID, first: int, end: int) -> UUID:
    wanted = Wanted(
        room_type_id=room, check_in=house.day(first), check_out=house.day(end), unit_count=1, kind="booking",
        owner_id=new_id(),
    )  # fmt: skip
    async with db.transaction():
        return await operations.exchange(allocation_id=allocation_id, wanted=wanted, now=house.now)


async def test_a_stay_may_move_into_nights_that_it_has_itself(house):
    room = await house.add_room_type(units=1)
    stay = await house.take(room, 2, 6)
    moved = await exchange(house, stay, room, 4, 8)
    assert await house.taken(room, 1, 9) == [0, 0, 0, 1, 1, 1, 1, 0]
    with pytest.raises(HoldLapsed):
        await exchange(house, stay, room, 0, 1)
    assert await db.fetch_value("SELECT array_agg(id) FROM allocations") == [moved]


async def test_what_cannot_be_had_leaves_everything_as_it_was(house):
    room, other = await house.add_room_type(units=1), await house.add_room_type(units=1)
    stay = await house.take(room, 2, 6)
    await house.take(other, 5, 7)
    with pytest.raises(NotAvailable) as refusal:
        await exchange(house, stay, other, 4, 8)
    assert refusal.value.facts == {"first_full_night": house.day(5)}
    assert (await house.taken(room, 2, 6), await house.taken(other, 4, 8)) == ([1] * 4, [0, 1, 1, 0])
    assert await queries.verify() == []
