from uuid import UUID

import httpx
import pytest

from marketplace.certifications import operations as certifications
from marketplace.kit.ids import new_id, wire
from marketplace.kit.pages import encode_cursor

from .conftest import NOW

# Fixed, so that every process of a run collects the same tests.
SOME_ID = UUID("00000000-0000-7000-8000-000000000001")


async def names(client: httpx.AsyncClient, **asked: object) -> list[str]:
    answer = await client.get("/v1/institutions", params=asked)
    assert answer.status_code == 200, answer.text
    return [item["place"]["code"] for item in answer.json()["items"]]


async def test_an_item_shows_everything_a_list_needs(client, add_certified) -> None:
    planted, certification = await add_certified(
        "xianrenqiao", pictures=True, services=("radon_spring", "meals"), languages=("zh", "yue"), ability_level_max=2
    )

    answer = await client.get("/v1/institutions")
    item = answer.json()["items"][0]

    assert item["id"] == wire("ins", planted.id)
    assert item["name"] == planted.plan.name
    assert (item["is_example"], item["bookable"]) == (True, True)
    assert item["certification"] == {
        "number": certification.number,
        "status": "certified",
        "grade": 4,
        "valid_until": certification.valid_until_on.isoformat(),
        "checked_at": "2026-11-21T04:00:00Z",
        "assessment_overdue": False,
        "grade_method": certification.grade_method,
        "grade_as_of": certification.assessed_on.isoformat(),
        "grade_cap": None,
    }
    assert item["place"]["code"] == "xianrenqiao"
    assert [cluster["code"] for cluster in item["clusters"]] == ["spring-changbaishan"]
    assert item["coordinates"] == {
        "latitude": planted.plan.position.latitude,
        "longitude": planted.plan.position.longitude,
        "datum": "wgs84",
    }
    assert item["distance_km"] is None
    assert item["services"][0] == {
        "code": "radon_spring",
        "name": "氡泉",
        "name_en": "Radon spring",
        "needs_physician": True,
    }
    assert [word["code"] for word in item["languages"]] == ["zh", "yue"]
    assert item["ability_levels"] == {"min": 0, "max": 2}
    assert [room["id"] for room in item["room_types"]] == [wire("rmt", one) for one in planted.room_type_ids]
    assert [len(room["media"]) for room in item["room_types"]] == [1] * len(planted.room_type_ids)
    assert len(item["media"]) == 3
    assert [month["month"] for month in item["climate"]] == list(range(1, 13))
    assert {month["confidence"] for month in item["climate"]} == {"low"}
    assert "price" not in answer.text


async def test_filters_and_distance_reach_the_query(client, add_certified) -> None:
    await add_certified("erdaobaihe", services=("hot_spring", "meals"))
    await add_certified("jian", services=("meals",), grade=5)

    assert await names(client) == ["jian", "erdaobaihe"]
    assert await names(client, service=["hot_spring", "meals"]) == ["erdaobaihe"]
    assert await names(client, grade_min=5) == ["jian"]
    assert await names(client, cluster="jian", q="集安", place="jian", ability_level=0, sold_by="room") == ["jian"]
    near = await client.get("/v1/institutions", params={"near": "42.41, 128.12", "radius_km": 20})
    assert [item["place"]["code"] for item in near.json()["items"]] == ["erdaobaihe"]
    assert 0 <= near.json()["items"][0]["distance_km"] < 3


@pytest.mark.parametrize(
    ("query", "code", "parameter", "meant"),
    [
        ("cluster=changbai", "unknown_code", "cluster", "changbaishan"),
        ("place=二道白河", "unknown_code", "place", "erdaobaihe"),
        ("service=hotspring", "unknown_code", "service", "hot_spring"),
        ("service=温泉", "unknown_code", "service", "hot_spring"),
        ("service=hot_spring&service=zzzzzz", "unknown_code", "service", None),
        ("radius_km=10", "validation_failed", "radius_km", None),
        ("near=42.4", "validation_failed", "near", None),
        ("near=91,0", "validation_failed", "near", None),
        ("near=nan,128", "validation_failed", "near", None),
        ("near=42.41,128.12&radius_km=0", "validation_failed", "radius_km", None),
        ("near=42.41,128.12&radius_km=501", "validation_failed", "radius_km", None),
        ("near=42.41,128.12&radius_km=nan", "validation_failed", "radius_km", None),
        ("ability_level=5", "validation_failed", "ability_level", None),
        ("grade_min=0", "validation_failed", "grade_min", None),
        ("sold_by=house", "validation_failed", "sold_by", None),
        ("q=！？", "validation_failed", "q", None),
        ("q=", "validation_failed", "q", None),
        ("limit=0", "validation_failed", "limit", None),
    ],
)
async def test_bad_questions_are_refused_by_parameter(client, places, query, code, parameter, meant) -> None:
    answer = await client.get(f"/v1/institutions?{query}")

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code), problem
    assert problem["errors"][0]["parameter"] == parameter
    assert problem.get("did_you_mean") == meant


