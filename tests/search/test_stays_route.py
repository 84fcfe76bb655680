"""GET /v1/stays over HTTP: what is found, in which order and why, page by page."""

from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.certifications import operations as certifications
from marketplace.kit.ids import wire

from .conftest import NOW, Town, build_town, day

pytestmark = pytest.mark.usefixtures("still")

SUMMER = {"check_in": "2027-07-01", "check_out": "2027-07-31"}
TIANCHI_NORTH = "42.41,128.12"


@dataclass(frozen=True)
class Three:
    """One house at each of three places: grades 3, 5 and 4; nights at ¥200, ¥300 and ¥100."""

    town: Town
    houses: dict[str, UUID]
    rooms: dict[str, UUID]


async def build_three() -> Three:
    found = Three(town=await build_town(), houses={}, rooms={})
    for place, grade, price, services, most in (
        ("erdaobaihe", 3, 20_000, ("meals", "hot_spring"), 2),
        ("jian", 5, 30_000, ("meals", "tcm"), 3),
        ("hunchun", 4, 10_000, ("meals",), 1),
    ):
        found.houses[place] = await found.town.open(
            place, name=f"{place} 康养院（示例）", grade=grade, services=services, ability_level_max=most
        )
        found.rooms[place] = await found.town.room(found.houses[place], price=price)
    return found


@pytest.fixture
async def three(planted) -> AsyncIterator[Three]:
    async with planted(build_three) as found:
        yield deepcopy(found)


async def build_row() -> tuple[Town, dict[str, UUID]]:
    """Open eight houses of three grades, each dearer than the one before; returns their rooms by their ids."""
    town, rooms = await build_town(), {}
    for number in range(8):
        house = await town.open(name=f"第{number}号康养院（示例）", grade=3 + number % 3)
        rooms[wire("ins", house)] = await town.room(house, price=10_000 + 1_000 * number)
    return town, rooms


async def places(client, **asked: object) -> list[str]:
    answer = await client.get("/v1/stays", params=SUMMER | asked)
    assert answer.status_code == 200, answer.text
    return [item["institution"]["place"]["code"] for item in answer.json()["items"]]


async def test_an_item_says_everything_a_choice_needs(client, three) -> None:
    house, room = three.houses["erdaobaihe"], three.rooms["erdaobaihe"]
    await three.town.discount(house, 28, 500)
    answer = await client.get(
        "/v1/stays", params=SUMMER | {"place": "erdaobaihe", "guests": 2, "origin": "wuhan", "near": TIANCHI_NORTH}
    )

    [item] = answer.json()["items"]
    institution = item["institution"]
    assert institution["id"] == wire("ins", house)
    assert institution["certification"]["status"] == "certified"
    assert institution["certification"]["grade"] == 3
    assert institution["travel"] == {
        "hub": "长白山站", "hub_en": "Changbaishan Railway Station", "side": "north", "crosses_mountain": False,
    }  # fmt: skip
    [offer] = item["offers"]
    assert offer["room_type_id"] == wire("rmt", room)
    assert (offer["check_in"], offer["check_out"], offer["night_count"]) == ("2027-07-01", "2027-07-31", 30)
    assert offer["unit_count"] == 1
    assert offer["price"] == {
        "total": {"amount": 570_000, "currency": "CNY"},
        "nights_total": {"amount": 600_000, "currency": "CNY"},
        "discount": {"amount": -30_000, "currency": "CNY"},
        "adjustments": [
            {
                "code": "length_of_stay_discount",
                "reason_zh": "连住 28 晚及以上优惠 5%",
                "reason_en": "5% off stays of 28 nights or more",
                "amount": {"amount": -30_000, "currency": "CNY"},
                "unit_price": None,
                "quantity": None,
                "first_night": None,
                "end_on": None,
            }
        ],
    }
    assert item["relief"]["relief_c"] == 9.7
    assert item["relief"]["confidence"] == "low"
    because = {reason["code"]: reason["points"] for reason in item["recommendation"]["because"]}
    assert because == {"grade": 36, "distance": 20, "relief": 19}
    assert item["recommendation"]["score"] == 75


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["jian", "hunchun", "erdaobaihe"]),
        ({"sort": "price"}, ["hunchun", "erdaobaihe", "jian"]),
        ({"sort": "grade"}, ["jian", "hunchun", "erdaobaihe"]),
        ({"sort": "distance", "near": TIANCHI_NORTH}, ["erdaobaihe", "hunchun", "jian"]),
        ({"sort": "relief", "origin": "wuhan"}, ["erdaobaihe", "hunchun", "jian"]),
        # July in Wuhan is 29.8 °C: 集安 has 23.5, 珲春 21.3, 二道白河 20.1.
        ({"origin": "wuhan", "relief_min": 6}, ["jian", "hunchun", "erdaobaihe"]),
        ({"origin": "武汉", "relief_min": 6}, None),
        ({"origin": "wuhan", "relief_min": 7}, ["hunchun", "erdaobaihe"]),
        ({"origin": "wuhan", "relief_min": 9.5}, ["erdaobaihe"]),
        ({"cluster": "changbaishan"}, ["erdaobaihe"]),
        ({"place": "jian"}, ["jian"]),
        ({"service": ["meals", "tcm"]}, ["jian"]),
        ({"ability_level": 2}, ["jian", "erdaobaihe"]),
        ({"grade_min": 4}, ["jian", "hunchun"]),
        ({"q": "hunchun"}, ["hunchun"]),
        ({"near": TIANCHI_NORTH, "radius_km": 50}, ["erdaobaihe"]),
        # Thirty nights at ¥200.
        ({"price_max": 600_000}, ["hunchun", "erdaobaihe"]),
        ({"price_max": 599_999}, ["hunchun"]),
        ({"sold_by": "bed"}, []),
    ],
)
async def test_each_parameter_does_what_it_says(client, three, asked, expected) -> None:
    if expected is None:
        answer = await client.get("/v1/stays", params=SUMMER | asked)
        assert answer.status_code == 422
        assert answer.json()["did_you_mean"] == "wuhan"
    else:
        assert await places(client, **asked) == expected


