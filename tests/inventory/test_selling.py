"""What an institution puts on sale, and the horizon that a nightly job keeps 400 nights away."""

from datetime import timedelta

import pytest

from marketplace.identity.rules import Principal
from marketplace.inventory import operations, queries
from marketplace.inventory.errors import NotAvailable, UnitsBelowTaken
from marketplace.inventory.rules import NightRange
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id


async def rows(room_type_id, first, end) -> list[tuple]:
    found = await db.fetch(
        "SELECT unit_count, price_amount, min_stay_count, closed FROM room_nights"
        " WHERE room_type_id = $1 AND night >= $2 AND night < $3 ORDER BY night",
        room_type_id,
        first,
        end,
    )
    return [tuple(row) for row in found]


async def test_a_batch_sets_new_nights_and_changes_only_what_it_names(house):
    room = await house.add_room_type(units=5, nights=4)
    assert await house.sell(room, 1, 3, price_amount=30_000) == 2
    await house.sell(room, 2, 4, min_stay_count=3, closed=True)
    assert await rows(room, house.day(0), house.day(9)) == [
        (5, 20_000, 1, False),
        (5, 30_000, 1, False),
        (5, 30_000, 3, True),
        (5, 20_000, 3, True),
    ]
    assert await house.available(room, 0, 4) == [5, 5, 0, 0]
    assert await queries.verify() == []


async def test_several_ranges_are_one_batch(house):
    room = await house.add_room_type(nights=0)
    count = await house.sell_ranges(
        room,
        NightRange(first=house.day(5), end=house.day(6), unit_count=2, price_amount=90_000),
        NightRange(first=house.day(0), end=house.day(5), unit_count=1, price_amount=10_000),
    )
    assert count == 6
    assert await house.available(room, 0, 9) == [1, 1, 1, 1, 1, 2]


async def test_several_room_types_are_one_batch(house):
    one, other = await house.add_room_type(nights=0), await house.add_room_type(units=5, nights=4)
    count = await operations.set_nights_of_many(
        actor=SYSTEM,
        ranges={
            other: [NightRange(first=house.day(2), end=house.day(6), unit_count=3, price_amount=30_000)],
            one: [
                NightRange(first=house.day(1), end=house.day(2), unit_count=2, price_amount=90_000),
                NightRange(first=house.day(0), end=house.day(1), unit_count=1, price_amount=10_000),
            ],
        },
        now=house.now,
    )
    assert count == 6
    assert await rows(one, house.day(0), house.day(9)) == [(1, 10_000, 1, False), (2, 90_000, 1, False)]
    assert await house.available(other, 0, 9) == [5, 5, 3, 3, 3, 3]
    assert await queries.verify() == []
    seasons = await db.fetch(
        "SELECT room_type_id, cardinality(first_days) FROM room_type_seasons WHERE room_type_id = ANY($1)", [one, other]
    )
    assert dict(seasons) == {one: 2, other: 2}
    assert await db.fetch_value("SELECT count(*) FROM audit_events WHERE subject_id = ANY($1)", [one, other]) == 3


async def test_what_is_refused_of_one_room_type_is_refused_of_all(house):
    one, other = await house.add_room_type(units=3), await house.add_room_type(units=3)
    await house.take(other, 4, 6, units=2)
    before = [await rows(room, house.day(0), house.day(30)) for room in (one, other)]
    asked = [NightRange(first=house.day(0), end=house.day(30), unit_count=1)]
    with pytest.raises(UnitsBelowTaken) as refusal:
        await operations.set_nights_of_many(actor=SYSTEM, ranges={one: asked, other: asked}, now=house.now)
    assert refusal.value.facts["night"] == house.day(4)
    with pytest.raises(NotFound):
        await operations.set_nights_of_many(actor=SYSTEM, ranges={one: asked, new_id(): asked}, now=house.now)
    new = [NightRange(first=house.day(n), end=house.day(n + 1), price_amount=1) for n in (29, 30)]
    with pytest.raises(Invalid) as invalid:
        await operations.set_nights_of_many(actor=SYSTEM, ranges={one: asked, other: new}, now=house.now)
    assert [field.pointer for field in invalid.value.fields] == ["/ranges/1/units"]
    assert [await rows(room, house.day(0), house.day(30)) for room in (one, other)] == before


async def test_a_closed_night_is_not_sold_and_opens_again(house):
    room = await house.add_room_type()
    await house.sell(room, 3, 4, closed=True)
    with pytest.raises(NotAvailable) as refusal:
        await house.take(room, 1, 6)
    assert refusal.value.facts["first_full_night"] == house.day(3)
    await house.sell(room, 3, 4, closed=False)
    await house.take(room, 1, 6)


async def test_fewer_units_close_a_night_and_more_open_it(house):
    room = await house.add_room_type(units=3)
    await house.take(room, 2, 3)
    await house.sell(room, 2, 3, unit_count=1)
    assert await house.available(room, 1, 4) == [3, 0, 3]
    with pytest.raises(NotAvailable):
        await house.take(room, 2, 3)
    await house.sell(room, 2, 3, unit_count=2)
    await house.take(room, 2, 3)
    assert await queries.verify() == []


