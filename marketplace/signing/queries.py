"""Reads of keys."""

import msgspec

from marketplace.kit.db import fetch
from marketplace.signing.rules import PublicKey, Purpose


async def published(*purposes: Purpose) -> list[PublicKey]:
    """Return the public halves that strangers may trust, the newest first: retired ones too, compromised ones never."""
    rows = await fetch(
        "SELECT purpose, algorithm, thumbprint, public_jwk, made_at, retired_at FROM signing_keys"
        " WHERE compromised_at IS NULL AND purpose = ANY($1) ORDER BY made_at DESC, id DESC",
        list(purposes),
    )
    return [msgspec.convert({**row, "public_jwk": msgspec.json.decode(row["public_jwk"])}, PublicKey) for row in rows]
