"""Tables of the ledger: a chart of accounts, journals, their entries, and daily balances."""

from piccolo.columns import BigInt, Text
from piccolo.table import Table

from marketplace.kit.columns import bigint, date, key, smallint, text, timestamptz, uuid
from marketplace.kit.db import DB


class Account(Table, tablename="ledger_accounts", db=DB):
    """The chart of accounts; ``subject`` says whose each balance is: nobody's, a booking's or an institution's."""

    code = Text(primary_key=True, default=None, null=False)
    subject = text()
    name_zh = text()
    name_en = text()


class Journal(Table, tablename="ledger_journals", db=DB):
    """One business fact, named by ``dedupe``, that moved money. Its number is in the order of posting, with gaps."""

    id = BigInt(primary_key=True, default=None, null=False)
    dedupe = text()
    kind = text()
    booking_id = uuid(null=True)
    institution_id = uuid(null=True)
    provider_ref = text(null=True)
    posted_at = timestamptz()


class Entry(Table, tablename="ledger_entries", db=DB):
    """One line of a journal: debit is positive, credit negative.

    The SQL key is journal and line, of which Piccolo can be told only one.
    """

    journal_id = BigInt(primary_key=True, default=None, null=False)
    line = smallint()
    account = text()
    subject_id = uuid(null=True)
    institution_id = uuid(null=True)
    amount = bigint()
    currency = text()


class Snapshot(Table, tablename="ledger_snapshots", db=DB):
    """Every balance at the end of journal ``journal_id``."""

    id = key()
    taken_on = date()
    journal_id = bigint()
    taken_at = timestamptz()


class SnapshotBalance(Table, tablename="ledger_snapshot_balances", db=DB):
    """One balance of a snapshot, when it was not zero. It has no key of its own, which Piccolo wants to hear of."""

    snapshot_id = key()
    account = text()
    subject_id = uuid(null=True)
    currency = text()
    balance_amount = bigint()
