"""Bad input: each its own 422 that names its parameter; nothing is silently empty."""

import pytest

pytestmark = pytest.mark.usefixtures("still")

EXACT = {"check_in": "2027-07-01", "check_out": "2027-07-31"}
FLEXIBLE = {"from": "2027-06-15", "to": "2027-09-10", "nights": "30"}


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({}, "check_in"),
        ({"check_in": "2027-07-01"}, "check_out"),
        ({"check_out": "2027-07-01"}, "check_in"),
        ({"from": "2027-07-01", "to": "2027-08-01"}, "nights"),
        ({"from": "2027-07-01", "nights": 3}, "to"),
        ({"to": "2027-07-01", "nights": 3}, "from"),
        (EXACT | {"nights": 3}, "nights"),
        (EXACT | {"from": "2027-07-01"}, "from"),
        (EXACT | {"prefer": "cheapest"}, "prefer"),
        # Longer than 400 nights; reversed; empty; past; beyond what is on sale.
        (FLEXIBLE | {"to": "2028-09-10"}, "to"),
        (FLEXIBLE | {"from": "2027-03-02", "to": "2028-04-06"}, "to"),
        (EXACT | {"check_out": "9999-12-31"}, "check_out"),
        (FLEXIBLE | {"from": "2027-09-10", "to": "2027-06-15"}, "to"),
        ({"check_in": "2027-07-31", "check_out": "2027-07-01"}, "check_out"),
        ({"check_in": "2027-07-01", "check_out": "2027-07-01"}, "check_out"),
        (EXACT | {"check_in": "2027-02-28"}, "check_in"),
        (FLEXIBLE | {"from": "0001-01-01"}, "to"),
        ({"check_in": "2028-04-01", "check_out": "2028-04-20"}, "check_out"),
        # Nights.
        (FLEXIBLE | {"nights": 0}, "nights"),
        (FLEXIBLE | {"nights": -1}, "nights"),
        ({"from": "2027-03-02", "to": "2027-12-01", "nights": 181}, "nights"),
        (FLEXIBLE | {"nights": 100}, "nights"),
        (FLEXIBLE | {"nights": 10**30}, "nights"),
        ({"check_in": "2027-03-02", "check_out": "2027-12-01"}, "check_out"),
        # Codes.
        (EXACT | {"service": "hotspring"}, "service"),
        (EXACT | {"cluster": "chang-bai-shan"}, "cluster"),
        (EXACT | {"place": "二道白河"}, "place"),
        (EXACT | {"origin": "Wuhan City"}, "origin"),
        (EXACT | {"prefer": "warmest"}, "prefer"),
        (EXACT | {"sort": "paid"}, "sort"),
        # What needs something else.
        (EXACT | {"radius_km": 10}, "radius_km"),
        (EXACT | {"sort": "distance"}, "sort"),
        (EXACT | {"sort": "relief"}, "sort"),
        (EXACT | {"relief_min": 6}, "relief_min"),
        # The party.
        (EXACT | {"guests": 0}, "guests"),
        (EXACT | {"guests": 9}, "guests"),
        (EXACT | {"guests": 17, "rooms": 2}, "guests"),
        (EXACT | {"guests": 2, "rooms": 3}, "rooms"),
        (EXACT | {"rooms": 0}, "rooms"),
        (EXACT | {"guests": 10**20}, "guests"),
        # Limits.
        (EXACT | {"ability_level": 5}, "ability_level"),
        (EXACT | {"grade_min": 6}, "grade_min"),
        (EXACT | {"price_max": 0}, "price_max"),
        (EXACT | {"price_max": 10**30}, "price_max"),
        (EXACT | {"near": "somewhere"}, "near"),
        (EXACT | {"near": "42.4,128.1", "radius_km": "nan"}, "radius_km"),
        (EXACT | {"origin": "wuhan", "relief_min": "nan"}, "relief_min"),
        (EXACT | {"q": "  "}, "q"),
        (EXACT | {"limit": 0}, "limit"),
        (EXACT | {"check_in": "July"}, "check_in"),
    ],
)
async def test_each_impossible_parameter_is_named(client, town, asked, parameter) -> None:
    answer = await client.get("/v1/stays", params=asked)

    assert answer.status_code == 422, answer.text
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ({"service": "氡泉"}, "radon_spring"),
        ({"service": "hotspring"}, "hot_spring"),
        ({"cluster": "changbai"}, "changbaishan"),
        ({"place": "erdaobai"}, "erdaobaihe"),
        ({"origin": "gwangzhou"}, "guangzhou"),
        ({"origin": "广州市"}, "guangzhou"),
    ],
)
async def test_an_unknown_code_is_answered_with_the_one_that_was_meant(client, town, asked, meant) -> None:
    answer = await client.get("/v1/stays", params=EXACT | asked)

    assert answer.status_code == 422
    assert answer.json()["code"] == "unknown_code"
    assert answer.json()["did_you_mean"] == meant


async def test_an_unknown_parameter_is_refused(client, town) -> None:
    answer = await client.get("/v1/stays", params=EXACT | {"chek_in": "2027-07-01"})

    assert answer.status_code == 400
    assert answer.json()["did_you_mean"] == "check_in"


@pytest.mark.parametrize("asked", ["ins_00000000000070008000000000000000", "ins_1", "bkg_1", ""])
async def test_an_institution_that_does_not_exist_is_not_found(client, town, asked) -> None:
    answer = await client.get("/v1/stays", params=EXACT | {"institution_id": asked})

    assert answer.status_code == 404


@pytest.mark.parametrize("cursor", ["x", "e30", "WyJhIl0", "WyIwMDAwMDAwMDAwMDAwMDAwIiwxZTk5OSwiYSJd"])
async def test_a_cursor_that_is_not_ours_is_refused(client, town, cursor) -> None:
    answer = await client.get("/v1/stays", params=EXACT | {"cursor": cursor})

    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_cursor"
