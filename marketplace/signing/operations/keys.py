"""Keys that sign: the first of each purpose is made when it is first needed, the next ones by rotation."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM, Actor
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.signing.rules import ROTATION, Purpose, SigningKey, generate

_ACTIVE = "SELECT * FROM signing_keys WHERE purpose = $1 AND retired_at IS NULL"


async def active(purpose: Purpose, *, now: datetime) -> SigningKey:
    """Return the key that signs for ``purpose``; the very first is made here."""
    row = await fetch_one(_ACTIVE, purpose)
    if row is None:
        async with transaction():
            await _insert(generate(purpose, now=now), actor=SYSTEM, now=now)
            row = await fetch_one(_ACTIVE, purpose)
    assert row is not None
    return _opened(row)


async def rotate(purpose: Purpose, *, actor: Actor, now: datetime, compromised: bool = False) -> SigningKey:
    """Retire the present key, destroying its private half, and return a new one.

    What the old one signed still verifies; with ``compromised`` its public half is withdrawn, so that nothing does.
    Lock order: the key alone.
    """
    async with transaction():
        retired: UUID | None = await fetch_value(
            "UPDATE signing_keys SET retired_at = $2, private_jwk = NULL, compromised_at = $3"
            " WHERE purpose = $1 AND retired_at IS NULL RETURNING id",
            purpose,
            now,
            now if compromised else None,
        )
        if retired is not None:
            action = "signing_key.compromised" if compromised else "signing_key.retired"
            await audit.record(action, actor=actor, subject=retired, now=now)
        made = generate(purpose, now=now)
        await _insert(made, actor=actor, now=now)
    return made


async def rotate_due(*, now: datetime) -> int:
    """Rotate every key that has signed for a year; returns how many."""
    rows = await fetch(
        "SELECT purpose FROM signing_keys WHERE retired_at IS NULL AND made_at <= $1 ORDER BY purpose", now - ROTATION
    )
    for row in rows:
        await rotate(Purpose(row["purpose"]), actor=SYSTEM, now=now)
    return len(rows)


async def _insert(made: SigningKey, *, actor: Actor, now: datetime) -> None:
    """Write a new key; when another process was faster, its key stays and this one is forgotten."""
    key_id = new_id()
    inserted = await execute(
        "INSERT INTO signing_keys (id, purpose, algorithm, thumbprint, public_jwk, private_jwk, made_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (purpose) WHERE retired_at IS NULL DO NOTHING",
        key_id,
        made.purpose,
        made.algorithm,
        made.thumbprint,
        msgspec.json.encode(made.public_jwk).decode(),
        vault().seal(made.private_jwk, table="signing_keys", column="private_jwk", row=key_id),
        now,
    )
    if inserted:
        await audit.record("signing_key.made", actor=actor, subject=key_id, now=now, after=made.public_jwk)


def _opened(row: asyncpg.Record) -> SigningKey:
    private = vault().open(row["private_jwk"], table="signing_keys", column="private_jwk", row=row["id"])
    facts = {name: row[name] for name in SigningKey.__struct_fields__ if name not in ("public_jwk", "private_jwk")}
    return msgspec.convert(
        {**facts, "public_jwk": msgspec.json.decode(row["public_jwk"]), "private_jwk": private}, SigningKey
    )
