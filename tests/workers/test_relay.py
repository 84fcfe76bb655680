"""Handing out: only what there is room for, nothing twice, and nothing lost while the broker is away."""

import pytest

from marketplace.certifications.events import CertificationRegraded
from marketplace.identity.events import SessionCodeRequested
from marketplace.kit import clock, outbox
from marketplace.kit.db import fetch, fetch_value, transaction
from marketplace.kit.ids import new_id


@pytest.fixture
def relay(machine, monkeypatch):
    """The relay with a broker that remembers what it was sent."""
    from workers import relay

    sent: list[outbox.Claimed] = []

    def send(claimed):
        sent.extend(claimed)
        return []

    monkeypatch.setattr(relay, "_send", send)
    monkeypatch.setattr(relay, "_queue_length", lambda: 0)
    relay.sent = sent
    return relay


async def order(count: int) -> None:
    async with transaction():
        for _ in range(count):
            await outbox.publish(SessionCodeRequested(request_id=new_id()), now=clock.now())


async def test_everything_due_is_handed_out_once_in_order(relay):
    await order(120)
    for _ in range(2):
        await relay.dispatch(now=clock.now())
    ids = [row["id"] for row in await fetch("SELECT id FROM outbox ORDER BY due_at, id")]
    assert [message.id for message in relay.sent] == ids


async def test_the_queue_is_kept_short(relay, monkeypatch):
    await order(30)
    monkeypatch.setattr(relay, "_queue_length", lambda: relay.QUEUE_LENGTH_MAX - 10)
    await relay.dispatch(now=clock.now())
    assert len(relay.sent) == 10
    monkeypatch.setattr(relay, "_queue_length", lambda: relay.QUEUE_LENGTH_MAX + 1)
    await relay.dispatch(now=clock.now())
    assert len(relay.sent) == 10


async def test_news_for_partners_only_is_closed_without_a_nudge(relay):
    async with transaction():
        await outbox.publish(CertificationRegraded(certification_id=new_id(), institution_id=new_id()), now=clock.now())
    await relay.dispatch(now=clock.now())
    assert relay.sent == []
    assert await fetch_value("SELECT state FROM outbox") == "done"


async def test_a_broker_that_is_away_leaves_every_message_due(relay, monkeypatch):
    def away() -> int:
        raise ConnectionError

    await order(3)
    monkeypatch.setattr(relay, "_queue_length", away)
    await relay.dispatch(now=clock.now())
    assert await fetch_value("SELECT count(*) FROM outbox WHERE leased_until IS NULL") == 3


async def test_a_broker_that_goes_away_midway_gives_back_the_rest(relay, monkeypatch):
    await order(3)
    monkeypatch.setattr(relay, "_send", lambda claimed: claimed[1:])
    await relay.dispatch(now=clock.now())
    leased = [
        row["leased"]
        for row in await fetch("SELECT leased_until IS NOT NULL AS leased FROM outbox ORDER BY due_at, id")
    ]
    assert leased == [True, False, False]


async def test_a_real_broker_that_refuses_is_noticed_at_once(machine, monkeypatch):
    from workers import relay

    await order(1)
    monkeypatch.setattr(relay.app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(
        relay.app, "connection_or_acquire", lambda: relay.app.connection_for_write("redis://127.0.0.1:1/0")
    )
    await relay.dispatch(now=clock.now())
    assert await fetch_value("SELECT leased_until FROM outbox") is None
