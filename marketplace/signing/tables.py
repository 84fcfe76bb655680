"""The tables of keys and of the requests to change them."""

from piccolo.table import Table

from marketplace.kit.columns import boolean, jsonb, key, ref, sealed, text, timestamptz, uuid
from marketplace.kit.db import DB


class SigningKey(Table, tablename="signing_keys", db=DB):
    """A key pair; of one that is retired only the public half is left."""

    id = key()
    purpose = text()
    algorithm = text()
    thumbprint = text()
    public_jwk = jsonb()
    private_jwk = sealed(null=True)
    made_at = timestamptz()
    retired_at = timestamptz(null=True)
    compromised_at = timestamptz(null=True)


class KeyRotation(Table, tablename="key_rotations", db=DB):
    """A request to change a key, which another officer than its author approves."""

    id = key()
    purpose = text()
    compromised = boolean()
    key_id = ref(SigningKey)
    reason = text()
    payload_hash = text()
    requested_by = uuid()
    requested_at = timestamptz()
    expires_at = timestamptz()
    approved_by = uuid(null=True)
    approved_at = timestamptz(null=True)
