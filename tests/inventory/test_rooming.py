"""Rooms given out around check-in, in the database: nobody shares, nobody moves, and promises are kept."""

from datetime import timedelta

import asyncpg
import pytest

from marketplace.identity.rules import Principal
from marketplace.inventory import operations, queries
from marketplace.inventory.errors import NotAvailable, RoomInUse
from marketplace.inventory.rules import RoomDraft, Wish
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id


async def furnish(house, room, *numbers: str, **facts):
    drafts = [RoomDraft(number=number, floor=int(number[0]), has_lift=False, wing="东", **facts) for number in numbers]
    await operations.set_rooms(actor=SYSTEM, room_type_id=room, drafts=drafts, now=house.now)


async def give_out(house, room, *, day: int = 0, wishes=()):
    async with db.transaction():
        return await operations.assign_rooms(room_type_id=room, wishes=wishes, now=house.now + timedelta(days=day))


async def stays() -> list[tuple]:
    """Return ``(room, first, end)`` of every assignment, by room and night."""
    rows = await db.fetch(
        "SELECT r.number, lower(a.stay) AS first, upper(a.stay) AS end FROM room_assignments a"
        " JOIN rooms r ON r.id = a.room_id ORDER BY r.number, a.stay"
    )
    return [tuple(row) for row in rows]


async def test_those_in_the_house_and_those_who_arrive_soon_get_rooms(house):
    room = await house.add_room_type(units=2)
    await furnish(house, room, "301", "302")
    await house.take(room, 0, 4)
    await house.take(room, 3, 6)
    await house.take(room, 4, 9)
    await house.take(room, 0, 2, hold_s=600)
    found = await give_out(house, room)
    assert found.unplaced == ()
    assert await stays() == [("301", house.day(0), house.day(4)), ("302", house.day(3), house.day(6))]


async def test_later_arrivals_are_given_out_anew_and_guests_stay_put(house):
    room = await house.add_room_type(units=2)
    await furnish(house, room, "301", "302")
    await house.take(room, 1, 9)
    await house.take(room, 3, 5)
    await give_out(house, room)
    assert await stays() == [("301", house.day(1), house.day(9)), ("302", house.day(3), house.day(5))]
    # A stay booked since begins before both of them: until somebody arrives, everything may change.
    await house.take(room, 0, 1)
    await house.take(room, 1, 3)
    await give_out(house, room)
    assert len(await stays()) == 4
    before = [one for one in await stays() if one[1] <= house.day(1)]
    await house.take(room, 5, 8)
    await give_out(house, room, day=2)
    after = await stays()
    assert [one for one in after if one[1] <= house.day(1)] == before
    assert {one[1:] for one in after} >= {(house.day(3), house.day(5)), (house.day(5), house.day(8))}


async def test_who_comes_late_lives_there_from_today_on(house):
    room = await house.add_room_type(units=1)
    await furnish(house, room, "301")
    await house.take(room, 0, 5)
    await give_out(house, room, day=2)
    assert await stays() == [("301", house.day(2), house.day(5))]


async def test_a_cancelled_stay_leaves_its_room(house):
    room = await house.add_room_type(units=1)
    await furnish(house, room, "301")
    allocation = await house.take(room, 0, 4)
    await give_out(house, room)
    async with db.transaction():
        await operations.release(allocation_id=allocation)
    assert await stays() == []
    await house.take(room, 0, 2)
    await give_out(house, room)
    assert await stays() == [("301", house.day(0), house.day(2))]


async def test_parties_of_a_tour_get_rooms_out_of_its_block(house):
    room = await house.add_room_type(units=4)
    await furnish(house, room, "301", "302", "303", "304")
    block = await house.take(room, 0, 5, units=4, kind="block")
    pair, single = new_id(), new_id()
    wish = Wish(allocation_id=block, occupant_id=pair, room_count=2, step_free=False, together=None)
    await give_out(house, room, wishes=[wish])
    first = await queries.rooms_of([pair, single])
    assert ([one.number for one in first[pair]], first[single]) == (["301", "302"], [])
    late = Wish(allocation_id=block, occupant_id=single, room_count=1, step_free=False, together=None)
    await give_out(house, room, wishes=[wish, late])
    after = await queries.rooms_of([pair, single])
    assert after[pair] == first[pair]
    assert [one.number for one in after[single]] == ["303"]
    assert len(await stays()) == 4


async def test_too_few_rooms_leave_the_last_to_arrive_without_and_refuse_nobody(house):
    room = await house.add_room_type(units=2)
    await furnish(house, room, "301")
    await house.take(room, 0, 4)
    last = await house.take(room, 1, 4)
    assert [party.allocation_id for party in (await give_out(house, room)).unplaced] == [last]
    assert await stays() == [("301", house.day(0), house.day(4))]


