"""Whatever happens to seats, in whatever order, the counters say what the seats say, and nothing is oversold."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import db
from marketplace.kit.db import fetch
from marketplace.kit.errors import DomainError
from marketplace.kit.ids import new_id
from marketplace.tours import operations
from marketplace.tours.rules import Block, choose_block, units_for

_DRIFT = """
SELECT d.traveller_count AS counted, coalesce(sum(s.traveller_count) FILTER (WHERE NOT s.is_released), 0) AS seated
  FROM departures d LEFT JOIN departure_seats s ON s.departure_id = d.id GROUP BY d.id
UNION ALL
SELECT b.taken_count, coalesce(sum(s.unit_count) FILTER (WHERE NOT s.is_released), 0)
  FROM departure_blocks b LEFT JOIN departure_seats s ON s.block_id = b.id GROUP BY b.id
"""


@pytest.mark.parametrize("seed", range(6))
async def test_counters_follow_the_seats(trip, seed):
    """A long random life of one departure; every step either succeeds or refuses, and the sums hold after each."""
    world, departure_id = trip
    chance, now = random.Random(seed), world.now
    seats = []
    outcomes = set()
    for _ in range(60):
        now += timedelta(seconds=chance.randrange(0, 90))
        act = chance.choice(["hold", "hold", "buy", "keep", "give back", "extend"])
        try:
            async with db.transaction():
                await step(act, departure_id, seats, chance=chance, now=now)
            outcomes.add((act, "done"))
        except DomainError as refusal:
            outcomes.add((act, refusal.code))
        rows = await fetch(_DRIFT)
        assert [row["counted"] for row in rows] == [row["seated"] for row in rows]
        departure = await world.read(departure_id, now=now)
        assert 0 <= departure.traveller_count <= 8
        assert all(0 <= block.taken_count <= block.unit_count for block in departure.blocks)
    assert {("hold", "done"), ("hold", "departure_full")} <= outcomes


async def step(act, departure_id, seats, *, chance, now):
    if act in ("hold", "buy"):
        booking_id, travellers = new_id(), chance.randrange(1, 6)
        expires_at = now + timedelta(seconds=chance.randrange(30, 300)) if act == "hold" else None
        seat = await operations.seat(
            departure_id=departure_id,
            booking_id=booking_id,
            traveller_count=travellers,
            expires_at=expires_at,
            now=now,
        )
        seats.append((seat.seat_id, booking_id, travellers))
    elif seats:
        seat_id, booking_id, travellers = chance.choice(seats)
        if act == "keep":
            await operations.keep_seat(
                departure_id=departure_id, seat_id=seat_id, booking_id=booking_id, traveller_count=travellers, now=now
            )
        elif act == "extend":
            await operations.extend_seat(
                departure_id=departure_id, seat_id=seat_id, expires_at=now + timedelta(seconds=120)
            )
        else:
            await operations.unseat(departure_id=departure_id, seat_id=seat_id)


def block(position, units, per_unit, taken):
    return Block(
        id=new_id(),
        institution_id=new_id(),
        room_type_id=new_id(),
        position=position,
        unit_count=units,
        guests_per_unit=per_unit,
        taken_count=min(taken, units),
        is_bookable=True,
    )


@given(
    shapes=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 4), st.integers(0, 30)), max_size=5),
    travellers=st.integers(1, 40),
)
def test_a_party_fits_whole_or_not_at_all(shapes, travellers):
    blocks = [block(i, *shape) for i, shape in enumerate(shapes)]
    hosts = {found.institution_id for found in blocks}
    fits = [
        found for found in blocks if units_for(travellers, guests_per_unit=found.guests_per_unit) <= found.free_count
    ]

    chosen = choose_block(blocks, hosts=hosts, traveller_count=travellers)

    assert (chosen in fits) if fits else chosen is None
    if chosen is not None:
        left = [found.free_count * found.guests_per_unit for found in fits]
        assert chosen.free_count * chosen.guests_per_unit == min(left)
        assert choose_block(blocks, hosts=hosts - {chosen.institution_id}, traveller_count=travellers) != chosen


@given(travellers=st.integers(1, 2000), per_unit=st.integers(1, 8))
def test_a_party_takes_the_fewest_rooms_that_hold_it(travellers, per_unit):
    units = units_for(travellers, guests_per_unit=per_unit)
    assert (units - 1) * per_unit < travellers <= units * per_unit
