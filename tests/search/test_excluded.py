"""Why an institution asked for by id is not in the answer: each reason, with its facts; and silence when it is."""

from datetime import date

import pytest

from marketplace.certifications import operations as certifications
from marketplace.kit.ids import wire

from .conftest import NOW, TODAY, Town, day

pytestmark = pytest.mark.usefixtures("still")

SUMMER = {"check_in": "2027-07-01", "check_out": "2027-07-31"}


@pytest.fixture
async def house(town: Town):
    return await town.open(services=("meals", "hot_spring"), grade=4, ability_level_max=2)


@pytest.fixture
async def room(town: Town, house):
    return await town.room(house, units=2, price=20_000)


async def ask(client, house, **asked: object) -> dict:
    answer = await client.get("/v1/stays", params=SUMMER | {"institution_id": wire("ins", house)} | asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def reasons(client, house, **asked: object) -> dict[str, dict]:
    answer = await ask(client, house, **asked)
    assert answer["items"] == []
    assert all(reason["reason_zh"] and reason["reason_en"] for reason in answer["excluded_because"])
    return {reason["code"]: reason["facts"] for reason in answer["excluded_because"]}


async def test_nothing_is_said_of_what_is_found(client, town, house, room) -> None:
    await town.room(await town.open("jian", name="集安康养院（示例）"))
    answer = await ask(client, house)

    assert [item["institution"]["id"] for item in answer["items"]] == [wire("ins", house)]
    assert answer["excluded_because"] == []


async def test_nothing_is_said_of_institutions_that_were_not_asked_for(client, town, house) -> None:
    answer = (await client.get("/v1/stays", params=SUMMER)).json()

    assert answer["items"] == []
    assert answer["excluded_because"] == []


async def test_suspended(client, town, house, room) -> None:
    await certifications.suspend(
        certification_id=town.certifications[house], reason="检查", actor=town.officer, now=NOW
    )
    found = await reasons(client, house)
    assert found["institution_not_bookable"]["certification_status"] == "suspended"


async def test_never_certified(client, town) -> None:
    from seed.institutions import plant_institution

    from .conftest import PLANS

    planted = await plant_institution(PLANS["jian"], now=NOW, pictures=False)
    found = await reasons(client, planted.id)
    assert found["institution_not_bookable"] == {"certification_status": None, "valid_until": None}


async def test_beyond_the_certificate(client, town) -> None:
    house = await town.open(certified_days_ago=3 * 365 - 125)
    await town.room(house)
    found = await reasons(client, house)
    assert list(found) == ["stay_beyond_certificate"]
    assert found["stay_beyond_certificate"]["valid_until"] > "2027-07-01"


async def test_sold_out_names_the_first_full_night_of_the_room_that_lasts_longest(client, town, house, room) -> None:
    later = await town.room(house, units=1)
    await town.take(room, 122, 124, units=2)
    await town.take(later, 126, 140)
    assert await reasons(client, house) == {
        "sold_out": {"first_full_night": day(126).isoformat(), "room_type_id": wire("rmt", later)}
    }


async def test_not_on_sale(client, town, house, room) -> None:
    await town.nights(room, 130, 135, closed=True)
    assert await reasons(client, house) == {
        "not_on_sale": {"first_full_night": day(130).isoformat(), "room_type_id": wire("rmt", room)}
    }


async def test_stop_of_sale(client, town, house, room) -> None:
    from marketplace.inventory import operations as inventory
    from marketplace.kit import db

    async with db.transaction():
        await inventory.stop_sale(institution_id=house)
    assert list(await reasons(client, house)) == ["not_on_sale"]


@pytest.mark.parametrize(
    ("said", "code", "bound"),
    [
        ({"min_stay_count": 60}, "stay_too_short", {"min_stay": 60}),
        ({"max_stay_count": 29}, "stay_too_long", {"max_stay": 29}),
        ({"lead_day_count": 123}, "lead_time_too_short", {"lead_days": 123}),
        ({"closed_to_arrival": True}, "closed_to_arrival", {}),
    ],
)
async def test_a_restriction_on_arrival(client, town, house, room, said, code, bound) -> None:
    await town.nights(room, 122, 123, **said)
    facts = {"night": day(122).isoformat(), "room_type_id": wire("rmt", room)} | bound
    assert await reasons(client, house) == {code: facts}

    # The first check-in within the window obeys no better, but the next does.
    flexible = {"from": "2027-07-01", "to": "2027-08-01", "nights": 30, "institution_id": wire("ins", house)}
    [item] = (await client.get("/v1/stays", params=flexible)).json()["items"]
    assert item["offers"][0]["check_in"] == "2027-07-02"


async def test_a_restriction_on_departure(client, town, house, room) -> None:
    await town.nights(room, 152, 153, closed_to_departure=True)
    facts = {"night": day(152).isoformat(), "room_type_id": wire("rmt", room)}
    assert await reasons(client, house) == {"closed_to_departure": facts}

    flexible = {"from": "2027-07-01", "to": "2027-08-01", "nights": 30, "institution_id": wire("ins", house)}
    [item] = (await client.get("/v1/stays", params=flexible)).json()["items"]
    assert item["offers"][0]["check_in"] == "2027-07-02"


async def test_a_window_in_which_every_date_is_restricted(client, town, house, room) -> None:
    await town.nights(room, 100, 200, min_stay_count=31)
    answer = await client.get(
        "/v1/stays",
        params={"institution_id": wire("ins", house), "from": "2027-07-01", "to": "2027-09-01", "nights": 30},
    )
    [reason] = answer.json()["excluded_because"]
    assert (reason["code"], reason["reason_zh"]) == ("stay_too_short", "2027-07-01 入住至少 31 晚")


async def test_a_window_whose_free_dates_are_beyond_the_certificate(client, town) -> None:
    house = await town.open(certified_days_ago=3 * 365 - 125)
    room = await town.room(house)
    [until] = [facts["valid_until"] for facts in (await reasons(client, house)).values()]
    await town.take(room, 100, (date.fromisoformat(until) - TODAY).days, units=2)
    answer = await client.get(
        "/v1/stays",
        params={"institution_id": wire("ins", house), "from": "2027-07-01", "to": "2027-09-01", "nights": 7},
    )
    [reason] = answer.json()["excluded_because"]
    assert (reason["code"], reason["facts"]) == ("stay_beyond_certificate", {"valid_until": until})


async def test_too_large_a_party(client, house, room) -> None:
    assert await reasons(client, house, guests=5) == {"party_too_large": {"guests_max": 2}}
    assert list(await reasons(client, house, guests=3, rooms=1)) == ["party_too_large"]


async def test_over_the_price(client, town, house, room) -> None:
    await town.discount(house, 28, 1_000)
    assert await reasons(client, house, price_max=500_000) == {
        "over_price": {"total_amount": 540_000, "price_max": 500_000}
    }
    assert (await ask(client, house, price_max=540_000))["total_count"] == 1


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"ability_level": 3}, {"ability_level": {"ability_level_min": 0, "ability_level_max": 2}}),
        ({"service": ["tcm", "meals"]}, {"service_missing": {"service": "tcm"}}),
        ({"grade_min": 5}, {"grade_below": {"grade": 4}}),
        ({"place": "jian"}, {"other_place": {"place": "erdaobaihe"}}),
        ({"cluster": "hunchun"}, {"other_cluster": {"place": "erdaobaihe"}}),
        ({"q": "海边"}, {"text_differs": {}}),
        ({"origin": "wuhan", "relief_min": 10}, {"relief_below": {"relief_c": 9.7}}),
        (
            {"ability_level": 3, "place": "jian", "grade_min": 5},
            {
                "other_place": {"place": "erdaobaihe"},
                "ability_level": {"ability_level_min": 0, "ability_level_max": 2},
                "grade_below": {"grade": 4},
            },
        ),
    ],
)
async def test_each_wish_that_is_not_met(client, house, room, asked, expected) -> None:
    assert await reasons(client, house, **asked) == expected


async def test_too_far(client, house, room) -> None:
    found = await reasons(client, house, near="41.12,126.18", radius_km=30)
    assert 200 < found["too_far"]["distance_km"] < 230


async def test_a_climate_that_nobody_knows(client, town) -> None:
    house = await town.open("longjing")
    await town.room(house)
    assert await reasons(client, house, origin="wuhan", relief_min=1) == {"climate_unknown": {}}


async def test_a_window_without_room(client, town, house, room) -> None:
    await town.take(room, 130, 135, units=2)
    asked = {"check_in": None, "check_out": None, "from": day(120), "to": day(141), "nights": 11}
    answer = await client.get(
        "/v1/stays",
        params={"institution_id": wire("ins", house)} | {k: str(v) for k, v in asked.items() if v is not None},
    )
    assert [reason["code"] for reason in answer.json()["excluded_because"]] == ["sold_out"]
    assert answer.json()["excluded_because"][0]["facts"]["first_full_night"] == day(130).isoformat()
