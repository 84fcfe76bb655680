"""Institution staff and officers sign in with an e-mail address and a password kept as argon2id."""

import asyncio
import unicodedata
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type

from marketplace.identity.errors import EmailTaken, SignInRefused, TooManyAttempts
from marketplace.identity.operations.sessions import OpenedSession, open_session
from marketplace.identity.rules import FAILURES_FORGOTTEN_AFTER, PASSWORD_LENGTH_MIN, Kind, Level, attempt_wait
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch_one, transaction
from marketplace.kit.errors import NotFound, invalid
from marketplace.kit.ids import new_id

# The OWASP setting: 19 MiB, two passes, one lane; about 100 ms of one core, so only two run at a time.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
_TWO_AT_A_TIME = asyncio.Semaphore(2)
# The hash of a password that was thrown away, at the same cost: an unknown address takes as long as a known one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$GY6rdcOz5IDVSPlq6LoIwQ$JM+6HcDu/fkzdo7KVo5hUhha/FpgkT4xtsfRy/zdldo"


async def hash_password(password: str) -> str:
    """Hash a password for ``register_staff``, in a thread. Refuses: Invalid naming /password when it is short."""
    if len(password) < PASSWORD_LENGTH_MIN:
        raise invalid("password", zh="密码至少 8 位", en="A password has at least 8 characters.")
    async with _TWO_AT_A_TIME:
        return await asyncio.to_thread(_HASHER.hash, password)


async def register_staff(  # noqa: PLR0913 - these are the facts of a member of staff.
    *,
    actor: Actor,
    kind: Kind,
    name: str,
    email: str,
    password_hash: str,
    now: datetime,
    institution_id: UUID | None = None,
    level: Level | None = None,
    jurisdiction: str | None = None,
) -> UUID:
    """Register someone who works at an institution, an officer of a level and jurisdiction, or one of our finance people.

    Refuses: EmailTaken; Invalid when the kind and the place of work do not fit.
    """
    at_institution = institution_id is not None and level is None and jurisdiction is None
    at_authority = institution_id is None and level is not None and jurisdiction is not None
    at_platform = institution_id is None and level is None and jurisdiction is None
    fits = {Kind.INSTITUTION: at_institution, Kind.OFFICER: at_authority, Kind.FINANCE: at_platform}
    if not fits.get(kind, False):
        raise invalid("kind", zh="人员类别与所属单位不符", en="Staff have an institution, officers a level and place.")
    staff_id = new_id()
    async with transaction():
        registered = await execute(
            "INSERT INTO staff (id, kind, name, email, email_index, password_hash, institution_id, level, jurisdiction,"
            " registered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (email_index) DO NOTHING",
            staff_id,
            kind.value,
            vault().seal(name, table="staff", column="name", row=staff_id),
            vault().seal(email, table="staff", column="email", row=staff_id),
            _index(email),
            password_hash,
            institution_id,
            level.value if level else None,
            jurisdiction,
            now,
        )
        if not registered:
            raise EmailTaken
        await audit.record("identity.staff_registered", actor=actor, subject=staff_id, now=now)
    return staff_id


async def remove_staff(*, staff_id: UUID, actor: Actor, now: datetime) -> None:
    """Record that someone has left: every token of theirs is refused from the next request on. Refuses: NotFound."""
    async with transaction():
        if not await execute("UPDATE staff SET left_at = $2 WHERE id = $1 AND left_at IS NULL", staff_id, now):
            raise NotFound
        await audit.record("identity.staff_left", actor=actor, subject=staff_id, now=now)


async def sign_in_with_password(*, email: str, password: str, now: datetime) -> OpenedSession:
    """Open a session for a member of staff.

    Refuses: SignInRefused, equally fast whether the address is known or not; TooManyAttempts after five failures.
    """
    index = _index(email)
    await _charge_attempt(index, now=now)
    row = await fetch_one(
        "SELECT id, kind, password_hash, institution_id, level, jurisdiction FROM staff"
        " WHERE email_index = $1 AND left_at IS NULL",
        index,
    )
    matches = await _matches(row["password_hash"] if row else _NOBODY, password)
    if row is None or not matches:
        raise SignInRefused
    rehashed = await hash_password(password) if _HASHER.check_needs_rehash(row["password_hash"]) else None
    async with transaction():
        if rehashed is not None:
            await execute("UPDATE staff SET password_hash = $2 WHERE id = $1", row["id"], rehashed)
        await execute("DELETE FROM sign_in_failures WHERE email_index = $1", index)
        return await open_session(
            kind=Kind(row["kind"]),
            holder_id=row["id"],
            now=now,
            institution_id=row["institution_id"],
            level=Level(row["level"]) if row["level"] else None,
            jurisdiction=row["jurisdiction"],
        )


async def _matches(password_hash: str, password: str) -> bool:
    async with _TWO_AT_A_TIME:
        try:
            return await asyncio.to_thread(_HASHER.verify, password_hash, password)
        except VerifyMismatchError:
            return False


async def _charge_attempt(index: bytes, *, now: datetime) -> None:
    """Count a failure before looking, so that attempts made at once are all counted; success erases the count."""
    async with transaction():
        await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", index.hex())
        row = await fetch_one(
            "SELECT failed_count, last_failed_at FROM sign_in_failures WHERE email_index = $1 AND last_failed_at > $2",
            index,
            now - FAILURES_FORGOTTEN_AFTER,
        )
        if row is not None:
            wait = attempt_wait(failed_count=row["failed_count"], last_failed_at=row["last_failed_at"], now=now)
            if wait is not None:
                raise TooManyAttempts(retry_after_s=ceil(wait / timedelta(seconds=1)))
        await execute(
            "INSERT INTO sign_in_failures (id, email_index, failed_count, last_failed_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (email_index) DO UPDATE SET failed_count = $3, last_failed_at = $4",
            new_id(),
            index,
            (row["failed_count"] if row else 0) + 1,
            now,
        )


def _index(email: str) -> bytes:
    return vault().blind_index(unicodedata.normalize("NFKC", email).strip().casefold())
