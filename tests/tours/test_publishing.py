from datetime import timedelta

import asyncpg
import pytest

from marketplace.certifications.errors import InstitutionNotBookable, StayBeyondCertificate
from marketplace.inventory.errors import NotAvailable
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id
from marketplace.tours import queries
from marketplace.tours.rules import ItineraryDay, decide_at


def pointer(refused) -> str:
    return refused.value.fields[0].pointer


async def test_a_published_tour_is_read_back_whole(world):
    tour_id = await world.publish()

    tour = await queries.tour(tour_id)
    assert tour.night_count == 4
    assert tour.published_at == world.now
    assert [day.place_code for day in tour.itinerary] == ["erdaobaihe"] * 5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"organiser_licence": ""}, "/organiser_licence"),
        ({"organiser_licence": "12345"}, "/organiser_licence"),
        ({"organiser_name": " "}, "/organiser_name"),
        ({"group_min_count": 0}, "/group_min_count"),
        ({"group_max_count": 3}, "/group_max_count"),
        ({"itinerary": ()}, "/itinerary"),
        ({"inclusions": ()}, "/inclusions"),
        ({"inclusions": (" ",)}, "/inclusions"),
        ({"services": ("lodging",)}, "/services"),
        ({"services": ("lodging", "lodging")}, "/services"),
    ],
)
async def test_a_package_that_does_not_say_what_the_law_wants_said_is_not_published(world, changes, field):
    """R07; 旅游法 58 and 111."""
    with pytest.raises(Invalid) as refused:
        await world.publish(**changes)

    assert pointer(refused) == field
    assert await fetch_value("SELECT count(*) FROM tours") == 0


async def test_the_database_too_refuses_a_package_without_a_licence(world):
    tour_id = await world.publish()
    for change in ("organiser_licence = 'none'", "inclusions = '{}'", "itinerary = '[]'", "group_min_count = 0"):
        with pytest.raises(asyncpg.CheckViolationError):
            async with transaction():
                await execute(f"UPDATE tours SET {change} WHERE id = $1", tour_id)


async def test_an_itinerary_lists_every_day_and_known_places(world):
    def day(number, place="erdaobaihe", title="x"):
        return ItineraryDay(day=number, place_code=place, title=title, title_en="x")

    for days, field in (
        ((day(1), day(3)), "/itinerary/1/day"),
        ((day(1), day(2, place="atlantis")), "/itinerary/1/place_code"),
        ((day(1, title=" "), day(2)), "/itinerary/0/title"),
        ((day(1),), "/itinerary"),
    ):
        with pytest.raises(Invalid) as refused:
            await world.publish(itinerary=days)
        assert pointer(refused) == field


async def test_one_name_one_tour(world):
    await world.publish()

    with pytest.raises(Invalid) as refused:
        await world.publish()
    assert pointer(refused) == "/name"
    assert await fetch_value("SELECT count(*) FROM tours") == 1


async def test_a_departure_takes_its_blocks_in_every_institution(world):
    one, two = [await world.add_room_type(house) for house in world.houses]

    departure_id = await world.open(await world.publish(), [(one, 3), (two, 2)])

    departure = await world.read(departure_id)
    assert (departure.status, departure.traveller_count, departure.group_max_count) == ("open", 0, 8)
    assert [(block.institution_id, block.unit_count, block.is_bookable) for block in departure.blocks] == [
        (world.houses[0], 3, True),
        (world.houses[1], 2, True),
    ]
    assert (await world.taken(one), await world.taken(two)) == ([3] * 4, [2] * 4)
    assert departure.decide_at == decide_at(departure.check_in)


async def test_opening_is_news_and_stages_its_own_decision(world):
    room = await world.add_room_type(world.houses[0])

    departure_id = await world.open(await world.publish(), [(room, 4)])

    rows = await fetch("SELECT kind, payload, audience, due_at FROM outbox ORDER BY due_at")
    assert [(row["kind"], row["audience"], row["due_at"]) for row in rows] == [
        ("departure.opened", "public", world.now),
        ("tours.decide_formation", "nobody", decide_at(world.day(40))),
    ]
    assert all(str(departure_id) in row["payload"] for row in rows)


async def test_blocks_are_taken_in_all_institutions_or_in_none(world):
    free, scarce = await world.add_room_type(world.houses[0]), await world.add_room_type(world.houses[1], units=1)
    tour_id = await world.publish()

    for order in ([(free, 3), (scarce, 2)], [(scarce, 2), (free, 3)]):
        with pytest.raises(NotAvailable) as refused:
            await world.open(tour_id, order)
        assert refused.value.facts["first_full_night"] == world.day(40)

    assert (await world.taken(free), await world.taken(scarce)) == ([0] * 4, [0] * 4)
    for table in ("departures", "departure_blocks", "allocations"):
        assert await fetch_value(f"SELECT count(*) FROM {table}") == 0
    assert await fetch_value("SELECT count(*) FROM outbox") == 0


async def test_every_institution_of_a_departure_must_be_bookable_when_it_opens(world):
    one, two = [await world.add_room_type(house) for house in world.houses]
    tour_id = await world.publish()
    await world.suspend(world.houses[1])

    with pytest.raises(InstitutionNotBookable):
        await world.open(tour_id, [(one, 2), (two, 2)])
    await execute(
        "UPDATE certifications SET status = 'certified', restricted_by = NULL, valid_until_on = $1", world.day(42)
    )
    with pytest.raises(StayBeyondCertificate):
        await world.open(tour_id, [(one, 2), (two, 2)])
    assert await world.taken(one) == [0] * 4


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"first": 6}, "/check_in"),
        ({"nights": 5}, "/check_out"),
        ({"price_amount": 0}, "/price_amount"),
        ({"group_min_count": 9}, "/group_max_count"),
        ({"group_max_count": 9}, "/blocks"),
    ],
)
async def test_a_departure_that_cannot_be_is_refused_by_name(world, facts, field):
    room = await world.add_room_type(world.houses[0])
    tour_id = await world.publish()

    with pytest.raises(Invalid) as refused:
        await world.open(tour_id, [(room, 4)], **facts)
    assert pointer(refused) == field
    assert await fetch_value("SELECT count(*) FROM departures") == 0


async def test_impossible_blocks_are_refused_by_name(world):
    room = await world.add_room_type(world.houses[0])
    tour_id = await world.publish()

    for blocks, field in (
        ([], "/blocks"),
        ([(room, 0)], "/blocks/0/unit_count"),
        ([(room, 2), (room, 2)], "/blocks/1/room_type_id"),
        ([(room, 2), (new_id(), 2)], "/blocks/1/room_type_id"),
    ):
        with pytest.raises(Invalid) as refused:
            await world.open(tour_id, blocks)
        assert pointer(refused) == field
    with pytest.raises(NotFound):
        await world.open(new_id(), [(room, 4)])


async def test_the_last_day_on_which_a_departure_may_be_opened(world):
    """Day 7 is decided at its own midnight, seven days before: at the end of today."""
    room = await world.add_room_type(world.houses[0])
    tour_id = await world.publish()

    departure_id = await world.open(tour_id, [(room, 4)], first=7)

    departure = await world.read(departure_id)
    assert departure.decide_at - world.now == timedelta(hours=12)
    row = await fetch_one("SELECT action FROM audit_events WHERE subject_id = $1", departure_id)
    assert row["action"] == "departure.opened"
