"""The two routes of inventory, as strangers, the institution and everybody else meet them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from marketplace.inventory import operations
from marketplace.kit import clock, db
from marketplace.kit.ids import new_id, wire
from tests.support.planted import Plant
from tests.support.world import World, visit


@pytest.fixture
async def world(client: httpx.AsyncClient, planted: Plant) -> AsyncIterator[World]:
    async with visit(planted, client, units=3) as found:
        yield found


def grid(world: World, institution_id: UUID | None = None) -> str:
    return f"/v1/institutions/{wire('ins', institution_id or world.institution_id)}/availability"


def ari(world: World) -> str:
    return f"/v1/room-types/{wire('rmt', world.room_type_id)}/ari"


def a_range(world: World, first: int, end: int, **facts: object) -> dict[str, object]:
    return {"from": world.day(first).isoformat(), "to": world.day(end).isoformat(), **facts}


async def take(world: World, first: int, end: int, *, units: int, hold: timedelta | None = None) -> None:
    async with db.transaction():
        await operations.take(
            room_type_id=world.room_type_id, check_in=world.day(first), check_out=world.day(end), unit_count=units,
            kind="booking", owner_id=new_id(), expires_at=None if hold is None else world.now + hold, now=world.now,
        )  # fmt: skip


async def test_anyone_sees_sixty_nights_from_today(world, client):
    await take(world, 1, 2, units=1)
    answer = await client.get(grid(world))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["from"], body["to"]) == (world.day(0).isoformat(), world.day(60).isoformat())
    assert body["bookable"] is True
    [room] = body["room_types"]
    assert room["room_type_id"] == wire("rmt", world.room_type_id)
    assert len(room["nights"]) == 60
    assert room["nights"][:2] == [
        {
            "date": world.day(n).isoformat(),
            "available_units": units,
            "price": {"amount": 20_000, "currency": "CNY"},
            "min_stay": 1,
            "max_stay": 180,
            "lead_days": 0,
            "closed_to_arrival": False,
            "closed_to_departure": False,
            "closed": False,
            "companion_beds": None,
            "beside_women": 0,
            "beside_men": 0,
        }
        for n, units in ((0, 3), (1, 2))
    ]


async def test_the_window_is_the_callers_and_400_nights_fit(world, client):
    answer = await client.get(grid(world), params={"from": world.day(2).isoformat(), "to": world.day(402).isoformat()})
    [room] = answer.json()["room_types"]
    # Nights beyond the horizon have no row, and are therefore not on sale.
    assert [room["nights"][i]["date"] for i in (0, -1)] == [world.day(2).isoformat(), world.day(399).isoformat()]


@pytest.mark.parametrize(("first", "end"), [(5, 5), (5, 4), (0, 401)])
async def test_a_window_that_is_empty_reversed_or_too_long_is_refused(world, client, first, end):
    answer = await client.get(
        grid(world), params={"from": world.day(first).isoformat(), "to": world.day(end).isoformat()}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert [error["parameter"] for error in answer.json()["errors"]] == ["to"]


@pytest.mark.parametrize("query", ["from=2027-13-01", "to=tomorrow"])
async def test_a_malformed_date_is_refused_by_its_parameter(world, client, query):
    answer = await client.get(f"{grid(world)}?{query}")
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == [query.partition("=")[0]]


async def test_the_end_of_time_is_only_an_empty_window(world, client):
    answer = await client.get(grid(world), params={"from": "9999-12-31"})
    assert answer.status_code == 422
    answer = await client.get(grid(world), params={"from": "9999-12-01"})
    assert (answer.status_code, answer.json()["room_types"][0]["nights"]) == (200, [])


async def test_an_unknown_parameter_is_refused_with_the_nearest_name(world, client):
    answer = await client.get(grid(world), params={"form": "2027-03-01"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
    assert answer.json()["did_you_mean"] == "from"


async def test_lapsed_holds_count_as_free(world, client):
    # Not of today, which half an hour later may be yesterday.
    await take(world, 1, 2, units=3, hold=timedelta(minutes=30))
    query = {"from": world.day(1).isoformat(), "to": world.day(2).isoformat()}

    async def free() -> int:
        return (await client.get(grid(world), params=query)).json()["room_types"][0]["nights"][0]["available_units"]

    assert await free() == 0
    clock.travel(timedelta(minutes=31))
    assert await free() == 3


async def test_what_is_not_bookable_shows_nothing_free(world, client):
    uncertified = await world.add_institution(name="松江旅居（示例）")
    await world.add_room_type(uncertified, units=4)
    body = (await client.get(grid(world, uncertified))).json()
    assert body["bookable"] is False
    assert {night["available_units"] for night in body["room_types"][0]["nights"]} == {0}


async def test_nights_that_the_certificate_does_not_reach_are_not_free(world, client):
    await db.execute("UPDATE certifications SET valid_until_on = $1", world.day(10))
    nights = (await client.get(grid(world))).json()["room_types"][0]["nights"]
    assert [night["available_units"] for night in nights[8:12]] == [3, 3, 0, 0]


@pytest.mark.parametrize("institution", ["ins_" + "0" * 32, "ins_x", "rmt_" + "0" * 32])
async def test_an_unknown_institution_is_not_found(client, institution):
    answer = await client.get(f"/v1/institutions/{institution}/availability")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_unchanged_grid_is_not_sent_again(world, client):
    first = await client.get(grid(world))
    again = await client.get(grid(world), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    await take(world, 1, 2, units=1)
    assert (await client.get(grid(world), headers={"If-None-Match": first.headers["ETag"]})).status_code == 200


async def test_the_grid_takes_three_queries_whatever_its_size(world, client, count_queries):
    counts = []
    for nights in (7, 400):
        async with count_queries() as statements:
            await client.get(grid(world), params={"to": world.day(nights).isoformat()})
        counts.append(len(statements))
        await world.add_room_type(world.institution_id, units=2, name=f"房型 {nights}")
    assert counts == [3, 3]


async def test_an_institution_sets_its_nights(world, client):
    staff = await world.staff()
    ranges = [
        a_range(world, 0, 7, price={"amount": 25_000, "currency": "CNY"}, min_stay=3),
        a_range(world, 7, 9, units=1, closed=True),
    ]
    answer = await client.put(ari(world), json={"ranges": ranges}, headers=staff.headers)
    assert (answer.status_code, answer.json()) == (
        200,
        {"room_type_id": wire("rmt", world.room_type_id), "night_count": 9},
    )
    nights = (await client.get(grid(world))).json()["room_types"][0]["nights"]
    assert [(night["price"]["amount"], night["min_stay"], night["available_units"]) for night in nights[6:10]] == [
        (25_000, 3, 3),
        (20_000, 1, 0),
        (20_000, 1, 0),
        (20_000, 1, 3),
    ]


async def test_units_below_what_is_taken_are_refused_by_the_first_night(world, client):
    await take(world, 4, 6, units=2)
    staff = await world.staff()
    answer = await client.put(ari(world), json={"ranges": [a_range(world, 0, 30, units=1)]}, headers=staff.headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "units_below_taken")
    assert (problem["night"], problem["taken_count"]) == (world.day(4).isoformat(), 2)
    assert await world.taken() == [0, 2]


@pytest.mark.parametrize(
    ("facts", "status", "pointer"),
    [
        ({"units": 4}, 422, "/ranges/0/units"),
        ({"price": {"amount": 100, "currency": "USD"}}, 422, "/ranges/0/price/currency"),
        ({"price": {"amount": 0, "currency": "CNY"}}, 422, "/ranges/0/price"),
        ({"price": {"amount": 10**30, "currency": "CNY"}}, 422, "/ranges/0/price"),
        ({"unit": 4}, 400, "/unit"),
        ({"price": {"amount": 100, "currency": "CNY", "tax": 1}}, 400, "/tax"),
    ],
)
async def test_a_range_that_cannot_be_meant_is_refused_by_its_field(world, client, facts, status, pointer):
    staff = await world.staff()
    answer = await client.put(ari(world), json={"ranges": [a_range(world, 0, 3, **facts)]}, headers=staff.headers)
    assert answer.status_code == status
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    nights = (await client.get(grid(world))).json()["room_types"][0]["nights"]
    assert {(night["price"]["amount"], night["available_units"]) for night in nights} == {(20_000, 3)}


async def test_a_foreign_room_type_is_not_found_and_others_may_not_enter(world, client):
    elsewhere = await world.staff(await world.add_institution(name="松江旅居（示例）"))
    body = {"ranges": [a_range(world, 0, 3, closed=True)]}
    statuses = [
        (await client.put(ari(world), json=body, headers=headers)).status_code
        for headers in (
            elsewhere.headers,
            (await world.family()).headers,
            (await world.partner()).headers,
            (await world.officer()).headers,
            {},
        )
    ]
    assert statuses == [404, 403, 403, 403, 401]
    nights = (await client.get(grid(world))).json()["room_types"][0]["nights"]
    assert not any(night["closed"] for night in nights)
