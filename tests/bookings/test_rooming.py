"""Rooms at the front desk: given out nights ahead, final at check-in, shown to the house alone."""

from datetime import timedelta
from uuid import UUID

import httpx

from marketplace.bookings import operations
from marketplace.bookings.rules import Guest, prefers_step_free
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value
from marketplace.kit.ids import new_id, parse, wire
from marketplace.tours import operations as tours
from marketplace.tours.rules import BlockWanted, DepartureDraft
from tests.support.world import Caller, World, booking_body, read
from tests.tours.conftest import DRAFT

ROOMS = [
    {"number": "301", "floor": 3, "has_lift": False, "wing": "东", "in_room": None},
    {"number": "101", "floor": 1, "has_lift": False, "wing": "西", "in_room": None},
]


async def furnish(world: World, staff: Caller, rooms=ROOMS) -> httpx.Response:
    assert world.client is not None
    path = f"/v1/room-types/{wire('rmt', world.room_type_id)}/rooms"
    return await world.client.put(path, json={"rooms": rooms}, headers=staff.headers)


def numbers(booking: dict) -> list[str]:
    return [room["number"] for room in booking["rooms"]]


async def days_later(world: World, days: int) -> Caller:
    """Let days pass; returns the staff of the house, signed in anew."""
    clock.travel(timedelta(days=days))
    world.now = clock.now()
    return await world.staff()


async def test_an_institution_says_which_rooms_it_has(world: World) -> None:
    staff = await world.staff()
    answer = await furnish(world, staff)
    path = f"/v1/room-types/{wire('rmt', world.room_type_id)}/rooms"
    assert (answer.status_code, answer.json()) == (200, {"items": ROOMS, "next_cursor": None})
    assert (await staff.get(path)).json() == answer.json()
    many = await furnish(world, staff, [*ROOMS, {"number": "302", "floor": 3}])
    assert (many.status_code, many.json()["errors"][0]["pointer"]) == (422, "/rooms")
    assert (await staff.get(path)).json() == answer.json()


async def test_elders_arrive_without_stairs_and_only_the_house_sees_where(world: World, confirm) -> None:
    family, staff = await world.family(), await world.staff()
    await furnish(world, staff)
    booking = await confirm(family, first=10, nights=14)
    assert await operations.assign_rooms(now=world.now) == 1
    assert numbers(await read(staff, booking)) == []

    staff = await days_later(world, 8)
    assert await operations.assign_rooms(now=world.now) == 1
    [arrival] = (await staff.get("/v1/arrivals")).json()["items"]
    # Born in 1950: the ground floor, although 301 comes first.
    assert numbers(arrival) == ["101"]
    family = await world.family()
    assert (await read(family, booking))["rooms"] == []

    staff = await days_later(world, 10)
    arrived = await staff.post(f"/v1/bookings/{booking['id']}/check-in")
    assert (arrived.status_code, arrived.json()["rooms"]) == (200, [ROOMS[1]])


async def test_check_in_gives_a_room_although_no_worker_ever_ran(world: World, confirm) -> None:
    staff = await world.staff()
    await furnish(world, staff)
    booking = await confirm(await world.family(), first=10, nights=14)
    staff = await days_later(world, 11)
    arrived = await staff.post(f"/v1/bookings/{booking['id']}/check-in")
    assert (arrived.json()["status"], numbers(arrived.json())) == ("checked_in", ["101"])
    assert await fetch_value("SELECT lower(stay) FROM room_assignments") == world.today


async def test_a_house_that_named_too_few_rooms_still_receives_its_guests(world: World, confirm) -> None:
    staff = await world.staff()
    await furnish(world, staff, ROOMS[:1])
    bookings = [await confirm(await world.family(f"+861380013800{n}"), first=10, nights=14) for n in range(2)]
    staff = await days_later(world, 10)
    arrived = [(await staff.post(f"/v1/bookings/{booking['id']}/check-in")).json() for booking in bookings]
    assert [booking["status"] for booking in arrived] == ["checked_in", "checked_in"]
    assert sorted(map(numbers, arrived)) == [[], ["301"]]


async def test_a_check_in_that_is_refused_gives_out_nothing(world: World, confirm) -> None:
    staff = await world.staff()
    await furnish(world, staff)
    booking = await confirm(await world.family(), first=2, nights=14)
    refused = await staff.post(f"/v1/bookings/{booking['id']}/check-in")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_early")
    assert await fetch_value("SELECT count(*) FROM room_assignments") == 0


async def test_a_cancelled_stay_gives_its_room_back(world: World, confirm) -> None:
    family, staff = await world.family(), await world.staff()
    await furnish(world, staff)
    booking = await confirm(family, first=2, nights=14)
    await operations.assign_rooms(now=world.now)
    assert numbers(await read(staff, booking)) == ["101"]
    offer = await family.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")
    body = {"cancellation_quote_id": offer.json()["id"]}
    assert (await family.post(f"/v1/bookings/{booking['id']}/cancellation", body, key="c")).status_code == 200
    assert await fetch_value("SELECT count(*) FROM room_assignments") == 0


async def test_guests_of_a_tour_live_in_the_rooms_of_its_block(world: World, pay) -> None:
    staff, family = await world.staff(), await world.family()
    await furnish(world, staff)
    departure_id = await _depart(world, first=40)
    offer = await family.post("/v1/quotes", {"departure_id": wire("dep", departure_id), "travellers": [{}, {}]})
    held = await family.post("/v1/bookings", booking_body(offer.json()["id"]), key=new_id().hex)
    booking = await pay(family, held.json())
    # A group that has left is no matter of formation any more; here it is only about rooms.
    await execute("UPDATE bookings SET paid_amount = total_amount WHERE id = $1", parse("bkg", booking["id"]))

    staff = await days_later(world, 40)
    await operations.assign_rooms(now=world.now)
    [arrival] = (await staff.get("/v1/arrivals")).json()["items"]
    arrived = await staff.post(f"/v1/bookings/{booking['id']}/check-in")

    assert numbers(arrival) == ["101"]
    assert (arrived.json()["status"], numbers(arrived.json())) == ("checked_in", ["101"])
    # The block has two rooms; the one that nobody booked is kept for it too.
    assert await fetch_value("SELECT count(*) FROM room_assignments WHERE occupant_id IS NULL") == 1


async def _depart(world: World, *, first: int) -> UUID:
    tour_id = await tours.publish_tour(draft=DRAFT, actor=SYSTEM, now=world.now)
    draft = DepartureDraft(
        tour_id=tour_id,
        check_in=world.day(first),
        check_out=world.day(first + 4),
        price_amount=458_000,
        group_min_count=2,
        group_max_count=4,
        blocks=(BlockWanted(room_type_id=world.room_type_id, unit_count=2),),
    )
    return await tours.open_departure(draft=draft, actor=SYSTEM, now=world.now)


def test_who_is_spared_stairs() -> None:
    young, old = Guest(name="李娜", birth_year=1975), Guest(name="王秀英", birth_year=1952)
    unknown = Guest(name="赵德明")
    assert prefers_step_free([young, old], year=2027)
    assert not prefers_step_free([young, old, unknown], year=2026)
    assert not prefers_step_free([unknown], year=2027)
