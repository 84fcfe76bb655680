"""Idempotency keys: the same key and body get the stored answer, in the same transaction as the effect.

``once`` is for effects that are one transaction. ``leased`` is for those that call an outside service in between:
the key is reserved first, the effect must be repeatable, and a crash frees the key when the lease ends.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec

from marketplace.kit import failpoints
from marketplace.kit.db import execute, fetch_one, transaction
from marketplace.kit.errors import DomainError

LEASE = timedelta(seconds=30)
KEEP = timedelta(days=7)
KEY_LENGTH_MAX = 255


class IdempotencyKeyMissing(DomainError):
    """This route needs an Idempotency-Key header of 1 to 255 characters."""

    code = "idempotency_key_missing"
    status = 400
    zh = "缺少 Idempotency-Key 请求头"
    en = "Send an Idempotency-Key header of 1 to 255 characters."


class IdempotencyKeyReused(DomainError):
    """The key was used with another body; use a new key for a new request."""

    code = "idempotency_key_reused"
    status = 422
    zh = "该幂等键已用于另一请求"
    en = "This Idempotency-Key was used with another request."


class IdempotencyInProgress(DomainError):
    """The first request with this key is still running; repeat it shortly."""

    code = "idempotency_in_progress"
    status = 409
    zh = "相同请求正在处理中"
    en = "The first request with this key is still running."
    retryable = True
    retry_after_s = 1


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """An idempotency key in its scope: whose, on which route, for which body."""

    principal: UUID
    route: str
    value: str
    fingerprint: bytes


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    fingerprint: bytes
    status: int | None
    body: bytes | None
    reserved_at: datetime


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A stored answer: status and body, exactly as first sent."""

    status: int
    body: bytes
    replayed: bool = False


Perform = Callable[[], Awaitable[Answer]]


def key(*, principal: UUID, method: str, path: str, value: str | None, body: bytes) -> Key:
    """Build a key from a request; the fingerprint is of the exact bytes. Refuses: IdempotencyKeyMissing."""
    if not value or len(value) > KEY_LENGTH_MAX:
        raise IdempotencyKeyMissing
    return Key(principal=principal, route=f"{method} {path}", value=value, fingerprint=sha256(body).digest())


async def once(key: Key, perform: Perform, *, now: datetime) -> Answer:
    """Run ``perform`` and store its answer in one transaction, or return the stored answer.

    A concurrent request with the same key waits for the first to commit and then replays its answer.
    Refuses: IdempotencyKeyReused; Busy when the first takes longer than the lock time-out.
    """
    async with transaction():
        if not await _reserve(key, now=now):
            return _replay(key, await _stored(key))
        answer = await perform()
        await _store(key, answer)
    failpoints.reach("answer.committed")
    return answer


async def leased(key: Key, perform: Perform, *, now: datetime) -> Answer:
    """Reserve the key, run a repeatable ``perform`` with its own transactions, store the answer.

    Refuses: IdempotencyKeyReused, IdempotencyInProgress.
    """
    async with transaction():
        if not await _reserve(key, now=now):
            stored = await _stored(key)
            if stored.status is not None or stored.fingerprint != key.fingerprint:
                return _replay(key, stored)
            if stored.reserved_at + LEASE > now:
                raise IdempotencyInProgress
            await execute(f"UPDATE idempotency_keys SET reserved_at = $4 WHERE {_SCOPE}", *_scope(key), now)
    try:
        answer = await perform()
    except DomainError:
        await execute(f"DELETE FROM idempotency_keys WHERE {_SCOPE} AND status IS NULL", *_scope(key))
        raise
    await _store(key, answer)
    return answer


async def prune(*, now: datetime, limit: int = 1_000) -> int:
    """Delete keys that no client repeats any more, with the answers they stored; returns how many."""
    return await execute(
        "DELETE FROM idempotency_keys WHERE (principal_id, route, key) IN"
        " (SELECT principal_id, route, key FROM idempotency_keys WHERE reserved_at < $1 LIMIT $2)",
        now - KEEP,
        limit,
    )


_SCOPE = "principal_id = $1 AND route = $2 AND key = $3"


def _scope(key: Key) -> tuple[UUID, str, str]:
    return key.principal, key.route, key.value


async def _reserve(key: Key, *, now: datetime) -> bool:
    row = await fetch_one(
        "INSERT INTO idempotency_keys (principal_id, route, key, fingerprint, reserved_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING key",
        *_scope(key),
        key.fingerprint,
        now,
    )
    return row is not None


async def _stored(key: Key) -> _Stored:
    row = await fetch_one(
        f"SELECT fingerprint, status, body, reserved_at FROM idempotency_keys WHERE {_SCOPE} FOR UPDATE", *_scope(key)
    )
    if row is None:
        raise IdempotencyInProgress
    return _Stored(**row)


def _replay(key: Key, stored: _Stored) -> Answer:
    if stored.fingerprint != key.fingerprint:
        raise IdempotencyKeyReused
    if stored.status is None or stored.body is None:
        raise IdempotencyInProgress
    return Answer(status=stored.status, body=stored.body, replayed=True)


async def _store(key: Key, answer: Answer) -> None:
    await execute(
        f"UPDATE idempotency_keys SET status = $4, body = $5 WHERE {_SCOPE}", *_scope(key), answer.status, answer.body
    )
