"""Which stays an institution sells: refused by the night that says so, when asking and again when taking."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.inventory import operations, queries
from marketplace.inventory.errors import (
    ClosedToArrival,
    ClosedToDeparture,
    LeadTimeTooShort,
    NotAvailable,
    StayTooLong,
    StayTooShort,
)
from marketplace.inventory.rules import NightRange
from marketplace.kit import db
from marketplace.kit.errors import Invalid
from marketplace.kit.ids import wire
from tests.support.world import World, booking_body, visit


async def ask(house, room, first, end, *, units=1, now=None):
    return await queries.stay_nights(
        room_type_id=room, check_in=house.day(first), check_out=house.day(end), unit_count=units, now=now or house.now
    )


@pytest.mark.parametrize(
    ("night", "restriction", "stay", "refusal", "facts"),
    [
        (5, {"closed_to_arrival": True}, (5, 8), ClosedToArrival, {}),
        (5, {"lead_day_count": 6}, (5, 8), LeadTimeTooShort, {"lead_day_count": 6}),
        (5, {"min_stay_count": 4}, (5, 8), StayTooShort, {"min_stay_count": 4}),
        (5, {"max_stay_count": 2}, (5, 8), StayTooLong, {"max_stay_count": 2}),
        (8, {"closed_to_departure": True}, (5, 8), ClosedToDeparture, {}),
    ],
)
async def test_a_stay_that_breaks_a_restriction_is_refused_by_its_night(
    house, night, restriction, stay, refusal, facts
):
    room = await house.add_room_type()
    await house.sell(room, night, night + 1, **restriction)
    for attempt in (ask, type(house).take):
        with pytest.raises(refusal) as refused:
            await attempt(house, room, *stay)
        assert refused.value.facts == {"night": house.day(night), **facts}
    assert await house.taken(room, 0, 30) == [0] * 30
    await house.take(room, *stay, kind="block")


@pytest.mark.parametrize(
    ("restrictions", "stay"),
    [
        # Arrival is about the first night, departure about the day after the last; what lies between says nothing.
        ([(6, {"closed_to_arrival": True}), (7, {"closed_to_departure": True}), (6, {"min_stay_count": 9})], (5, 8)),
        ([(5, {"closed_to_departure": True}), (8, {"closed_to_arrival": True})], (5, 8)),
        ([(5, {"min_stay_count": 3, "max_stay_count": 3, "lead_day_count": 5})], (5, 8)),
        ([(6, {"max_stay_count": 1})], (5, 8)),
    ],
)
async def test_a_stay_within_its_restrictions_is_sold(house, restrictions, stay):
    room = await house.add_room_type()
    for night, restriction in restrictions:
        await house.sell(room, night, night + 1, **restriction)
    assert [one.night for one in await ask(house, room, *stay)] == [house.day(n) for n in range(*stay)]
    await house.take(room, *stay)
    assert await house.taken(room, 4, 9) == [0, 1, 1, 1, 0]


async def test_a_day_beyond_what_is_on_sale_refuses_no_departure(house):
    room = await house.add_room_type(nights=10)
    await ask(house, room, 8, 10)
    await house.take(room, 8, 10)


async def test_lead_time_is_counted_in_local_days(house):
    room = await house.add_room_type()
    await house.sell(room, 3, 4, lead_day_count=3)
    almost_midnight = house.now + timedelta(hours=11, minutes=59)
    await ask(house, room, 3, 4, now=almost_midnight)
    await house.take(room, 3, 4, now=almost_midnight)
    for attempt in (ask(house, room, 3, 4, now=almost_midnight + timedelta(minutes=1)),
                    house.take(room, 3, 4, now=almost_midnight + timedelta(minutes=1))):  # fmt: skip
        with pytest.raises(LeadTimeTooShort):
            await attempt


async def test_a_restriction_stays_until_it_is_said_otherwise(house):
    room = await house.add_room_type(nights=3)
    await house.sell(room, 0, 3, max_stay_count=2, closed_to_arrival=True, closed_to_departure=True, lead_day_count=1)
    await house.sell(room, 1, 2, price_amount=30_000)
    await house.sell(
        room, 2, 3, max_stay_count=180, closed_to_arrival=False, closed_to_departure=False, lead_day_count=0
    )
    rows = await db.fetch(
        "SELECT max_stay_count, lead_day_count, closed_to_arrival, closed_to_departure FROM room_nights ORDER BY night"
    )
    assert [tuple(row) for row in rows] == [(2, 1, True, True), (2, 1, True, True), (180, 0, False, False)]


@pytest.mark.parametrize(
    ("before", "asked", "pointer"),
    [
        ({}, {"min_stay_count": 5, "max_stay_count": 4}, "/ranges/0/min_stay"),
        ({"min_stay_count": 5}, {"max_stay_count": 4}, "/ranges/0/max_stay"),
        ({"max_stay_count": 4}, {"min_stay_count": 5}, "/ranges/0/min_stay"),
    ],
)
async def test_a_shortest_stay_longer_than_the_longest_is_refused(house, before, asked, pointer):
    room = await house.add_room_type(nights=3)
    if before:
        await house.sell(room, 1, 2, **before)
    rows = await db.fetch("SELECT * FROM room_nights")
    with pytest.raises(Invalid) as refusal:
        await house.sell(room, 0, 3, **asked)
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await db.fetch("SELECT * FROM room_nights") == rows


async def test_a_closed_house_opens_for_arrivals_in_one_batch_and_the_horizon_repeats_it(house):
    room = await house.add_room_type(nights=366)
    await house.sell_ranges(
        room,
        NightRange(first=house.day(2), end=house.day(3), closed_to_arrival=True, lead_day_count=2),
        NightRange(first=house.day(3), end=house.day(4), closed_to_departure=True, max_stay_count=9),
    )
    assert await operations.extend_horizon(now=house.now) == 34
    rows = await db.fetch(
        "SELECT closed_to_arrival, lead_day_count, closed_to_departure, max_stay_count FROM room_nights"
        " WHERE night >= $1 ORDER BY night LIMIT 3",
        house.day(366),
    )
    assert [tuple(row) for row in rows] == [(True, 2, False, 180), (False, 0, True, 9), (False, 0, False, 180)]


facts = st.fixed_dictionaries(
    {},
    optional={
        "unit_count": st.sampled_from([0, 1, 2]),
        "min_stay_count": st.integers(1, 3),
        "max_stay_count": st.integers(3, 5),
        "lead_day_count": st.integers(0, 4),
        "closed_to_arrival": st.booleans(),
        "closed_to_departure": st.booleans(),
        "closed": st.booleans(),
    },
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights=st.lists(facts, min_size=6, max_size=6), first=st.integers(0, 5), length=st.integers(1, 6), units=st.sampled_from([1, 1, 2]))  # fmt: skip
async def test_asking_and_taking_refuse_the_same_stays_for_the_same_reason(house, nights, first, length, units):
    room = await house.add_room_type(units=2, nights=6)
    asked = [NightRange(first=house.day(n), end=house.day(n + 1), **found) for n, found in enumerate(nights) if found]
    if asked:
        await house.sell_ranges(room, *asked)
    answers = []
    for attempt in (ask, type(house).take):
        try:
            await attempt(house, room, first, first + length, units=units)
            answers.append(None)
        except NotAvailable as refusal:
            answers.append((refusal.code, refusal.facts))
    assert answers[0] == answers[1]


@pytest.fixture
async def world(client, planted) -> AsyncIterator[World]:
    async with visit(planted, client) as found:
        yield found


@pytest.mark.parametrize(
    ("said", "code", "fact"),
    [
        ({"max_stay": 29}, "stay_too_long", {"max_stay_count": 29}),
        ({"min_stay": 31}, "stay_too_short", {"min_stay_count": 31}),
        ({"closed_to_arrival": True}, "closed_to_arrival", {}),
        ({"lead_days": 41}, "lead_time_too_short", {"lead_day_count": 41}),
    ],
)
async def test_a_restriction_said_over_http_is_shown_and_refuses_quote_and_booking(world, client, said, code, fact):
    family, staff = await world.family(), await world.staff()
    offer = (await family.post("/v1/quotes", world.wish())).json()
    day = {"from": world.day(40).isoformat(), "to": world.day(41).isoformat()}

    answer = await client.put(
        f"/v1/room-types/{wire('rmt', world.room_type_id)}/ari", json={"ranges": [day | said]}, headers=staff.headers
    )
    grid = await client.get(f"/v1/institutions/{wire('ins', world.institution_id)}/availability", params=day)
    [night] = grid.json()["room_types"][0]["nights"]
    late = await family.post("/v1/bookings", booking_body(offer["id"]), key="k")
    again = await family.post("/v1/quotes", world.wish())

    assert answer.status_code == 200
    assert night == {"date": world.day(40).isoformat(), "available_units": 2, "price": {"amount": 20_000, "currency": "CNY"},
                     "min_stay": 1, "max_stay": 180, "lead_days": 0, "closed_to_arrival": False,
                     "closed_to_departure": False, "closed": False, "companion_beds": None, "beside_women": 0,
                     "beside_men": 0} | said  # fmt: skip
    for refused in (late, again):
        problem = refused.json()
        assert (refused.status_code, problem["code"], problem["night"]) == (409, code, world.day(40).isoformat())
        assert fact.items() <= problem.items()
    assert await world.taken() == [0]


async def test_no_stay_ends_on_a_day_that_is_closed_to_departure(world, client):
    family, staff = await world.family(), await world.staff()
    day = {"from": world.day(70).isoformat(), "to": world.day(71).isoformat(), "closed_to_departure": True}
    await client.put(
        f"/v1/room-types/{wire('rmt', world.room_type_id)}/ari", json={"ranges": [day]}, headers=staff.headers
    )
    problem = (await family.post("/v1/quotes", world.wish())).json()
    assert (problem["code"], problem["night"]) == ("closed_to_departure", world.day(70).isoformat())
    assert (await family.post("/v1/quotes", world.wish(nights=31))).status_code == 201
