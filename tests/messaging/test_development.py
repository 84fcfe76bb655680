"""The development tools: every message readable, one clock for all processes, and neither in production."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from marketplace.kit import clock, clock_follow
from marketplace.kit.db import execute, fetch_value
from marketplace.messaging import operations
from marketplace.settings import settings


async def send(to: str, code: str, *, now, dedupe: str) -> None:
    message_id = await operations.write(
        template="session_code", to=to, facts={"code": code, "minutes": 5}, dedupe=dedupe, now=now
    )
    await operations.deliver(message_id=message_id, now=now)


@pytest.fixture
def production(monkeypatch):
    found = msgspec.structs.replace(settings(), environment="production")
    for module in ("marketplace.messaging.controllers.development", "marketplace.kit.clock_follow"):
        monkeypatch.setattr(f"{module}.settings", lambda: found)


async def test_a_script_reads_the_code_it_signs_in_with(client, now):
    await send("13800138000", "111111", now=now, dedupe="1")
    await send("13800138000", "222222", now=now, dedupe="2")
    await send("13800138001", "333333", now=now, dedupe="3")
    answer = await client.get("/_dev/outbox", params={"to": "13800138000"})
    assert answer.status_code == 200
    first, second = answer.json()["items"]
    assert first.pop("id").startswith("msg_")
    assert first == {
        "channel": "sms",
        "to": "+8613800138000",
        "template": "session_code",
        "text": "【候鸟】验证码 222222，5 分钟内有效，请勿告诉他人。",
        "code": "222222",
        "sent_at": "2026-06-01T02:00:00Z",
    }
    assert second["code"] == "111111"
    assert len((await client.get("/_dev/outbox")).json()["items"]) == 3
    assert (await client.get("/_dev/outbox?to=%2B8613800138001")).json()["items"][0]["code"] == "333333"
    assert (await client.get("/_dev/outbox?to=+8613800138001")).json()["items"][0]["code"] == "333333"
    assert (await client.get("/_dev/outbox", params={"to": "nobody"})).json() == {"items": []}


async def test_only_what_was_sent_is_shown(client, now):
    await operations.write(
        template="session_code", to="13800138000", facts={"code": "1", "minutes": 5}, dedupe="queued", now=now
    )
    assert (await client.get("/_dev/outbox")).json() == {"items": []}


async def test_a_browser_gets_a_page_that_escapes_what_it_shows(client, now):
    await send("13800138000", "<b>1</b>", now=now, dedupe="1")
    answer = await client.get("/_dev/outbox", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "&lt;b&gt;1&lt;/b&gt;" in answer.text
    assert "<b>1</b>" not in answer.text
    assert "script" not in answer.headers["content-security-policy"]


async def test_the_clock_moves_forward_for_good(client):
    real = clock.now()
    answer = await client.post("/_dev/clock", json={"advance_seconds": 86_400})
    assert answer.status_code == 200
    await client.post("/_dev/clock", json={"advance_seconds": 86_400})
    assert timedelta(days=2) <= clock.now() - real < timedelta(days=2, minutes=1)
    assert await fetch_value("SELECT offset_s FROM clock_offset") == 2 * 86_400


@pytest.mark.parametrize("body", [{"advance_seconds": -1}, {"advance_seconds": 10**9}, {}, {"advance": 1}])
async def test_the_clock_refuses_to_go_back_or_to_the_end_of_time(client, body):
    answer = await client.post("/_dev/clock", json=body)
    assert answer.status_code in (400, 422)
    assert await fetch_value("SELECT count(*) FROM clock_offset") == 0


async def test_another_process_follows_whoever_moves_the_clock(committed, monkeypatch):
    followed = asyncio.Event()
    monkeypatch.setattr(clock, "travel", lambda offset: followed.set() if offset == timedelta(hours=1) else None)
    async with clock_follow.following():
        await execute("INSERT INTO clock_offset (offset_s) VALUES (3600)")
        async with asyncio.timeout(5):
            await followed.wait()


async def test_production_has_neither_outbox_nor_movable_clock(client, production):
    for answer in (
        await client.get("/_dev/outbox"),
        await client.get("/_dev/clock"),
        await client.post("/_dev/clock", json={"advance_seconds": 1}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    await execute("INSERT INTO clock_offset (offset_s) VALUES (3600)")
    await clock_follow.refresh()
    assert clock._offset == timedelta()
    with pytest.raises(RuntimeError, match="only development"):
        await clock_follow.advance(timedelta(hours=1))
