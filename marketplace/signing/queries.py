"""Reads of keys, and of the requests to change them."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from marketplace.kit.db import fetch
from marketplace.signing.rules import PublicKey, Purpose, Rotation, rotation_status

ROTATIONS = """
SELECT r.*, k.thumbprint, k.retired_at IS NOT NULL AS is_retired
  FROM key_rotations r JOIN signing_keys k ON k.id = r.key_id
"""


async def published(*purposes: Purpose) -> list[PublicKey]:
    """Return the public halves that strangers may trust, the newest first: retired ones too, compromised ones never."""
    rows = await fetch(
        "SELECT purpose, algorithm, thumbprint, public_jwk, made_at, retired_at FROM signing_keys"
        " WHERE compromised_at IS NULL AND purpose = ANY($1) ORDER BY made_at DESC, id DESC",
        list(purposes),
    )
    return [msgspec.convert({**row, "public_jwk": msgspec.json.decode(row["public_jwk"])}, PublicKey) for row in rows]


async def list_rotations(*, after: UUID | None = None, limit: int, now: datetime) -> list[Rotation]:
    """Return up to ``limit + 1`` requests to change a key, the newest first."""
    rows = await fetch(
        f"{ROTATIONS} WHERE ($1::uuid IS NULL OR r.id < $1) ORDER BY r.id DESC LIMIT $2", after, limit + 1
    )
    return [as_rotation(row, now=now) for row in rows]


def as_rotation(row: asyncpg.Record, *, now: datetime) -> Rotation:
    """Make a request of a row of ``ROTATIONS``, as it stands at an instant."""
    status = rotation_status(
        approved=row["approved_by"] is not None, retired=row["is_retired"], expires_at=row["expires_at"], now=now
    )
    return msgspec.convert({**row, "status": status}, Rotation)
