"""Families sign in with a one-time code sent to their telephone; the first sign-in makes the family."""

import hmac
import secrets
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import msgspec

from marketplace.identity.errors import SessionCodeSpent, SignInRefused, TooManyCodes
from marketplace.identity.events import SessionCodeRequested
from marketplace.identity.operations.sessions import OpenedSession, open_session
from marketplace.identity.rules import CODE_LIFETIME, CODE_TRIES_MAX, CODE_WINDOW, CodePolicy, Kind, code_wait, e164
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, require_transaction, transaction
from marketplace.kit.errors import invalid
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish

CODE_DIGITS = 6
STRANGER = Actor(kind="stranger")


class CodeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A code is on its way; it is good only together with this request's id."""

    request_id: UUID
    expires_at: datetime


async def request_code(*, phone: str, policy: CodePolicy, now: datetime) -> CodeRequest:
    """Make a one-time code for a telephone number, known or not: the answer is the same.

    Refuses: Invalid naming /phone; TooManyCodes. Publishes: SessionCodeRequested.
    """
    number = e164(phone)
    if number is None:
        raise invalid("phone", zh="手机号码无效", en="This cannot be a telephone number.")
    index = vault().blind_index(number)
    request_id, code = new_id(), f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    async with transaction():
        await _one_at_a_time(index)
        await _hold_back(index, policy=policy, now=now)
        await execute(
            "INSERT INTO session_codes (id, phone, phone_index, code, code_digest, tried_count, requested_at,"
            " expires_at) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)",
            request_id,
            vault().seal(number, table="session_codes", column="phone", row=request_id),
            index,
            vault().seal(code, table="session_codes", column="code", row=request_id),
            _digest(request_id, code),
            now,
            now + CODE_LIFETIME,
        )
        await audit.record("identity.session_code_requested", actor=STRANGER, subject=request_id, now=now)
        await publish(SessionCodeRequested(request_id=request_id), now=now)
    return CodeRequest(request_id=request_id, expires_at=now + CODE_LIFETIME)


async def _one_at_a_time(index: bytes) -> None:
    """Let one request per number count and write at a time: there may be no row to lock yet."""
    require_transaction()
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", index.hex())


async def _hold_back(index: bytes, *, policy: CodePolicy, now: datetime) -> None:
    rows = await fetch(
        "SELECT requested_at FROM session_codes WHERE phone_index = $1 AND requested_at > $2 ORDER BY requested_at",
        index,
        now - CODE_WINDOW,
    )
    wait = code_wait([row["requested_at"] for row in rows], policy=policy, now=now)
    if wait is not None:
        raise TooManyCodes(retry_after_s=ceil(wait / timedelta(seconds=1)))


async def erase_session_code(*, request_id: UUID) -> None:
    """Erase the readable copy of a code once it has been sent; its digest stays for checking."""
    await execute("UPDATE session_codes SET code = NULL WHERE id = $1", request_id)


async def sign_in_with_code(*, request_id: UUID, code: str, now: datetime) -> OpenedSession:
    """Open a session for the family whose telephone the code went to; the first one makes the family.

    Refuses: SignInRefused for a wrong code or an unknown request; SessionCodeSpent when the code is used, expired
    or was tried five times.
    """
    async with transaction():
        row = await fetch_one(
            "SELECT phone, phone_index, code_digest, tried_count, expires_at, used_at FROM session_codes"
            " WHERE id = $1 FOR UPDATE",
            request_id,
        )
        if row is None:
            raise SignInRefused
        if row["used_at"] is not None or row["expires_at"] <= now or row["tried_count"] >= CODE_TRIES_MAX:
            raise SessionCodeSpent
        if hmac.compare_digest(row["code_digest"], _digest(request_id, code)):
            await execute("UPDATE session_codes SET used_at = $2, code = NULL WHERE id = $1", request_id, now)
            phone = str(vault().open(row["phone"], table="session_codes", column="phone", row=request_id))
            family_id = await _family(phone, index=row["phone_index"], now=now)
            return await open_session(kind=Kind.FAMILY, holder_id=family_id, now=now)
        await execute("UPDATE session_codes SET tried_count = tried_count + 1 WHERE id = $1", request_id)
    # Refused only here, outside the transaction: a rolled-back count would allow a million tries.
    raise SignInRefused


def _digest(request_id: UUID, code: str) -> bytes:
    return vault().keyed_digest(f"{request_id}|{code}")


async def _family(phone: str, *, index: bytes, now: datetime) -> UUID:
    """Find the family of a number or make it; of two first sign-ins at once the second waits and finds the first's."""
    family_id = new_id()
    joined = await fetch_value(
        "INSERT INTO families (id, phone, phone_index, joined_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (phone_index) DO NOTHING RETURNING id",
        family_id,
        vault().seal(phone, table="families", column="phone", row=family_id),
        index,
        now,
    )
    if joined is not None:
        await audit.record(
            "identity.family_joined", actor=Actor(kind="family", id=family_id), subject=family_id, now=now
        )
        return family_id
    found: UUID = await fetch_value("SELECT id FROM families WHERE phone_index = $1", index)
    return found


async def register_family(*, phone: str, now: datetime) -> UUID:
    """Make a family without a sign-in, or return the one that has this number. Refuses: Invalid naming /phone."""
    number = e164(phone)
    if number is None:
        raise invalid("phone", zh="手机号码无效", en="This cannot be a telephone number.")
    async with transaction():
        return await _family(number, index=vault().blind_index(number), now=now)
