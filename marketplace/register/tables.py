"""The table of changes; triggers write it, so that nothing changes the register unnoticed."""

from piccolo.table import Table

from marketplace.kit.columns import bigint, key, timestamptz
from marketplace.kit.db import DB


class RegisterChange(Table, tablename="register_changes", db=DB):
    """One transaction that changed the public record of one institution.

    The SQL key is institution and transaction, of which Piccolo can be told only one.
    """

    institution_id = key()
    transaction_id = bigint()
    published_at = timestamptz()
