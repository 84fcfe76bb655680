"""The seasons of a room type are its nights, whatever has been set in whichever order; drift is named."""

from random import Random

import pytest

from marketplace.inventory import operations as inventory
from marketplace.inventory import queries
from marketplace.inventory.rules import Drift
from marketplace.kit import db

from .conftest import NOW, day


async def test_seasons_follow_the_nights(town) -> None:
    random = Random(3)
    house = await town.open()
    room = await town.room(house, first=5, end=90)
    for _ in range(40):
        first = random.randint(0, 120)
        await town.nights(
            room,
            first,
            first + random.randint(1, 30),
            unit_count=2,
            price_amount=random.choice((10_000, 20_000)),
            min_stay_count=random.choice((1, 1, 7)),
            max_stay_count=random.choice((180, 180, 20)),
            lead_day_count=random.choice((0, 0, 5)),
            closed_to_arrival=random.choice((False, False, True)),
            closed_to_departure=random.choice((False, False, True)),
        )
        assert await queries.verify() == []
    row = await db.fetch_one("SELECT * FROM room_type_seasons WHERE room_type_id = $1", room)
    assert row["first_days"] == sorted(row["first_days"])
    assert all(first < end for first, end in zip(row["first_days"], row["end_days"], strict=True))


async def test_the_horizon_moves_with_its_seasons(town) -> None:
    house = await town.open()
    await town.room(house, end=200)

    assert await inventory.extend_horizon(now=NOW) == 200
    assert await queries.verify() == []


async def test_a_season_that_lies_is_named(town) -> None:
    house = await town.open()
    room = await town.room(house, end=3)
    await db.execute("UPDATE room_type_seasons SET price_amounts = '{9900}' WHERE room_type_id = $1", room)

    assert await queries.verify() == [
        Drift(room_type_id=room, night=day(n), fact="price_amount", expected=20_000, found=9_900) for n in range(3)
    ]


async def test_a_booking_leaves_them_alone(town, count_queries) -> None:
    house = await town.open()
    room = await town.room(house)
    before = await db.fetch_one("SELECT xmin, * FROM room_type_seasons WHERE room_type_id = $1", room)
    await town.take(room, 10, 40, units=2)

    assert await db.fetch_one("SELECT xmin, * FROM room_type_seasons WHERE room_type_id = $1", room) == before


@pytest.mark.parametrize(
    "lie",
    [
        "UPDATE room_type_locks SET stay_min_count = 1",
        "UPDATE room_type_locks SET stay_max_count = 180",
        "UPDATE room_type_locks SET lead_day_count = 0",
        "UPDATE room_type_locks SET has_closed_days = false",
        "UPDATE room_type_seasons SET before_amounts = '{0, 1}'",
        "UPDATE room_type_seasons SET max_stay_counts = '{180, 180}'",
    ],
)
async def test_whatever_search_trusts_is_compared_with_the_nights(town, lie) -> None:
    house = await town.open()
    room = await town.room(house, end=3)
    await town.nights(room, 1, 3, min_stay_count=2, max_stay_count=20, lead_day_count=1, closed_to_arrival=True)
    assert await queries.verify() == []
    await db.execute(f"{lie} WHERE room_type_id = $1", room)

    assert {(drift.room_type_id, drift.night) for drift in await queries.verify()} == {(room, day(1)), (room, day(2))}


async def test_what_is_not_on_sale_is_closed(town) -> None:
    house = await town.open()
    room = await town.room(house, first=2, end=5)
    await town.nights(room, 7, 9, unit_count=2, price_amount=20_000)
    await town.take(room, 3, 4, units=2)
    closed = await db.fetch_value("SELECT closed::text FROM room_type_locks WHERE room_type_id = $1", room)
    assert closed == f"{{(,{day(2)}),[{day(3)},{day(4)}),[{day(5)},{day(7)}),[{day(9)},)}}"

    await db.execute("UPDATE room_type_locks SET closed = '{(,)}' WHERE room_type_id = $1", room)
    assert {drift.night for drift in await queries.verify()} == {day(2), day(4), day(7), day(8)}
    await db.execute("UPDATE room_type_locks SET closed = '{}' WHERE room_type_id = $1", room)
    assert {day(3), day(5), day(6), day(9)} <= {drift.night for drift in await queries.verify()}