async def test_units_may_not_go_below_what_is_taken_and_the_whole_batch_is_refused(house):
    room = await house.add_room_type(units=3)
    await house.take(room, 4, 6, units=2)
    before = await rows(room, house.day(0), house.day(30))
    with pytest.raises(UnitsBelowTaken) as refusal:
        await house.sell(room, 0, 30, unit_count=1)
    assert refusal.value.facts == {"night": house.day(4), "taken_count": 2}
    assert await rows(room, house.day(0), house.day(30)) == before


async def test_a_lapsed_hold_does_not_keep_units_up(house):
    room = await house.add_room_type(units=3)
    await house.take(room, 4, 6, units=3, hold_s=-1)
    await house.sell(room, 0, 30, unit_count=0)
    assert await house.taken(room, 4, 6) == [0, 0]
    assert await queries.verify() == []


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"first": 3, "end": 3, "price_amount": 1}, "/ranges/0/to"),
        ({"first": 4, "end": 3, "price_amount": 1}, "/ranges/0/to"),
        ({"first": -1, "end": 3, "price_amount": 1}, "/ranges/0/from"),
        ({"first": 1, "end": 401, "price_amount": 1}, "/ranges/0/to"),
        ({"first": 1, "end": 3, "unit_count": 4}, "/ranges/0/units"),
        ({"first": 1, "end": 3, "price_amount": 0}, "/ranges/0/price"),
        ({"first": 1, "end": 3, "price_amount": 100_000_001}, "/ranges/0/price"),
        ({"first": 29, "end": 31, "price_amount": 1}, "/ranges/0/units"),
        ({"first": 30, "end": 31, "unit_count": 1}, "/ranges/0/price"),
    ],
)
async def test_what_no_institution_can_mean_is_refused_by_its_field(house, facts, pointer):
    room = await house.add_room_type(units=3, nights=30)
    before = await rows(room, house.day(0), house.day(400))
    with pytest.raises(Invalid) as refusal:
        await house.sell(room, facts.pop("first"), facts.pop("end"), **facts)
    assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await rows(room, house.day(0), house.day(400)) == before


async def test_ranges_that_overlap_are_refused_because_either_could_be_meant(house):
    room = await house.add_room_type()
    one = NightRange(first=house.day(5), end=house.day(9), price_amount=1)
    other = NightRange(first=house.day(1), end=house.day(6), price_amount=2)
    with pytest.raises(Invalid) as refusal:
        await house.sell_ranges(room, one, other)
    assert [(field.pointer, field.en) for field in refusal.value.fields] == [
        ("/ranges/0/from", "Overlaps with ranges[1].")
    ]


async def test_an_institution_reaches_only_its_own_room_types(house):
    room = await house.add_room_type()
    nights = [NightRange(first=house.day(0), end=house.day(1), price_amount=1)]

    async def set_as(institution_id):
        staff = Principal(kind="institution", id=new_id(), session_id=new_id(), institution_id=institution_id)
        return await operations.set_nights(actor=staff, room_type_id=room, ranges=nights, now=house.now)

    for stranger in (new_id(), None):
        with pytest.raises(NotFound):
            await set_as(stranger)
    assert await rows(room, house.day(0), house.day(1)) == [(2, 20_000, 1, False)]
    assert await set_as(house.id) == 1


async def test_a_room_type_added_while_the_sale_is_stopped_is_stopped_too(house):
    await house.add_room_type()
    async with db.transaction():
        await operations.stop_sale(institution_id=house.id)
    late = await house.add_room_type()
    with pytest.raises(NotAvailable):
        await house.take(late, 0, 1)


async def test_setting_nights_leaves_an_audit_line(house):
    room = await house.add_room_type()
    row = await db.fetch_one("SELECT * FROM audit_events WHERE action = 'inventory.nights_set'")
    assert (row["subject_id"], row["actor_kind"], row["recorded_at"]) == (room, SYSTEM.kind, house.now)


async def test_the_horizon_grows_by_the_same_weekday_a_year_earlier(house):
    room = await house.add_room_type(units=5, nights=400)
    await house.sell(room, 400 - 364, 401 - 364, price_amount=77_700, min_stay_count=4)
    await house.sell(room, 401 - 364, 402 - 364, closed=True)
    assert await operations.extend_horizon(now=house.now) == 0
    assert await operations.extend_horizon(now=house.now + timedelta(days=3)) == 3
    assert await rows(room, house.day(400), house.day(500)) == [
        (5, 77_700, 4, False),
        (5, 20_000, 1, True),
        (5, 20_000, 1, False),
    ]
    assert house.day(400).weekday() == house.day(400 - 364).weekday()
    assert await house.available(room, 399, 404) == [5, 5, 0, 5]
    assert await operations.extend_horizon(now=house.now + timedelta(days=3)) == 0
    assert await queries.verify() == []


async def test_a_horizon_without_a_year_behind_it_repeats_the_last_night_known(house):
    room = await house.add_room_type(units=5, nights=0)
    await house.sell(room, 0, 1, unit_count=4, price_amount=10_000)
    await house.sell(room, 1, 2, unit_count=3, price_amount=11_000)
    assert await operations.extend_horizon(now=house.now) == 398
    found = await rows(room, house.day(0), house.day(500))
    # The 364th night on, the first two nights are a year back and are repeated in their turn.
    assert found[2:364] == [(3, 11_000, 1, False)] * 362
    assert found[364:] == [(4, 10_000, 1, False)] + [(3, 11_000, 1, False)] * 35
