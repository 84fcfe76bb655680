"""One message, whatever becomes of it: exactly one worker has it, each operation sees it, nothing is dropped."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.identity.events import SessionCodeRequested
from marketplace.kit import clock, outbox
from marketplace.kit.db import execute, fetch_one, transaction
from marketplace.kit.ids import new_id
from workers import handling
from workers.reactions import REACTIONS

KIND = SessionCodeRequested.kind


class Operation:
    """Stands in for an operation, and remembers how it was called."""

    def __init__(self, name: str, *, failures: int = 0) -> None:
        self.__qualname__ = name
        self.calls: list[UUID] = []
        self.failures = failures

    async def __call__(self, *, request_id: UUID, now: object) -> None:
        self.calls.append(request_id)
        if len(self.calls) <= self.failures:
            raise LookupError("the telephone 13800138000 is unknown")


@pytest.fixture
def reactions(monkeypatch):
    def install(*operations: Operation) -> None:
        monkeypatch.setitem(REACTIONS, SessionCodeRequested, operations)

    return install


async def published(**extra) -> outbox.Claimed:
    async with transaction():
        message_id = await outbox.publish(SessionCodeRequested(request_id=new_id()), now=clock.now(), **extra)
    [claimed] = await outbox.claim(now=clock.now(), kinds=[KIND])
    assert claimed.id == message_id
    return claimed


async def row(message_id: UUID):
    return await fetch_one("SELECT * FROM outbox WHERE id = $1", message_id)


async def handle(claimed: outbox.Claimed) -> None:
    await handling.handle(claimed.id, kind=claimed.kind, attempts=claimed.attempts)


async def test_a_message_reaches_every_operation_once_and_is_closed(reactions):
    first, second = Operation("first"), Operation("second")
    reactions(first, second)
    claimed = await published()
    await handle(claimed)
    assert len(first.calls) == len(second.calls) == 1
    found = await row(claimed.id)
    assert (found["state"], found["attempts"], found["leased_until"]) == ("done", 1, None)


async def test_a_nudge_that_comes_twice_is_handled_once(reactions):
    operation = Operation("operation")
    reactions(operation)
    claimed = await published()
    for _ in range(3):
        await handle(claimed)
    assert len(operation.calls) == 1


async def test_of_many_workers_with_the_same_nudge_one_begins(committed, reactions):
    operation = Operation("operation")
    reactions(operation)
    claimed = await published()
    await asyncio.gather(*(handle(claimed) for _ in range(10)))
    assert len(operation.calls) == 1


async def test_a_failure_spares_the_other_operations_and_is_repeated_later(reactions):
    failing, working = Operation("failing", failures=1), Operation("working")
    reactions(failing, working)
    claimed = await published()
    before = clock.now()
    await handle(claimed)
    found = await row(claimed.id)
    assert found["state"] == "pending"
    assert found["due_at"] - before >= timedelta(seconds=2)
    assert found["last_error"] == "LookupError: the telephone 138****8000 is unknown"
    assert await outbox.claim(now=clock.now(), kinds=[KIND]) == []
    [again] = await outbox.claim(now=found["due_at"], kinds=[KIND])
    await handle(again)
    assert (len(failing.calls), len(working.calls)) == (2, 1)
    assert (await row(claimed.id))["state"] == "done"


async def test_after_twelve_failures_a_message_is_set_aside(reactions):
    operation = Operation("operation", failures=99)
    reactions(operation)
    claimed = await published()
    for _ in range(outbox.ATTEMPTS_MAX):
        await handle(claimed)
        due = await outbox.claim(now=clock.now() + timedelta(hours=2), kinds=[KIND])
        claimed = due[0] if due else claimed
    assert (await row(claimed.id))["state"] == "dead"
    assert len(operation.calls) == outbox.ATTEMPTS_MAX


async def test_a_message_that_ends_every_worker_is_set_aside_too(reactions):
    operation = Operation("operation")
    reactions(operation)
    claimed = await published()
    for attempts in range(outbox.ATTEMPTS_MAX):
        assert await outbox.begin(claimed.id, attempts=attempts) is not None
    await handling.handle(claimed.id, kind=KIND, attempts=outbox.ATTEMPTS_MAX)
    found = await row(claimed.id)
    assert (found["state"], found["last_error"], operation.calls) == ("dead", "the worker ended", [])


async def test_an_unknown_kind_is_left_for_a_newer_worker(reactions):
    claimed = await published()
    await execute("UPDATE outbox SET kind = 'booking.teleported', leased_until = NULL WHERE id = $1", claimed.id)
    assert await outbox.claim(now=clock.now(), kinds=[KIND]) == []
    await handling.handle(claimed.id, kind="booking.teleported", attempts=0)
    found = await row(claimed.id)
    assert (found["state"], found["attempts"]) == ("pending", 0)
    assert [message.id for message in await outbox.claim(now=clock.now(), kinds=["booking.teleported"])] == [claimed.id]


async def test_a_lease_follows_the_database_clock_when_ours_is_moved(reactions):
    claimed = await published()
    assert await outbox.claim(now=clock.now() + timedelta(days=30), kinds=[KIND]) == []
    await execute("UPDATE outbox SET leased_until = clock_timestamp() - interval '1 ms' WHERE id = $1", claimed.id)
    assert len(await outbox.claim(now=clock.now(), kinds=[KIND])) == 1


async def test_a_message_waits_for_its_due_time():
    now = clock.now()
    async with transaction():
        await outbox.publish(SessionCodeRequested(request_id=new_id()), now=now, due_at=now + timedelta(days=1))
    assert await outbox.claim(now=now + timedelta(hours=23), kinds=[KIND]) == []
    assert len(await outbox.claim(now=now + timedelta(days=1), kinds=[KIND])) == 1


async def test_release_gives_back_what_nobody_began(reactions):
    handed_out, begun = await published(), await published()
    await outbox.begin(begun.id, attempts=0)
    await outbox.release([handed_out, begun])
    assert [message.id for message in await outbox.claim(now=clock.now(), kinds=[KIND])] == [handed_out.id]


async def test_the_lease_is_kept_while_operations_run_and_lost_to_whoever_takes_over(reactions):
    claimed = await published()
    taken = await outbox.begin(claimed.id, attempts=0)
    assert await outbox.renew(taken) is True
    assert await outbox.begin(claimed.id, attempts=taken.attempts) is not None
    assert await outbox.renew(taken) is False
    assert await outbox.fail(taken, error="late", now=clock.now()) is False
    assert (await row(claimed.id))["leased_until"] is not None


async def test_drain_handles_what_is_due_and_what_that_publishes(reactions):
    async def chain(*, request_id: UUID, now) -> None:
        calls.append(request_id)
        if len(calls) < 3:
            async with transaction():
                await outbox.publish(SessionCodeRequested(request_id=new_id()), now=now)

    calls: list[UUID] = []
    reactions(chain)
    async with transaction():
        await outbox.publish(SessionCodeRequested(request_id=new_id()), now=clock.now())
    assert await handling.drain(now=clock.now()) == 3
    assert len(calls) == 3


async def test_closed_messages_are_pruned_but_not_the_feed():
    from marketplace.certifications.events import CertificationSuspended

    now = clock.now()
    async with transaction():
        await outbox.publish(SessionCodeRequested(request_id=new_id()), now=now)
        await outbox.publish(CertificationSuspended(certification_id=new_id(), institution_id=new_id()), now=now)
        await outbox.publish(SessionCodeRequested(request_id=new_id()), now=now, dedupe="open")
    await execute("UPDATE outbox SET state = 'done', settled_at = $1 WHERE dedupe IS NULL", now)
    assert await outbox.prune(now=now + timedelta(days=29)) == 0
    assert await outbox.prune(now=now + timedelta(days=31)) == 1
    assert await outbox.prune(now=now + timedelta(days=31)) == 0
