"""When nothing fits: the nearest stays, ranked, each saying what would have to change; all of them can be had."""

import pytest

from marketplace.kit.ids import wire
from marketplace.pricing import operations as pricing

from .conftest import NOW, Town, day, window

pytestmark = pytest.mark.usefixtures("still")

SUMMER = {"check_in": "2027-07-01", "check_out": "2027-07-31"}


async def nearest(client, **asked: object) -> list[tuple[str, list[str]]]:
    answer = await client.get("/v1/stays", params=SUMMER | asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"] == []
    return [
        (one["institution"]["place"]["code"], [change["code"] for change in one["changes"]])
        for one in answer.json()["alternatives"]
    ]


async def full_in_july(town: Town, place: str, **facts: object):
    house = await town.open(place, name=f"{place} 康养院（示例）", **facts)
    room = await town.room(house, units=1)
    await town.take(room, 122, 152)
    return house, room


async def test_dates_shift_to_the_nearest_that_are_free(client, town) -> None:
    house, room = await full_in_july(town, "erdaobaihe")
    await town.take(room, 160, 162)
    answer = (await client.get("/v1/stays", params=SUMMER)).json()

    # After July only eight nights are left before the next guests; before it, all of June.
    [one] = answer["alternatives"]
    assert one["offer"]["check_in"] == day(92).isoformat()
    assert one["offer"]["check_out"] == day(122).isoformat()
    assert one["changes"] == [
        {
            "code": "dates",
            "parameter": "check_in",
            "points": 30,
            "reason_zh": f"{day(92)} 入住，早 30 天",
            "reason_en": f"Arrive on {day(92)}, 30 days earlier",
        }
    ]
    assert one["institution"]["id"] == wire("ins", house)


async def test_beyond_thirty_days_nothing_is_offered(client, town) -> None:
    _, room = await full_in_july(town, "erdaobaihe")
    await town.take(room, 91, 122)
    await town.take(room, 152, 183)

    assert await nearest(client) == []


async def test_nothing_is_offered_beside_what_fits(client, town) -> None:
    await full_in_july(town, "erdaobaihe")
    await town.room(await town.open("jian", name="集安康养院（示例）"))
    answer = (await client.get("/v1/stays", params=SUMMER)).json()

    assert answer["total_count"] == 1
    assert answer["alternatives"] == []


async def test_the_neighbour_in_the_cluster_comes_before_the_far_one(client, town) -> None:
    for place in ("chixi", "hunchun", "songyuan"):
        await town.room(await town.open(place, name=f"{place} 康养院（示例）"))
    await full_in_july(town, "erdaobaihe")

    assert await nearest(client, place="erdaobaihe") == [
        ("chixi", ["place"]),
        ("hunchun", ["place"]),
        ("erdaobaihe", ["dates"]),
        ("songyuan", ["place"]),
    ]


async def test_the_next_grade_comes_before_the_one_after(client, town) -> None:
    for place, grade in (("chixi", 3), ("jian", 4)):
        await town.room(await town.open(place, name=f"{place} 康养院（示例）", grade=grade))

    assert await nearest(client, grade_min=5) == [("jian", ["grade"]), ("chixi", ["grade"])]


async def test_fewer_services_and_a_little_more_money_are_offered(client, town) -> None:
    house = await town.open("jian", services=("meals", "tcm"), name="甲康养院（示例）")
    await town.room(house, price=20_000)
    other = await town.open("jian", services=("meals",), name="乙康养院（示例）")
    await town.room(other, price=10_000)

    assert await nearest(client, service=["tcm", "radon_spring"]) == [("jian", ["service"]), ("jian", ["service"] * 2)]
    # ¥6,000 and ¥3,000 against ¥2,900.
    found = (await client.get("/v1/stays", params=SUMMER | {"price_max": 290_000})).json()["alternatives"]
    assert [one["changes"][0]["reason_zh"] for one in found] == ["总价高出 ¥100.00", "总价高出 ¥3,100.00"]


async def test_an_ability_that_nobody_cares_for_is_answered_honestly(client, town) -> None:
    for place, most in (("chixi", 1), ("jian", 3)):
        await town.room(await town.open(place, name=f"{place} 康养院（示例）", ability_level_max=most))
    answer = (await client.get("/v1/stays", params=SUMMER | {"ability_level": 4})).json()

    assert answer["items"] == []
    assert [one["institution"]["place"]["code"] for one in answer["alternatives"]] == ["jian", "chixi"]
    assert answer["alternatives"][0]["changes"][0]["reason_zh"] == "照护能力为 0–3 级，请先与机构确认"


async def test_words_and_rooms_are_left_aside_only_when_they_must_be(client, town) -> None:
    await full_in_july(town, "hunchun")
    await town.room(await town.open("jian", name="集安康养院（示例）"))

    assert await nearest(client, q="珲春") == [("hunchun", ["dates"])]
    assert await nearest(client, q="海南") == [("jian", ["text"]), ("hunchun", ["dates", "text"])]
    assert await nearest(client, guests=2, rooms=1, q="海南") == [
        ("jian", ["text", "rooms"]),
        ("hunchun", ["dates", "text", "rooms"]),
    ]


async def test_a_house_asked_for_is_offered_at_other_dates_before_another_house(client, town) -> None:
    house, _ = await full_in_july(town, "erdaobaihe")
    await town.nights(_, 152, 153, closed=True)
    await town.room(await town.open("jian", name="集安康养院（示例）"))

    found = await nearest(client, institution_id=wire("ins", house))
    assert found == [("jian", ["institution"]), ("erdaobaihe", ["dates"])]


async def test_relief_that_is_not_reached(client, town) -> None:
    for place in ("jian", "erdaobaihe", "longjing"):
        await town.room(await town.open(place, name=f"{place} 康养院（示例）"))

    # Of 11 °C, 二道白河 has 9.7 in July and 集安 6.3; nobody knows of 龙井.
    found = await nearest(client, origin="wuhan", relief_min=11)
    assert [place for place, _ in found] == ["erdaobaihe", "jian", "longjing"]


async def test_no_stay_is_split_and_every_alternative_can_be_quoted(random_town) -> None:
    """What is offered instead is one room type for the whole stay, at the price of its quote."""
    quoted = 0
    for first in range(30, 300, 15):
        for party in ({"guests": 1}, {"guests": 2}, {"guests": 3, "rooms": 3}):
            answer = await random_town.ask(
                window(first, first + 28), filters={"services": ("tcm", "hot_spring")}, **party
            )
            assert answer.matches == []
            ranks = [one.points for one in answer.alternatives]
            assert ranks == sorted(ranks)
            houses = [one.facts.institution_id for one in answer.alternatives]
            assert len(houses) == len(set(houses))
            for one in answer.alternatives:
                assert one.offer.night_count == 28
                assert abs((one.offer.check_in - day(first)).days) <= 30
                quote = await pricing.quote_stay(
                    principal=random_town.family,
                    room_type_id=one.offer.room_type_id,
                    check_in=one.offer.check_in,
                    check_out=one.offer.check_out,
                    guest_count=party["guests"],
                    unit_count=one.offer.unit_count,
                    now=NOW,
                )
                assert quote.total_amount == one.offer.total_amount
                quoted += 1
    assert quoted > 50
