import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from marketplace.kit import idempotency
from marketplace.kit.db import execute, fetch_value
from marketplace.kit.errors import Busy
from marketplace.kit.idempotency import (
    Answer,
    IdempotencyInProgress,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    Key,
    leased,
    once,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def key(body: bytes = b"{}", *, value: str = "k-1", principal=None) -> Key:
    return idempotency.key(principal=principal or uuid4(), method="POST", path="/v1/x", value=value, body=body)


@pytest.mark.parametrize("value", [None, "", "x" * 256])
def test_a_missing_or_overlong_key_is_refused(value: str | None) -> None:
    with pytest.raises(IdempotencyKeyMissing):
        idempotency.key(principal=uuid4(), method="POST", path="/v1/x", value=value, body=b"")


async def test_twenty_identical_requests_have_one_effect_and_nineteen_replays(committed: str) -> None:
    await execute("CREATE TABLE effects (n integer)")
    principal = uuid4()

    async def perform() -> Answer:
        await execute("INSERT INTO effects VALUES (1)")
        return Answer(status=201, body=b'{"made": 1}')

    answers = await asyncio.gather(*(once(key(principal=principal), perform, now=NOW) for _ in range(20)))

    assert await fetch_value("SELECT count(*) FROM effects") == 1
    assert [answer.replayed for answer in answers].count(True) == 19
    assert {(answer.status, answer.body) for answer in answers} == {(201, b'{"made": 1}')}


async def test_the_same_key_with_another_body_is_refused_and_changes_nothing() -> None:
    principal = uuid4()

    async def perform() -> Answer:
        return Answer(status=201, body=b"first")

    async def never() -> Answer:
        raise AssertionError("a reused key must not run anything")

    await once(key(b"a", principal=principal), perform, now=NOW)
    with pytest.raises(IdempotencyKeyReused):
        await once(key(b"b", principal=principal), never, now=NOW)

    assert (await once(key(b"a", principal=principal), never, now=NOW)).body == b"first"


async def test_a_refused_request_leaves_its_key_free() -> None:
    principal = uuid4()

    async def refuse() -> Answer:
        raise Busy

    async def perform() -> Answer:
        return Answer(status=201, body=b"made")

    for attempt in (once, leased):
        with pytest.raises(Busy):
            await attempt(key(principal=principal), refuse, now=NOW)

    assert not (await once(key(principal=principal), perform, now=NOW)).replayed


async def test_keys_of_two_callers_never_meet() -> None:
    async def perform() -> Answer:
        return Answer(status=201, body=b"mine")

    assert not (await once(key(), perform, now=NOW)).replayed
    assert not (await once(key(), perform, now=NOW)).replayed


async def test_a_leased_key_is_in_progress_until_its_lease_ends(committed: str) -> None:
    principal = uuid4()
    started, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> Answer:
        started.set()
        await finish.wait()
        return Answer(status=201, body=b"slow")

    async def again() -> Answer:
        return Answer(status=201, body=b"again")

    first = asyncio.create_task(leased(key(principal=principal), slow, now=NOW))
    await started.wait()
    with pytest.raises(IdempotencyInProgress):
        await leased(key(principal=principal), again, now=NOW)
    finish.set()
    await first

    assert (await leased(key(principal=principal), again, now=NOW)).body == b"slow"


async def test_a_key_whose_holder_died_is_taken_over_after_the_lease() -> None:
    principal = uuid4()
    held = key(principal=principal)
    await idempotency._reserve(held, now=NOW)

    async def perform() -> Answer:
        return Answer(status=201, body=b"recovered")

    with pytest.raises(IdempotencyInProgress):
        await leased(held, perform, now=NOW + timedelta(seconds=29))
    assert (await leased(held, perform, now=NOW + timedelta(seconds=31))).body == b"recovered"