async def test_a_room_out_of_service_is_given_to_nobody_and_who_was_to_get_it_gets_another(house):
    room = await house.add_room_type(units=2)
    await furnish(house, room, "301", "302")
    await house.take(room, 2, 6)
    await give_out(house, room)
    assert await stays() == [("301", house.day(2), house.day(6))]
    outage = await operations.take_out_of_service(
        actor=SYSTEM, room_type_id=room, first=house.day(1), end=house.day(9), unit_count=1, reason="漏水",
        room_number="301", now=house.now,
    )  # fmt: skip
    await give_out(house, room)
    assert await stays() == [("301", house.day(1), house.day(9)), ("302", house.day(2), house.day(6))]
    await operations.return_to_service(actor=SYSTEM, room_type_id=room, outage_id=outage.id, now=house.now)
    assert await stays() == [("302", house.day(2), house.day(6))]


async def test_guests_are_not_put_out_for_repairs(house):
    room = await house.add_room_type(units=2)
    await furnish(house, room, "301", "302")
    await house.take(room, 0, 6)
    await give_out(house, room)
    with pytest.raises(RoomInUse) as refusal:
        async with db.transaction():
            await operations.take_out_of_service(
                actor=SYSTEM, room_type_id=room, first=house.day(1), end=house.day(9), unit_count=1, reason="漏水",
                room_number="301", now=house.now,
            )  # fmt: skip
    assert refusal.value.facts == {"number": "301"}
    assert await house.taken(room, 0, 9) == [1, 1, 1, 1, 1, 1, 0, 0, 0]
    assert await stays() == [("301", house.day(0), house.day(6))]


@pytest.mark.parametrize(("number", "units", "pointer"), [("999", 1, "/room"), ("301", 2, "/units")])
async def test_a_room_out_of_service_is_one_that_exists(house, number, units, pointer):
    room = await house.add_room_type(units=2)
    await furnish(house, room, "301")
    with pytest.raises(Invalid) as refusal:
        async with db.transaction():
            await operations.take_out_of_service(
                actor=SYSTEM, room_type_id=room, first=house.day(1), end=house.day(9), unit_count=units, reason="漏水",
                room_number=number, now=house.now,
            )  # fmt: skip
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await house.taken(room, 0, 3) == [0, 0, 0]


async def test_rooms_are_replaced_as_a_list_and_keep_their_guests(house):
    room = await house.add_room_type(units=3)
    await furnish(house, room, "301", "302", "303")
    await house.take(room, 0, 6)
    await house.take(room, 2, 6)
    await give_out(house, room)
    with pytest.raises(RoomInUse) as refusal:
        await furnish(house, room, "302", "303")
    assert refusal.value.facts == {"number": "301"}
    # 302 is only promised to an arrival, who gets another room.
    await furnish(house, room, "304", "301")
    assert [one.number for one in await queries.rooms_of_type(room)] == ["304", "301"]
    await give_out(house, room)
    assert await stays() == [("301", house.day(0), house.day(6)), ("304", house.day(2), house.day(6))]
    await furnish(house, room, "301", "302", "304")
    assert [one.number for one in await queries.rooms_of_type(room)] == ["301", "302", "304"]


async def test_what_no_house_can_have_is_refused(house):
    room, other = await house.add_room_type(units=2), await house.add_room_type(units=2)
    await furnish(house, other, "401")
    for numbers, pointer in (
        (("301", "302", "303"), "/rooms"),
        (("301", "301"), "/rooms/1/number"),
        (("401",), "/rooms"),
    ):
        with pytest.raises(Invalid) as refusal:
            await furnish(house, room, *numbers)
        assert [field.pointer for field in refusal.value.fields] == [pointer]
    stranger = Principal(kind="institution", id=new_id(), session_id=new_id(), institution_id=new_id())
    with pytest.raises(NotFound):
        await operations.set_rooms(actor=stranger, room_type_id=room, drafts=[], now=house.now)
    assert await queries.rooms_of_type(room) == []


async def test_the_database_itself_lets_no_two_parties_into_one_room(house):
    room = await house.add_room_type(units=2)
    await furnish(house, room, "301")
    first, second = await house.take(room, 0, 4), await house.take(room, 3, 5)
    await give_out(house, room)
    with pytest.raises(asyncpg.ExclusionViolationError, match="room_assignments_pkey"):
        await db.execute(
            "INSERT INTO room_assignments (room_id, stay, institution_id, allocation_id, pinned, assigned_at)"
            " SELECT room_id, daterange($2, $3), institution_id, $4, false, assigned_at FROM room_assignments"
            " WHERE allocation_id = $1",
            first,
            house.day(3),
            house.day(5),
            second,
        )


async def test_repairs_need_units_that_are_not_sold_even_when_the_room_is_empty(house):
    room = await house.add_room_type(units=2)
    await furnish(house, room, "301", "302")
    await house.take(room, 5, 9, units=2)
    with pytest.raises(NotAvailable):
        await operations.take_out_of_service(
            actor=SYSTEM, room_type_id=room, first=house.day(1), end=house.day(9), unit_count=1, reason="漏水",
            room_number="301", now=house.now,
        )  # fmt: skip
