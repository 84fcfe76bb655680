from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value
from marketplace.kit.pages import encode_cursor
from marketplace.places.operations import plant
from marketplace.places.queries import jurisdiction_chain, jurisdictions_within, list_places, places_by_code
from marketplace.places.rules import Gazetteer
from seed.places import GAZETTEER, PLACES, plant_places

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture
async def places() -> None:
    await plant_places(now=NOW)


async def test_planting_twice_leaves_one_gazetteer(places) -> None:
    counted = (
        "SELECT (SELECT count(*) FROM divisions) + (SELECT count(*) FROM jurisdictions) + (SELECT count(*) FROM places)"
        " + (SELECT count(*) FROM place_clusters) + (SELECT count(*) FROM climate)"
    )
    before = await fetch_value(counted)

    await plant_places(now=NOW)

    assert await fetch_value(counted) == before
    assert set(await places_by_code()) == {place.code for place in PLACES}


async def test_planting_again_replaces_what_is_named_and_leaves_the_rest(places) -> None:
    first, second, *_ = PLACES
    changed = msgspec.structs.replace(
        first, hub=None, hub_en=None, clusters=first.clusters[1:], climate=first.climate[:3]
    )
    await plant(gazetteer=msgspec.structs.replace(GAZETTEER, places=(changed,)), actor=SYSTEM, now=NOW)

    found = await places_by_code()
    assert found[first.code].hub is None
    assert found[first.code].clusters == first.clusters[1:]
    assert len(found[first.code].climate) == min(3, len(first.climate)) > 0
    assert found[second.code] == second

    nothing = Gazetteer(divisions=(), jurisdictions=(), clusters=(), places=())
    await plant(gazetteer=nothing, actor=SYSTEM, now=NOW)
    assert await places_by_code() == found


async def test_what_is_read_is_what_was_planted(places) -> None:
    found = await places_by_code()

    for place in PLACES:
        assert found[place.code] == place


async def test_changbaishan_reviews_where_it_is_not_the_division(places) -> None:
    place = (await places_by_code())["erdaobaihe"]

    assert place.division_code.startswith("222426")
    assert await jurisdiction_chain(place.jurisdiction_code) == ["changbaishan", "220000"]


async def test_pages_of_the_route_join_to_the_whole_list(client: httpx.AsyncClient, places) -> None:
    first = (await client.get("/v1/places", params={"limit": 12})).json()
    second = (await client.get("/v1/places", params={"limit": 12, "cursor": first["next_cursor"]})).json()

    assert [item["code"] for item in first["items"] + second["items"]] == sorted(place.code for place in PLACES)
    assert second["next_cursor"] is None


async def test_the_chain_goes_up_and_the_scope_goes_down(places) -> None:
    assert await jurisdiction_chain("222404") == ["222404", "222400", "220000"]
    assert await jurisdictions_within("222400") == ["222400", "222404", "222405"]
    assert await jurisdictions_within("222404") == ["222404"]
    assert "changbaishan" in await jurisdictions_within("220000")
    assert await jurisdiction_chain("nowhere") == await jurisdictions_within("nowhere") == []


async def test_pages_join_to_the_whole_list(places) -> None:
    found, after = [], None
    while True:
        rows = await list_places(after=after, limit=7)
        found += rows[:7]
        if len(rows) <= 7:
            break
        after = found[-1].code

    assert [place.code for place in found] == sorted(place.code for place in PLACES)


async def test_the_route_lists_a_cluster_with_climate_and_its_confidence(client: httpx.AsyncClient, places) -> None:
    answer = await client.get("/v1/places", params={"cluster": "hunchun"})

    assert answer.status_code == 200
    assert [item["code"] for item in answer.json()["items"]] == ["hunchun", "jingxin"]
    hunchun = answer.json()["items"][0]
    assert hunchun["clusters"] == [{"code": "hunchun", "name": "珲春", "name_en": "Hunchun", "kind": "silver_health"}]
    assert hunchun["climate"][7] == {"month": 8, "mean_c": 22.1, "confidence": "low"}
    assert hunchun["coordinates"]["datum"] == "wgs84"
    assert hunchun["coordinates"]["latitude"] != 42.862821  # it was published in GCJ-02
    assert answer.json()["next_cursor"] is None


async def test_an_unchanged_list_is_not_sent_again(client: httpx.AsyncClient, places) -> None:
    first = await client.get("/v1/places")
    again = await client.get("/v1/places", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("meant", ["changbaishan", "长白山", "chanbaishan", "changbai mountain"])
async def test_an_unknown_cluster_is_refused_with_the_one_that_was_meant(
    client: httpx.AsyncClient, places, meant: str
) -> None:
    answer = await client.get("/v1/places", params={"cluster": meant})

    if meant == "changbaishan":
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert answer.json()["code"] == "unknown_code"
    assert answer.json()["did_you_mean"] == "changbaishan"
    assert answer.json()["errors"][0]["parameter"] == "cluster"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("cursor=nonsense", 422, "bad_cursor"),
        (f"cursor={encode_cursor({'code': 'a' + chr(0)})}", 422, "bad_cursor"),
        ("limit=0", 422, "validation_failed"),
        ("limit=101", 422, "validation_failed"),
        ("clutser=jian", 400, "unknown_field"),
    ],
)
async def test_bad_queries_are_refused(client: httpx.AsyncClient, places, query: str, status: int, code: str) -> None:
    answer = await client.get(f"/v1/places?{query}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_route_asks_the_database_once(client: httpx.AsyncClient, places, count_queries) -> None:
    async with count_queries() as queries:
        assert (await client.get("/v1/places")).status_code == 200

    assert len(queries) == 1