async def test_a_flexible_window_gives_the_dates_that_are_preferred(client, town) -> None:
    house = await town.open()
    room = await town.room(house)
    # 1 July is day 122; the first week is full, August is dearer, 1–30 September cheaper.
    await town.take(room, 122, 129, units=2)
    await town.nights(room, 153, 184, price_amount=30_000)
    await town.nights(room, 184, 214, price_amount=10_000)
    asked = {"from": "2027-07-01", "to": "2027-10-01", "nights": 30}

    async def dates(prefer: str | None) -> tuple[str, int]:
        answer = await client.get("/v1/stays", params=asked | ({"prefer": prefer} if prefer else {}))
        [offer] = answer.json()["items"][0]["offers"]
        return offer["check_in"], offer["price"]["total"]["amount"]

    async def within(price_max: int) -> str:
        answer = await client.get("/v1/stays", params=asked | {"price_max": price_max})
        return answer.json()["items"][0]["offers"][0]["check_in"]

    assert await dates(None) == ("2027-07-08", 24 * 20_000 + 6 * 30_000)
    assert await dates("cheapest") == ("2027-09-01", 30 * 10_000)
    # The earliest that is within the ceiling: one night of August, and twenty-nine of September.
    assert await within(30_000 + 29 * 10_000) == "2027-08-31"
    # The last month of the window is its coolest.
    assert await dates("coolest") == ("2027-09-01", 30 * 10_000)


async def test_facets_count_the_whole_answer_not_its_page(client, three) -> None:
    answer = (await client.get("/v1/stays", params=SUMMER | {"limit": 1})).json()

    assert len(answer["items"]) == 1
    assert answer["total_count"] == 3
    assert {one["code"]: one["count"] for one in answer["facets"]["services"]} == {
        "meals": 3,
        "hot_spring": 1,
        "tcm": 1,
    }
    assert [one["code"] for one in answer["facets"]["services"]] == ["meals", "hot_spring", "tcm"]
    assert answer["facets"]["grades"] == [
        {"grade": 5, "count": 1}, {"grade": 4, "count": 1}, {"grade": 3, "count": 1},
    ]  # fmt: skip
    assert {one["code"]: one["count"] for one in answer["facets"]["clusters"]} == {
        "changbaishan": 1, "spring-changbaishan": 1, "jian": 1, "hunchun": 1,
    }  # fmt: skip


@pytest.mark.parametrize("sort", ["recommended", "price", "grade"])
async def test_pages_neither_repeat_nor_lose_while_rooms_come_and_go(client, planted, sort) -> None:
    """Between pages one house seen is sold out, one not yet seen is too, and a new one opens: the others all come once."""
    async with planted(build_row) as (town, rooms):
        await leaf_through(client, deepcopy(town), rooms, sort)


