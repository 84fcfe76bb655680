from datetime import UTC, datetime, timedelta

import pytest

from marketplace.kit import clock
from marketplace.kit.ids import wire
from marketplace.tours import operations


async def test_a_tour_shows_everything_that_the_law_wants_said(client, world):
    tour_id = await world.publish()

    answer = await client.get(f"/v1/tours/{wire('tor', tour_id)}")

    tour = answer.json()
    assert answer.status_code == 200
    assert tour["organiser"] == {"name": "长白山国际旅行社（示例）", "licence": "L-JL00123"}
    assert (tour["night_count"], len(tour["itinerary"]), tour["group"]) == (4, 5, {"min_count": 4, "max_count": 8})
    assert tour["inclusions"] == ["住宿", "三餐"]
    assert tour["cooling_off_days"] == 7
    assert tour["cancellation"][0] == {"days_before": 7, "penalty_bps": 0}


async def test_tours_are_listed_in_pages_and_by_kind(client, world):
    for number in range(3):
        await world.publish(name=f"产品 {number}", kind="train" if number else "custom")

    first = (await client.get("/v1/tours?limit=2")).json()
    second = (await client.get("/v1/tours", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    trains = (await client.get("/v1/tours?kind=train")).json()

    assert [tour["name"] for tour in first["items"] + second["items"]] == ["产品 0", "产品 1", "产品 2"]
    assert second["next_cursor"] is None
    assert [tour["name"] for tour in trains["items"]] == ["产品 1", "产品 2"]


async def test_a_departure_shows_its_hosts_with_live_certification(client, trip):
    world, departure_id = trip
    await world.seat(departure_id, 3)
    await world.suspend(world.houses[1])

    departure = (await client.get(f"/v1/departures/{wire('dep', departure_id)}")).json()

    assert (departure["status"], departure["on_sale"], departure["valid_transitions"]) == ("open", True, [])
    assert departure["price_per_traveller"] == {"amount": 458_000, "currency": "CNY"}
    assert (departure["confirmed_count"], departure["largest_party"]) == (3, 0)
    assert departure["decide_at"] == "2027-04-03T16:00:00Z"
    assert departure["escorts"] == {"leader_count": 1, "doctor_count": 0}
    assert [(host["bookable"], host["certification"]["status"]) for host in departure["hosts"]] == [
        (True, "certified"),
        (False, "suspended"),
    ]


async def test_only_departures_that_may_be_booked_are_listed_the_next_one_first(client, trip):
    world, later = trip
    room = await world.add_room_type(world.houses[0])
    sooner = await world.open(await world.publish(name="另一产品", kind="family"), [(room, 4)], first=20)

    async def listed(query=""):
        return [item["id"] for item in (await client.get(f"/v1/departures{query}")).json()["items"]]

    ids = {name: wire("dep", value) for name, value in (("sooner", sooner), ("later", later))}
    assert await listed() == [ids["sooner"], ids["later"]]
    assert await listed("?kind=family") == [ids["sooner"]]
    assert await listed(f"?from={world.day(21)}") == [ids["later"]]
    assert await listed(f"?to={world.day(20)}") == [ids["sooner"]]
    assert await listed(f"?tour={wire('tor', (await world.read(later)).tour_id)}") == [ids["later"]]

    await world.suspend(world.houses[0])
    assert await listed() == [ids["later"]]
    await world.suspend(world.houses[1])
    assert await listed() == []


async def test_pages_of_departures_hold_each_once(client, world):
    tour_id = await world.publish()
    for first in (30, 30, 20):
        room = await world.add_room_type(world.houses[0])
        await world.open(tour_id, [(room, 4)], first=first)

    seen, cursor = [], None
    for _ in range(3):
        answer = (
            await client.get("/v1/departures", params={"limit": 1} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [(item["check_in"], item["id"]) for item in answer["items"]]
        cursor = answer["next_cursor"]

    assert cursor is None
    assert [day for day, _ in seen] == ["2027-03-21", "2027-03-31", "2027-03-31"]
    assert len(set(seen)) == 3


async def test_a_departure_that_did_not_form_is_shown_but_not_listed(client, trip):
    world, departure_id = trip
    decision = (await world.read(departure_id)).decide_at
    await operations.decide_formation(departure_id=departure_id, now=decision)

    shown = (await client.get(f"/v1/departures/{wire('dep', departure_id)}")).json()

    assert (shown["status"], shown["on_sale"], shown["largest_party"], shown["hosts"]) == ("not_formed", False, 0, [])
    assert (await client.get("/v1/departures")).json()["items"] == []


async def test_a_departure_waiting_for_its_decision_is_not_listed(client, trip):
    world, departure_id = trip
    decision = (await world.read(departure_id)).decide_at

    clock.travel(decision + timedelta(minutes=1) - datetime.now(UTC))

    assert (await client.get("/v1/departures")).json()["items"] == []
    shown = (await client.get(f"/v1/departures/{wire('dep', departure_id)}")).json()
    assert (shown["status"], shown["on_sale"]) == ("open", False)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/tours/tor_00000000000070008000000000000001", 404, "not_found"),
        ("/v1/tours/dep_1", 404, "not_found"),
        ("/v1/departures/dep_00000000000070008000000000000001", 404, "not_found"),
        ("/v1/departures?tour=nonsense", 404, "not_found"),
        ("/v1/departures?cursor=nonsense", 422, "bad_cursor"),
        ("/v1/departures?from=tomorrow", 422, "validation_failed"),
        ("/v1/tours?limit=0", 422, "validation_failed"),
        ("/v1/tours?kind=cruise", 422, "validation_failed"),
        ("/v1/departures?form=2027-03-01", 400, "unknown_field"),
    ],
)
async def test_bad_questions_are_refused_by_name(client, path, status, code):
    answer = await client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_lists_ask_the_database_a_fixed_number_of_times(client, trip, count_queries):
    world, _ = trip
    rooms = [await world.add_room_type(house) for house in world.houses]
    for first in (50, 60, 70):
        await world.open(await world.publish(name=f"产品 {first}"), [(room, 2) for room in rooms], first=first)

    async with count_queries() as statements:
        answer = await client.get("/v1/departures")

    assert len(answer.json()["items"]) == 4
    assert len(statements) == 7, statements
    async with count_queries() as statements:
        await client.get("/v1/tours")
    assert len(statements) == 1


async def test_an_unchanged_answer_is_not_sent_twice(client, trip):
    first = await client.get("/v1/departures")
    second = await client.get("/v1/departures", headers={"If-None-Match": first.headers["etag"]})

    assert (second.status_code, second.content) == (304, b"")
