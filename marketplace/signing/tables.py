"""The table of keys."""

from piccolo.table import Table

from marketplace.kit.columns import jsonb, key, sealed, text, timestamptz
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