async def leaf_through(client, town: Town, rooms: dict[str, UUID], sort: str) -> None:
    everything = await client.get("/v1/stays", params=SUMMER | {"sort": sort})
    order = [item["institution"]["id"] for item in everything.json()["items"]]

    first = (await client.get("/v1/stays", params=SUMMER | {"sort": sort, "limit": 3})).json()
    await town.take(rooms[order[0]], 100, 200, units=2)
    await town.take(rooms[order[5]], 100, 200, units=2)
    newcomer = await town.open(name="新开康养院（示例）", grade=5)
    await town.room(newcomer, price=1_000)
    rest, cursor = [], first["next_cursor"]
    while cursor:
        page = (await client.get("/v1/stays", params=SUMMER | {"sort": sort, "limit": 2, "cursor": cursor})).json()
        rest += [item["institution"]["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    seen = [item["institution"]["id"] for item in first["items"]] + rest
    assert [one for one in seen if one != wire("ins", newcomer)] == order[:5] + order[6:]
    assert len(seen) == len(set(seen))


async def test_a_cursor_serves_only_its_own_search(client, three) -> None:
    first = (await client.get("/v1/stays", params=SUMMER | {"limit": 1})).json()

    for asked in (SUMMER | {"guests": 2}, SUMMER | {"sort": "price"}, SUMMER | {"check_out": "2027-07-30"}):
        answer = await client.get("/v1/stays", params=asked | {"limit": 1, "cursor": first["next_cursor"]})
        assert answer.status_code == 422
        assert answer.json()["code"] == "bad_cursor"


async def test_the_same_question_again_is_not_sent_again(client, three) -> None:
    first = await client.get("/v1/stays", params=SUMMER)
    again = await client.get("/v1/stays", params=SUMMER, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304

    await three.town.take(three.rooms["jian"], 100, 200, units=2)
    changed = await client.get("/v1/stays", params=SUMMER, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


async def test_what_may_not_be_sold_is_never_found(client, three) -> None:
    officer, jian = three.town.officer, three.town.certifications[three.houses["jian"]]
    await certifications.suspend(certification_id=jian, reason="消防检查", actor=officer, now=NOW)
    assert await places(client) == ["hunchun", "erdaobaihe"]


async def test_a_lapsed_hold_never_stands_in_the_way(client, town) -> None:
    house = await town.open()
    room = await town.room(house, units=1)
    await town.take(room, 122, 152, expires_at=NOW + timedelta(seconds=1))
    assert await places(client) == []

    await town.nights(room, 121, 122, price_amount=1)  # reclaims nothing: the hold is alive.
    room_of_two = await town.room(house, units=2)
    await town.take(room_of_two, 100, 140, units=2, expires_at=NOW - timedelta(seconds=1))
    answer = (await client.get("/v1/stays", params=SUMMER | {"guests": 2})).json()
    assert [offer["room_type_id"] for offer in answer["items"][0]["offers"]] == [wire("rmt", room_of_two)]


async def test_couples_may_have_two_rooms_and_beds_are_one_guests(client, town) -> None:
    house = await town.open()
    await town.room(house, units=3, guests_max=2)
    await town.room(house, units=3, guests_max=1, sold_by="bed")

    async def units(**asked: int) -> list[tuple[str, int]]:
        answer = (await client.get("/v1/stays", params=SUMMER | asked)).json()
        offers = [offer for item in answer["items"] for offer in item["offers"]]
        return sorted((offer["sold_by"], offer["unit_count"]) for offer in offers)

    assert await units(guests=1) == [("bed", 1), ("room", 1)]
    assert await units(guests=3) == [("bed", 3), ("room", 2)]
    assert await units(guests=2, rooms=2) == [("bed", 2), ("room", 2)]
    assert await units(guests=4) == [("room", 2)]
    assert await units(guests=6, rooms=2) == []


async def test_the_number_of_queries_never_grows(client, three, count_queries) -> None:
    counts = {}
    for name, asked in {
        "exact": {},
        "flexible": {"check_in": None, "check_out": None, "from": "2027-06-15", "to": "2027-09-10", "nights": 30},
        "everything": {"origin": "wuhan", "relief_min": 3, "near": TIANCHI_NORTH, "sort": "price", "grade_min": 3},
        "nothing": {"service": "radon_spring"},
        "excluded": {"service": "radon_spring", "institution_id": wire("ins", three.houses["jian"]), "q": "集安"},
    }.items():
        params = {key: value for key, value in (SUMMER | asked).items() if value is not None}
        async with count_queries() as queries:
            assert (await client.get("/v1/stays", params=params)).status_code == 200
        counts[name] = len(queries)

    assert counts == {"exact": 7, "flexible": 7, "everything": 7, "nothing": 7, "excluded": 12}
    for number in range(4):
        await three.town.room(await three.town.open(name=f"第{number}号康养院（示例）"))
    async with count_queries() as queries:
        await client.get("/v1/stays", params=SUMMER)
    assert len(queries) == 7


async def test_nights_end_with_the_certificate(client, town) -> None:
    house = await town.open(certified_days_ago=3 * 365 - 140)
    await town.room(house)
    [item] = (await client.get("/v1/stays", params={"from": "2027-06-01", "to": "2027-12-01", "nights": 7})).json()[
        "items"
    ]
    until = item["institution"]["certification"]["valid_until"]
    assert day(0).isoformat() < until < "2027-12-01"

    on_the_last = {"check_in": "2027-06-01", "check_out": until}
    assert len((await client.get("/v1/stays", params=on_the_last)).json()["items"]) == 1
