"""Units out of service: taken like any others, so nobody is sold them and nobody is put out for them."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from marketplace.identity.rules import Principal
from marketplace.inventory import operations, queries
from marketplace.inventory.errors import NotAvailable
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id, wire
from tests.support.world import World, visit


async def out(house, room, first, end, *, units=1, actor=SYSTEM):
    return await operations.take_out_of_service(
        actor=actor, room_type_id=room, first=house.day(first), end=house.day(end), unit_count=units, reason="热水管维修",
        now=house.now,
    )  # fmt: skip


async def back(house, room, outage_id, *, actor=SYSTEM):
    await operations.return_to_service(actor=actor, room_type_id=room, outage_id=outage_id, now=house.now)


async def test_units_out_of_service_are_not_sold_until_they_are_back(house):
    room = await house.add_room_type(units=2)
    outage = await out(house, room, 2, 5)
    assert await house.available(room, 1, 6) == [2, 1, 1, 1, 2]
    await house.take(room, 2, 4)
    with pytest.raises(NotAvailable):
        await house.take(room, 1, 3)
    assert await queries.verify() == []
    await back(house, room, outage.id)
    await house.take(room, 1, 3)
    assert await house.taken(room, 1, 6) == [1, 2, 1, 0, 0]
    assert await queries.verify() == []
    actions = await db.fetch("SELECT action FROM audit_events WHERE subject_id = $1 ORDER BY id", outage.id)
    assert [row["action"] for row in actions] == ["inventory.out_of_service", "inventory.back_in_service"]


async def test_sold_units_stay_sold_and_the_first_night_without_room_is_named(house):
    room = await house.add_room_type(units=3)
    await house.take(room, 4, 6, units=2)
    with pytest.raises(NotAvailable) as refusal:
        await out(house, room, 2, 9, units=2)
    assert refusal.value.facts == {"first_full_night": house.day(4)}
    assert await house.taken(room, 2, 9) == [0, 0, 2, 2, 0, 0, 0]
    await out(house, room, 2, 9, units=1)
    assert await house.taken(room, 2, 9) == [1, 1, 3, 3, 1, 1, 1]


async def test_a_lapsed_hold_does_not_keep_a_broken_unit_on_sale(house):
    room = await house.add_room_type(units=1)
    await house.take(room, 2, 5, hold_s=-1)
    await out(house, room, 3, 4)
    assert await house.taken(room, 2, 5) == [0, 1, 0]


async def test_units_break_also_while_nothing_is_sold(house):
    room = await house.add_room_type(units=2)
    await house.sell(room, 3, 4, closed=True, min_stay_count=9, closed_to_arrival=True)
    async with db.transaction():
        await operations.stop_sale(institution_id=house.id)
    outage = await out(house, room, 3, 4, units=2)
    await back(house, room, outage.id)
    assert await house.available(room, 3, 4) == [0]
    async with db.transaction():
        await operations.resume_sale(institution_id=house.id)
    assert await house.available(room, 2, 5) == [2, 0, 2]
    assert await queries.verify() == []


async def test_a_night_that_is_not_on_sale_has_no_units_to_break(house):
    room = await house.add_room_type(nights=5)
    with pytest.raises(NotAvailable) as refusal:
        await out(house, room, 3, 7)
    assert refusal.value.facts == {"first_full_night": house.day(5)}


@pytest.mark.parametrize(
    ("first", "end", "units", "pointer"),
    [(3, 3, 1, "/to"), (-1, 3, 1, "/from"), (3, 401, 1, "/to"), (3, 4, 3, "/units")],
)
async def test_what_no_institution_can_mean_is_refused_by_its_field(house, first, end, units, pointer):
    room = await house.add_room_type(units=2)
    with pytest.raises(Invalid) as refusal:
        await out(house, room, first, end, units=units)
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await db.fetch_value("SELECT count(*) FROM allocations") == 0


async def test_only_what_is_out_of_service_comes_back(house):
    room, other = await house.add_room_type(), await house.add_room_type()
    sold, outage = await house.take(room, 1, 3), await out(house, room, 1, 3)
    for room_type_id, outage_id in ((room, sold), (room, new_id()), (other, outage.id)):
        with pytest.raises(NotFound):
            await back(house, room_type_id, outage_id)
    stranger = Principal(kind="institution", id=new_id(), session_id=new_id(), institution_id=new_id())
    for attempt in (out(house, room, 5, 6, actor=stranger), back(house, room, outage.id, actor=stranger)):
        with pytest.raises(NotFound):
            await attempt
    assert await house.taken(room, 0, 7) == [0, 2, 2, 0, 0, 0, 0]


async def test_the_last_line_of_defence_wants_a_reason(house):

    room = await house.add_room_type()
    with pytest.raises(asyncpg.CheckViolationError, match="allocations_out_of_service_says_why"):
        await house.take(room, 1, 3, kind="out_of_service")


@pytest.fixture
async def world(client, planted) -> AsyncIterator[World]:
    async with visit(planted, client) as found:
        yield found


async def test_an_institution_takes_units_out_of_service_and_back(world, client):
    staff = await world.staff()
    path = f"/v1/room-types/{wire('rmt', world.room_type_id)}/out-of-service"
    body = {"from": world.day(2).isoformat(), "to": world.day(4).isoformat(), "units": 2, "reason": "热水管维修"}

    made = await staff.post(path, body)
    full = await staff.post(path, body)
    listed = await staff.get(path)
    outage = made.json()

    assert made.status_code == 201
    assert outage == {"id": outage["id"], "room_type_id": wire("rmt", world.room_type_id), "room": None, **body}
    assert (full.status_code, full.json()["code"]) == (409, "not_available")
    assert full.json()["first_full_night"] == world.day(2).isoformat()
    assert listed.json() == {"items": [outage], "next_cursor": None}
    assert await world.taken() == [0, 2]
    returned = [await client.delete(f"{path}/{outage['id']}", headers=staff.headers) for _ in range(2)]
    assert [answer.status_code for answer in returned] == [204, 404]
    assert await world.taken() == [0]
    assert (await staff.get(path)).json()["items"] == []


async def test_units_out_of_service_are_the_institutions_own_affair(world, client):
    path = f"/v1/room-types/{wire('rmt', world.room_type_id)}/out-of-service"
    body = {"from": world.day(2).isoformat(), "to": world.day(4).isoformat(), "reason": "热水管维修"}
    elsewhere = await world.staff(await world.add_institution(name="松江旅居（示例）"))
    callers = (elsewhere, await world.family(), await world.partner(), await world.officer())
    outage = (await (await world.staff()).post(path, body)).json()
    for method, url, json in (("POST", path, body), ("GET", path, None), ("DELETE", f"{path}/{outage['id']}", None)):
        answers = [await client.request(method, url, json=json, headers=caller.headers) for caller in callers]
        answers.append(await client.request(method, url, json=json))
        assert [answer.status_code for answer in answers] == [404, 403, 403, 403, 401], method
    assert await world.taken() == [0, 1]