async def test_an_unknown_parameter_is_refused_with_the_one_that_was_meant(client, places) -> None:
    answer = await client.get("/v1/institutions?abilty_level=1")

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
    assert answer.json()["did_you_mean"] == "ability_level"


@pytest.mark.parametrize("key", [[1], [2**40, 0, 0, SOME_ID], [0, 0, -(2**31) - 1, SOME_ID], ["0", 0, 0, SOME_ID]])
async def test_a_cursor_that_is_not_ours_is_refused(client, places, key) -> None:
    answer = await client.get("/v1/institutions", params={"cursor": encode_cursor(key)})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_pages_follow_each_other(client, add_certified) -> None:
    for number in range(5):
        await add_certified("jian", name=f"第{number}号康养院（示例）")
    whole = [item["id"] for item in (await client.get("/v1/institutions")).json()["items"]]

    paged, cursor = [], None
    while True:
        answer = await client.get("/v1/institutions", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        paged += [item["id"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break

    assert len(whole) == 5
    assert paged == whole


async def test_an_unchanged_page_is_not_sent_again_and_a_suspended_certificate_changes_it(
    client, add_certified, officer
) -> None:
    _, certification = await add_certified("jian")
    first = await client.get("/v1/institutions")
    again = await client.get("/v1/institutions", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")

    await certifications.suspend(certification_id=certification.id, reason="检查", actor=officer, now=NOW)
    changed = await client.get("/v1/institutions", headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.json()["items"]) == (200, [])


async def test_a_page_costs_four_queries_however_long_it_is(client, add_certified, count_queries) -> None:
    for number in range(6):
        await add_certified("jian", name=f"第{number}号康养院（示例）", pictures=number == 0)

    for limit in (1, 6):
        async with count_queries() as queries:
            answer = await client.get("/v1/institutions", params={"limit": limit, "near": "41,126", "q": "集安"})
        assert len(answer.json()["items"]) == limit
        assert len(queries) == 4


async def test_an_institution_is_read_in_full_in_four_queries(client, add_certified, count_queries) -> None:
    planted, _ = await add_certified("jian", pictures=True)

    async with count_queries() as queries:
        answer = await client.get(f"/v1/institutions/{wire('ins', planted.id)}")

    detail = answer.json()
    assert len(queries) == 4
    assert detail["licensed_bed_count"] == planted.plan.licensed_bed_count
    assert (detail["uscc"], detail["phone"], detail["jurisdiction_code"]) == (None, None, "220582")
    assert detail["climate_source"]
    listed = (await client.get("/v1/institutions")).json()["items"][0]
    assert {name: detail[name] for name in listed} == listed


async def test_a_link_stays_honest_while_the_institution_cannot_be_booked(client, add_certified, officer) -> None:
    planted, certification = await add_certified("jian")
    await certifications.suspend(certification_id=certification.id, reason="检查", actor=officer, now=NOW)

    answer = await client.get(f"/v1/institutions/{wire('ins', planted.id)}")

    assert answer.status_code == 200
    assert answer.json()["bookable"] is False
    assert answer.json()["certification"]["status"] == "suspended"
    assert await names(client) == []


async def test_one_that_was_never_certified_says_so(client, add) -> None:
    planted = await add("jian")

    answer = await client.get(f"/v1/institutions/{wire('ins', planted.id)}")

    assert (answer.json()["bookable"], answer.json()["certification"]) == (False, None)
    assert await names(client) == []


@pytest.mark.parametrize("wrong", ["ins_0", "bkg_" + "0" * 32, "ins_" + "z" * 32, "x"])
async def test_a_malformed_id_is_not_found(client, places, wrong) -> None:
    assert (await client.get(f"/v1/institutions/{wrong}")).status_code == 404


async def test_an_unknown_id_is_not_found(client, places) -> None:
    answer = await client.get(f"/v1/institutions/{wire('ins', new_id())}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_picture_is_served_to_be_kept_for_ever(client, add_certified) -> None:
    await add_certified("jian", pictures=True)
    url = (await client.get("/v1/institutions")).json()["items"][0]["media"][0]["url"]

    answer = await client.get(url)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.text.startswith("<svg ")
    assert "<title>" in answer.text


@pytest.mark.parametrize("name", ["med_0.svg", "nothing", f"{wire('med', SOME_ID)}.svg", f"{wire('med', SOME_ID)}.png"])
async def test_an_unknown_picture_is_not_found(client, places, name) -> None:
    answer = await client.get(f"/v1/media/{name}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["Cache-Control"] == "no-store"
