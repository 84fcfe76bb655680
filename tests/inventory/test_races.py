"""Real connections, real commits: the last unit is sold once, and nobody waits for what is gone."""

import asyncio

import asyncpg
import pytest

from marketplace.inventory import operations, queries
from marketplace.inventory.errors import NotAvailable
from marketplace.inventory.rules import Wanted
from marketplace.kit import db
from marketplace.kit.ids import new_id


async def attempts(*calls) -> tuple[int, int]:
    """Run calls at once; returns how many succeeded and how many were refused as not available."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    refused = [result for result in results if isinstance(result, NotAvailable)]
    strange = [result for result in results if isinstance(result, BaseException) and result not in refused]
    assert strange == []
    return len(results) - len(refused), len(refused)


async def test_fifty_clients_race_for_the_last_unit_and_one_gets_it(committed_house):
    inn = committed_house
    room = await inn.add_room_type(units=3)
    await inn.take(room, 0, 30, units=2)
    assert await attempts(*(inn.take(room, i % 5, 10) for i in range(50))) == (1, 49)
    assert await queries.verify() == []
    assert await db.fetch_value("SELECT count(*) FROM allocations") == 2


async def test_fifty_clients_race_for_a_unit_under_a_lapsed_hold(committed_house):
    inn = committed_house
    room = await inn.add_room_type(units=1)
    await inn.take(room, 0, 9, hold_s=-1)
    assert await attempts(*(inn.take(room, 0, 9) for _ in range(50))) == (1, 49)
    assert await queries.verify() == []


async def test_keeping_a_lapsed_hold_and_reselling_it_cannot_both_succeed(committed_house):
    inn = committed_house
    room = await inn.add_room_type(units=1)

    async def keep(hold):
        async with db.transaction():
            return await operations.keep(allocation_id=hold)

    for _ in range(20):
        hold = await inn.take(room, 0, 9, hold_s=-1)
        kept, taken = await asyncio.gather(keep(hold), inn.take(room, 3, 4), return_exceptions=True)
        assert kept == isinstance(taken, NotAvailable)
        async with db.transaction():
            await operations.release(allocation_id=hold if kept else taken)
    assert await inn.taken(room, 0, 10) == [0] * 10


async def test_tours_that_want_the_same_room_types_in_different_orders_do_not_deadlock(committed_house):
    inn = committed_house
    rooms = [await inn.add_room_type(units=20) for _ in range(3)]

    async def block(order):
        wanted = [
            Wanted(
                room_type_id=rooms[i], check_in=inn.day(2), check_out=inn.day(6), unit_count=1, kind="block", owner_id=new_id()
            )
            for i in order
        ]  # fmt: skip
        async with db.transaction():
            return await operations.take_many(wanted, now=inn.now)

    orders = [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)] * 6
    assert await attempts(*(block(order) for order in orders)) == (20, 4)
    assert [await inn.taken(room, 2, 3) for room in rooms] == [[20], [20], [20]]
    assert await queries.verify() == []


async def test_what_is_sold_out_is_refused_without_waiting_for_the_lock(committed_house):
    inn = committed_house
    room = await inn.add_room_type(units=1)
    await inn.take(room, 3, 5)
    async with db.transaction():
        await db.execute("SELECT 1 FROM room_type_locks FOR UPDATE")
        sold_out = asyncio.create_task(_apart(inn.take(room, 4, 6)))
        assert isinstance(await sold_out, NotAvailable)
        free = asyncio.create_task(_apart(inn.take(room, 5, 6)))
        await _until_someone_waits()
    assert not isinstance(await free, BaseException)


async def test_a_stopped_sale_lets_nobody_in_who_was_waiting(committed_house):
    inn = committed_house
    room = await inn.add_room_type(units=9)
    async with db.transaction():
        await operations.stop_sale(institution_id=inn.id)
        waiting = asyncio.create_task(_apart(inn.take(room, 1, 3)))
        await _until_someone_waits()
    assert isinstance(await waiting, NotAvailable)
    assert await inn.taken(room, 1, 3) == [0, 0]


async def test_giving_back_what_another_has_just_given_back_leaves_full_nights_full(committed_house):
    inn = committed_house
    room = await inn.add_room_type(units=1)
    await inn.take(room, 5, 8)
    hold = await inn.take(room, 0, 3)

    async def release():
        async with db.transaction():
            return await operations.release(allocation_id=hold)

    async with db.transaction():
        assert await operations.release(allocation_id=hold) is True
        late = asyncio.create_task(_apart(release()))
        await _until_someone_waits()
    assert await late is False
    assert await inn.taken(room, 0, 8) == [0, 0, 0, 0, 0, 1, 1, 1]
    assert await queries.verify() == []


async def test_the_database_itself_refuses_to_sell_a_night_twice(committed_house):
    inn = committed_house
    room = await inn.add_room_type(units=1)
    await inn.take(room, 0, 1)
    with pytest.raises(asyncpg.CheckViolationError, match="room_nights_never_oversold"):
        await db.execute("UPDATE room_nights SET taken_count = taken_count + 1 WHERE night = $1", inn.day(0))
    assert await inn.taken(room, 0, 1) == [1]


async def _apart(call):
    """Await in a task that has left the present transaction behind; a refusal is returned."""
    db.DB.current_transaction.set(None)
    try:
        return await call
    except NotAvailable as refusal:
        return refusal


async def _until_someone_waits() -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(10), db._pool().acquire() as connection:
        while True:
            if await connection.fetchval(waiting):
                return
