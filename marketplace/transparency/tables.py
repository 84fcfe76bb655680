"""The tables of the tree; only raw SQL writes them, and nothing changes what is written."""

from piccolo.columns import BigInt, Date, SmallInt
from piccolo.table import Table

from marketplace.kit.columns import bigint, key, sealed, text, timestamptz
from marketplace.kit.db import DB


class AuditLeaf(Table, tablename="audit_leaves", db=DB):
    """The hash of one event, at its place in the log. The SQL key is the position."""

    event_id = key()
    position = bigint()
    transaction_id = bigint()
    hash = sealed()


class AuditNode(Table, tablename="audit_nodes", db=DB):
    """The root of a full subtree of ``2 ** level`` leaves; the SQL key is level and position, Piccolo is told one."""

    level = SmallInt(primary_key=True, default=None, null=False)
    position = bigint()
    hash = sealed()


class AuditCheckpoint(Table, tablename="audit_checkpoints", db=DB):
    """What the log looked like at one size, signed."""

    size = BigInt(primary_key=True, default=None, null=False)
    root = sealed()
    note = text()
    signed_at = timestamptz()


class AuditPublication(Table, tablename="audit_publications", db=DB):
    """Which checkpoint was handed out for which day."""

    published_on = Date(primary_key=True, default=None, null=False)
    size = bigint()
    published_at = timestamptz()
