"""The HTTP face on a small app of its own: problems, strict parameters, ETags, limits, headers, unlogged errors."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import httpx
import msgspec
import pytest
import structlog
from litestar import Litestar, get, post
from litestar.params import FromQuery, JSONBody

from marketplace.kit import valkey
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.errors import Invalid, NotFound, invalid
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.context import RequestContext, before_send
from marketplace.kit.http.limits import Limit, hit, limited
from marketplace.kit.http.problems import HANDLERS, MEDIA_TYPE
from marketplace.kit.http.strict import StrictRequest, check_query

TIGHT = Limit("tight", 3, 60)


class Stay(msgspec.Struct, forbid_unknown_fields=True):
    check_in: date
    guest_count: int = 1


@post("/stays")
async def make(data: JSONBody[Stay]) -> Stay:
    if data.guest_count < 1:
        raise invalid("guest_count", zh="至少一人", en="At least one.")
    return data


@get("/things", middleware=[ETag()])
async def things(cluster: FromQuery[str | None] = None, limit: FromQuery[int] = 20) -> dict[str, object]:
    return {"cluster": cluster, "limit": limit}


@get("/missing")
async def missing() -> None:
    raise NotFound


@get("/boom")
async def boom() -> None:
    raise RuntimeError("planted")


@get("/locked")
async def locked() -> None:
    raise asyncpg.exceptions.LockNotAvailableError("planted")


@get("/away")
async def away(how: FromQuery[str] = "refused") -> None:
    raise {
        "refused": ConnectionRefusedError("planted"),
        "starting": asyncpg.exceptions.CannotConnectNowError("planted"),
        "torn": asyncpg.exceptions.InternalClientError("planted"),
        "slow": TimeoutError("planted"),
    }[how]


class Words(msgspec.Struct, forbid_unknown_fields=True):
    column: str
    text: str


@post("/texts")
async def keep(data: JSONBody[Words]) -> None:
    async with transaction():
        if data.column == "text":
            await fetch_value("SELECT $1::text", data.text)
        await fetch_value("SELECT $1::jsonb", msgspec.json.encode(data).decode())


@get("/tight", guards=[limited(TIGHT)])
async def tight() -> str:
    return "ok"


@pytest.fixture
async def small() -> AsyncIterator[httpx.AsyncClient]:
    await valkey.client().flushdb()
    app = Litestar(
        [make, things, missing, boom, locked, away, keep, tight],
        middleware=[RequestContext()],
        request_class=StrictRequest,
        before_request=check_query,
        before_send=[before_send],
        exception_handlers=HANDLERS,
        request_max_body_size=1_000,
        openapi_config=None,
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_refusal_is_a_problem_document_in_the_callers_language(small: httpx.AsyncClient) -> None:
    chinese = await small.get("/missing")
    english = await small.get("/missing", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.5"})

    assert chinese.status_code == 404
    assert chinese.headers["content-type"] == MEDIA_TYPE
    assert chinese.json() == {
        "type": "/docs/problems#not_found",
        "title": "not found",
        "status": 404,
        "detail": "未找到",
        "code": "not_found",
        "request_id": chinese.headers["x-request-id"],
        "retryable": False,
        "errors": [],
    }
    assert english.json()["detail"] == "Not found."


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ('{"check_in": "2026-13-01"}', 422, "validation_failed", "/check_in"),
        ('{"check_in": "2026-12-01", "guest_count": "two"}', 422, "validation_failed", "/guest_count"),
        ('{"check_in": "2026-12-01", "guest_count": 0}', 422, "validation_failed", "/guest_count"),
        ('{"guest_count": 1}', 422, "validation_failed", "/check_in"),
        ('{"check_in": "2026-12-01", "guest_count": "2"}', 422, "validation_failed", "/guest_count"),
        ('{"check_in": "2026-12-01", "guest_count": "null"}', 422, "validation_failed", "/guest_count"),
        ('{"check_in": "2026-12-01", "guest_count": true}', 422, "validation_failed", "/guest_count"),
        ('{"check_in": "2026-12-01", "guest_count": 1e400}', 422, "validation_failed", "/guest_count"),
        ('{"check_in": "\\ud800"}', 400, "malformed_body", None),
        ('{"check_in": "2026-12-01", "guest_cuont": 1}', 400, "unknown_field", "/guest_cuont"),
        ('{"check_in": ', 400, "malformed_body", None),
        ("[]", 422, "validation_failed", None),
    ],
)
async def test_a_bad_body_is_named(
    small: httpx.AsyncClient, body: str, status: int, code: str, pointer: str | None
) -> None:
    answer = await small.post("/stays", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if pointer is not None:
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_an_unknown_field_suggests_the_nearest(small: httpx.AsyncClient) -> None:
    answer = await small.post("/stays", json={"check_in": "2026-12-01", "guest_cuont": 1})

    assert answer.json()["did_you_mean"] == "guest_count"
    assert "是否指 guest_count" in answer.json()["detail"]


async def test_an_unknown_query_parameter_is_refused_with_the_nearest(small: httpx.AsyncClient) -> None:
    answer = await small.get("/things", params={"clutser": "jian"})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
    assert answer.json()["did_you_mean"] == "cluster"
    assert answer.json()["errors"] == [{"detail": "未知字段 clutser", "parameter": "clutser"}]
    assert (await small.get("/things", params={"cluster": "jian"})).status_code == 200


async def test_a_bad_query_value_names_its_parameter(small: httpx.AsyncClient) -> None:
    answer = await small.get("/things", params={"limit": "many"})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["parameter"] == "limit"


@pytest.mark.parametrize("query", ["limit=1&limit=2", "limit=null", "cluster=NULL", "cluster=jian&cluster=jian"])
async def test_a_query_parameter_has_one_value_and_null_is_none(small: httpx.AsyncClient, query: str) -> None:
    answer = await small.get(f"/things?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


async def test_options_and_a_wrong_method_name_every_method_of_the_path(client: httpx.AsyncClient) -> None:
    options = await client.options("/v1/sessions/current")
    refused = await client.patch("/v1/sessions/current")

    assert options.headers["allow"] == "DELETE, GET, OPTIONS"
    assert refused.status_code == 405
    assert sorted(refused.headers["allow"].split(", ")) == ["DELETE", "GET", "OPTIONS"]


async def test_text_that_postgresql_cannot_keep_is_a_mistake_of_the_caller(small: httpx.AsyncClient) -> None:
    for column in ("text", "jsonb"):
        answer = await small.post("/texts", json={"column": column, "text": "a\u0000b"})

        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert answer.json()["errors"] == [{"detail": "文本含有无法保存的字符", "pointer": ""}]


async def test_an_unforeseen_error_is_logged_and_says_nothing(small: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await small.get("/boom")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "planted" not in answer.text
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["unhandled error"]


async def test_a_held_lock_is_busy_and_a_lost_database_is_unavailable(small: httpx.AsyncClient) -> None:
    busy, gone = await small.get("/locked"), await small.get("/away")

    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (409, "busy", "1")
    assert (gone.status_code, gone.json()["code"], gone.headers["retry-after"]) == (503, "unavailable", "2")
    assert busy.json()["retryable"]
    assert gone.json()["retryable"]


@pytest.mark.parametrize("how", ["refused", "starting", "torn", "slow"])
async def test_a_database_that_goes_away_is_unavailable_however_it_goes(small: httpx.AsyncClient, how: str) -> None:
    answer = await small.get("/away", params={"how": how})

    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (503, "unavailable", True)


async def test_framework_refusals_have_the_same_shape(small: httpx.AsyncClient) -> None:
    nowhere, wrong = await small.get("/nowhere"), await small.delete("/stays")
    large = await small.post("/stays", content=b"x" * 2_000, headers={"Content-Type": "application/json"})

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["allow"]
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")


async def test_an_unchanged_answer_is_not_sent_again(small: httpx.AsyncClient) -> None:
    first = await small.get("/things")
    second = await small.get("/things", headers={"If-None-Match": first.headers["etag"]})
    other = await small.get("/things", params={"limit": 5}, headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert (second.status_code, second.content, second.headers["etag"]) == (304, b"", first.headers["etag"])
    assert other.status_code == 200


async def test_every_answer_carries_its_request_id_and_security_headers(small: httpx.AsyncClient) -> None:
    for path in ("/things", "/nowhere", "/boom"):
        answer = await small.get(path, headers={"X-Request-Id": "my-request-0001"})

        assert answer.headers["x-request-id"] == "my-request-0001"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    forged = await small.get("/things", headers={"X-Request-Id": "bad id\twith spaces"})
    assert forged.headers["x-request-id"] != "bad id\twith spaces"


async def test_limits_are_exact_under_concurrency_and_say_so(small: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(small.get("/tight") for _ in range(12)))
    passed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]

    assert (len(passed), len(refused)) == (3, 9)
    assert {answer.json()["code"] for answer in refused} == {"rate_limited"}
    assert all(1 <= int(answer.headers["retry-after"]) <= 20 for answer in refused)
    assert passed[0].headers["ratelimit-policy"] == '"tight";q=3;w=60'


async def test_limits_are_shared_by_processes_because_the_count_is_in_valkey() -> None:
    await valkey.client().flushdb()
    for expected in (2, 1, 0):
        assert await hit(TIGHT, "one caller") == (expected, 0.0)

    remaining, wait_s = await hit(TIGHT, "one caller")
    assert remaining == 0
    assert 0 < wait_s <= 20
    assert await hit(TIGHT, "another caller") == (2, 0.0)


def test_invalid_points_into_the_body() -> None:
    refusal = invalid("contact.phone", zh="x", en="x")

    assert isinstance(refusal, Invalid)
    assert refusal.fields[0].pointer == "/contact/phone"
