from datetime import timedelta
from hashlib import sha256

from marketplace.identity import operations, queries
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import new_id, wire

CURRENT = "/v1/sessions/current"


async def test_a_family_signs_in_is_known_and_signs_out(client, sign_in_family, bearer):
    session = await sign_in_family()

    current = await client.get(CURRENT, headers=bearer(session))
    assert current.status_code == 200
    assert current.json()["principal"] == session["principal"]
    assert current.json()["expires_at"] == session["expires_at"]
    assert session["principal"]["kind"] == "family"
    assert session["principal"]["id"].startswith("fam_")

    closed = await client.delete(CURRENT, headers=bearer(session))
    assert closed.status_code == 204
    refused = await client.get(CURRENT, headers=bearer(session))
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_signing_out_leaves_the_familys_other_sessions(client, sign_in_family, bearer):
    one, two = await sign_in_family(), await sign_in_family()

    await client.delete(CURRENT, headers=bearer(one))

    assert (await client.get(CURRENT, headers=bearer(two))).status_code == 200


async def test_only_the_digest_of_a_token_is_stored(sign_in_family):
    session = await sign_in_family()

    rows = [dict(row) for row in await fetch("SELECT * FROM sessions")]
    assert len(rows) == 1
    assert rows[0]["token_digest"] == sha256(session["token"].encode()).digest()
    assert session["token"] not in repr(rows)
    assert len(session["token"]) >= 43


async def test_a_token_or_session_chosen_by_the_caller_is_never_taken_over(client):
    """The attack is session fixation: plant an id in the victim's browser, wait for the sign-in, use the id."""
    chosen = "attacker-knows-this-token-0123456789abcdefgh"
    hostile = {"Authorization": f"Bearer {chosen}", "Cookie": f"session={chosen}"}
    asked = await client.post("/v1/session-codes", json={"phone": "13800138000"}, headers=hostile)
    rows = await fetch("SELECT id FROM session_codes")
    code = await queries.session_code(request_id=rows[0]["id"])

    opened = await client.post(
        "/v1/sessions", json={"request_id": asked.json()["request_id"], "code": code.code}, headers=hostile
    )

    assert opened.status_code == 201
    assert opened.json()["token"] != chosen
    assert "set-cookie" not in opened.headers
    assert (await client.get(CURRENT, headers=hostile)).status_code == 401


async def test_nobody_is_nobody_and_a_bad_token_is_refused(client):
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}, {"Authorization": ""}):
        answer = await client.get(CURRENT, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), headers
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_unused_session_ends_and_a_used_one_lives_on_to_its_limit(client, sign_in_family, bearer):
    session = await sign_in_family()

    clock.travel(timedelta(days=13))
    assert (await client.get(CURRENT, headers=bearer(session))).status_code == 200
    clock.travel(timedelta(days=26))
    assert (await client.get(CURRENT, headers=bearer(session))).status_code == 200
    clock.travel(timedelta(days=26 + 14, minutes=1))
    assert (await client.get(CURRENT, headers=bearer(session))).status_code == 401


async def test_no_use_carries_a_session_past_ninety_days(client, sign_in_family, bearer):
    session = await sign_in_family()
    for day in range(10, 90, 10):
        clock.travel(timedelta(days=day))
        assert (await client.get(CURRENT, headers=bearer(session))).status_code == 200

    clock.travel(timedelta(days=90, seconds=1))
    assert (await client.get(CURRENT, headers=bearer(session))).status_code == 401


async def test_knowing_the_caller_costs_one_query(client, sign_in_family, bearer, count_queries):
    session = await sign_in_family()

    async with count_queries() as statements:
        answer = await client.get(CURRENT, headers=bearer(session))

    assert answer.status_code == 200
    assert len(statements) == 1, statements


async def test_signing_in_is_written_down(sign_in_family):
    await sign_in_family()

    actions = sorted(row["action"] for row in await fetch("SELECT action FROM audit_events"))
    assert actions == ["identity.family_joined", "identity.session_code_requested", "identity.session_opened"]


async def test_a_sign_in_lacking_a_field_or_mixing_two_ways_names_the_field(client):
    request_id = wire("rqs", new_id())
    cases = [
        ({}, "/request_id"),
        ({"request_id": request_id}, "/code"),
        ({"code": "123456"}, "/request_id"),
        ({"email": "a@b.example"}, "/password"),
        ({"password": "secret"}, "/email"),
        ({"request_id": request_id, "code": "123456", "email": "a@b.example", "password": "x"}, "/email"),
        ({"request_id": request_id, "code": "12345"}, "/code"),
        ({"request_id": "bkg_1", "code": "123456"}, "/request_id"),
    ]
    for body, pointer in cases:
        answer = await client.post("/v1/sessions", json=body)
        assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer]), body
    assert await fetch_value("SELECT count(*) FROM sessions") == 0


async def test_a_wrong_code_and_an_unknown_request_are_refused_alike(client):
    asked = (await client.post("/v1/session-codes", json={"phone": "13800138000"})).json()
    rows = await fetch("SELECT id FROM session_codes")
    right = (await queries.session_code(request_id=rows[0]["id"])).code
    wrong = f"{(int(right) + 1) % 1_000_000:06}"

    answers = [
        await client.post("/v1/sessions", json={"request_id": request_id, "code": wrong})
        for request_id in (asked["request_id"], wire("rqs", new_id()))
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "sign_in_refused")] * 2


async def test_forgetting_takes_only_what_no_rule_looks_at(now, sign_in_family):
    await sign_in_family()
    moment = clock.now()

    assert await operations.forget(now=moment) == 0
    assert await operations.forget(now=moment + timedelta(hours=2)) == 1
    assert await fetch_value("SELECT count(*) FROM session_codes") == 0
    assert await fetch_value("SELECT count(*) FROM sessions") == 1
    assert await operations.forget(now=moment + timedelta(days=121)) == 1
    assert await fetch_value("SELECT count(*) FROM sessions") == 0


async def test_a_family_can_be_registered_before_it_signs_in(sign_in_family, now):
    planted = await operations.register_family(phone="13800138000", now=now)
    again = await operations.register_family(phone="+8613800138000", now=now)
    session = await sign_in_family("13800138000")

    assert planted == again
    assert session["principal"]["id"] == wire("fam", planted)
