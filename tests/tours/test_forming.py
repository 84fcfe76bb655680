import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from marketplace.tours import operations
from marketplace.tours.rules import TourKind, decide, decide_at, escorts, price_seats
from marketplace.tours.states import DEPARTURE, Event, Status


async def decision_of(world, departure_id):
    return (await world.read(departure_id)).decide_at


async def news():
    rows = await fetch("SELECT kind, audience FROM outbox WHERE kind LIKE 'departure.%' ORDER BY published_at, id")
    return [(row["kind"], row["audience"]) for row in rows][1:]


def test_the_decision_falls_at_midnight_seven_days_before():
    """R08: check-in on 10 July means the end of 3 July in Jilin, which is 16:00 UTC."""
    assert decide_at(date(2027, 7, 10)) == datetime(2027, 7, 3, 16, 0, tzinfo=UTC)


@given(confirmed=st.integers(0, 2000), group_min=st.integers(1, 2000))
def test_a_group_forms_exactly_from_its_minimum_on(confirmed, group_min):
    expected = "guaranteed" if confirmed >= group_min else "not_formed"
    assert decide(confirmed_count=confirmed, group_min_count=group_min) == expected


@given(amount=st.integers(1, 10**9), travellers=st.integers(1, 2000))
def test_two_parties_of_one_size_pay_the_same_and_larger_ones_pro_rata(amount, travellers):
    lines = price_seats(amount, traveller_count=travellers)
    assert sum(line.amount for line in lines) == amount * travellers
    assert lines == price_seats(amount, traveller_count=travellers)


def test_what_has_been_decided_stays_decided():
    assert DEPARTURE.allows(Status.OPEN, Event.FORM)
    assert DEPARTURE.allows(Status.OPEN, Event.FAIL)
    for status in (Status.GUARANTEED, Status.NOT_FORMED, Status.DEPARTED):
        assert not DEPARTURE.allows(status, Event.FAIL)
        assert not DEPARTURE.allows(status, Event.FORM)


@pytest.mark.parametrize(
    ("kind", "travellers", "leaders", "doctors"),
    [("custom", 10, 1, 0), ("custom", 26, 2, 0), ("family", 100, 4, 1), ("train", 30, 2, 1), ("train", 1000, 40, 1)],
)
def test_who_must_travel_with_elders(kind, travellers, leaders, doctors):
    found = escorts(TourKind(kind), traveller_count=travellers)
    assert (found.leader_count, found.doctor_count) == (leaders, doctors)


async def test_enough_paid_travellers_guarantee_the_departure(trip):
    world, departure_id = trip
    await world.seat(departure_id, 4)
    decision = await decision_of(world, departure_id)

    assert await operations.decide_formation(departure_id=departure_id, now=decision) == "guaranteed"

    departure = await world.read(departure_id, now=decision)
    assert (departure.status, departure.decided_at) == ("guaranteed", decision)
    assert await news() == [("departure.guaranteed", "public")]
    assert [block.unit_count for block in departure.blocks] == [2, 2]


async def test_too_few_paid_travellers_do_not_form_it_and_the_blocks_are_free_again(trip):
    """A hold that has not been paid for does not count, however fresh it is (R08; 旅游法 63)."""
    world, departure_id = trip
    decision = await decision_of(world, departure_id)
    paid = await world.seat(departure_id, 3)
    await world.seat(departure_id, 2, hold_s=1800, now=decision - timedelta(minutes=1))
    rooms = [block.room_type_id for block in (await world.read(departure_id)).blocks]
    assert [await world.taken(room) for room in rooms] == [[2] * 4] * 2

    assert await operations.decide_formation(departure_id=departure_id, now=decision) == "not_formed"

    assert await news() == [("departure.not_formed", "public")]
    assert [await world.taken(room) for room in rooms] == [[0] * 4] * 2
    assert await fetch_value("SELECT count(*) FROM allocations") == 0
    # Cancelling the bookings comes after, and still finds its seats.
    assert await world.unseat(departure_id, paid.seat_id)
    assert await fetch_value("SELECT traveller_count FROM departures") == 2


async def test_deciding_again_changes_nothing(trip):
    world, departure_id = trip
    seat = await world.seat(departure_id, 4)
    decision = await decision_of(world, departure_id)
    await operations.decide_formation(departure_id=departure_id, now=decision)
    await world.unseat(departure_id, seat.seat_id)

    later = decision + timedelta(hours=1)
    assert await operations.decide_formation(departure_id=departure_id, now=later) == "guaranteed"
    assert await operations.decide_due(now=later) == 0

    assert await news() == [("departure.guaranteed", "public")]
    assert (await world.read(departure_id)).decided_at == decision


async def test_nothing_is_decided_before_its_time(trip):
    world, departure_id = trip
    decision = await decision_of(world, departure_id)
    early = decision - timedelta(seconds=1)

    assert await operations.decide_formation(departure_id=departure_id, now=early) == "open"
    assert await operations.decide_due(now=early) == 0
    assert await news() == []
    with pytest.raises(NotFound):
        await operations.decide_formation(departure_id=new_id(), now=decision)


async def test_the_sweep_decides_what_is_due_and_lets_depart_what_has_left(trip):
    world, formed = trip
    await world.seat(formed, 4)
    room = await world.add_room_type(world.houses[0])
    failed = await world.open(await world.publish(name="另一产品"), [(room, 4)], first=41)
    decision = await decision_of(world, failed)

    assert await operations.decide_due(now=decision) == 2
    assert [(await world.read(one)).status for one in (formed, failed)] == ["guaranteed", "not_formed"]

    assert await operations.depart_due(now=decision) == 0
    leaving = decision + timedelta(days=6)
    assert await operations.depart_due(now=leaving) == 1
    assert [(await world.read(one)).status for one in (formed, failed)] == ["departed", "not_formed"]
    assert await operations.depart_due(now=leaving) == 0


async def test_deciding_at_once_decides_once(committed_world):
    world = committed_world
    room = await world.add_room_type(world.houses[0])
    departure_id = await world.open(await world.publish(), [(room, 4)])
    decision = await decision_of(world, departure_id)

    answers = await asyncio.gather(
        *(operations.decide_formation(departure_id=departure_id, now=decision) for _ in range(6))
    )

    assert answers == ["not_formed"] * 6
    assert await news() == [("departure.not_formed", "public")]
