"""Writing the ledger. A journal is posted in the transaction of the fact that it tells, so neither is without the other."""

from datetime import datetime
from typing import Any

from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_value, require_transaction, transaction
from marketplace.kit.ids import new_id
from marketplace.ledger.errors import JournalDiffers, Unbalanced
from marketplace.ledger.rules import Journal, sums

_POST = (
    "WITH posted AS (INSERT INTO ledger_journals (dedupe, kind, booking_id, institution_id, provider_ref, posted_at)"
    "  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (dedupe) DO NOTHING RETURNING id),"
    " lines AS (INSERT INTO ledger_entries (journal_id, line, account, subject_id, institution_id, amount, currency)"
    "  SELECT posted.id, line, account, subject_id, $4, amount, currency FROM posted,"
    "  unnest($7::text[], $8::uuid[], $9::bigint[], $10::text[])"
    "  WITH ORDINALITY AS given (account, subject_id, amount, currency, line))"
    " SELECT id FROM posted"
)
_SAME = (
    "SELECT account, subject_id, amount, currency FROM ledger_entries"
    " WHERE journal_id = (SELECT id FROM ledger_journals WHERE dedupe = $1) ORDER BY line"
)


async def post(journal: Journal, *, now: datetime) -> bool:
    """Post a journal in the caller's transaction, once for ever by its ``dedupe``; False when it was posted before.

    One statement. A journal that sums to nothing because every line is zero is not written. Refuses, as faults of ours:
    Unbalanced; JournalDiffers when the one posted before under this name says something else.
    """
    require_transaction()
    if any(sums(journal.entries).values()):
        raise Unbalanced(journal.dedupe)
    if not journal.entries:
        return False
    posted = await fetch_value(
        _POST,
        journal.dedupe,
        journal.kind,
        journal.booking_id,
        journal.institution_id,
        journal.provider_ref,
        now,
        [entry.account.value for entry in journal.entries],
        [entry.subject_id for entry in journal.entries],
        [entry.amount for entry in journal.entries],
        [entry.currency for entry in journal.entries],
    )
    if posted is None:
        _compare(journal, await fetch(_SAME, journal.dedupe))
    return posted is not None


async def take_snapshot(*, now: datetime) -> bool:
    """Keep every balance as it stands, once a local day; False when the day has its snapshot.

    A journal's number is drawn before it commits. So all writers are let finish first, for the moment that it takes to
    read the highest number: below it nothing more can appear.
    """
    async with transaction() as connection:
        await connection.execute("LOCK TABLE ledger_journals IN SHARE MODE")
        last: int = await connection.fetchval("SELECT coalesce(max(id), 0) FROM ledger_journals")
    async with transaction():
        taken = await fetch_value(
            "INSERT INTO ledger_snapshots (id, taken_on, journal_id, taken_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (taken_on) DO NOTHING RETURNING id",
            new_id(),
            local_date(now),
            last,
            now,
        )
        if taken is None:
            return False
        await execute(
            "WITH former AS (SELECT id, journal_id FROM ledger_snapshots WHERE id <> $1"
            "  ORDER BY journal_id DESC, taken_on DESC LIMIT 1)"
            " INSERT INTO ledger_snapshot_balances (snapshot_id, account, subject_id, currency, balance_amount)"
            " SELECT $1, account, subject_id, currency, sum(amount) FROM ("
            "  SELECT account, subject_id, currency, balance_amount AS amount FROM ledger_snapshot_balances"
            "   WHERE snapshot_id = (SELECT id FROM former)"
            "  UNION ALL SELECT account, subject_id, currency, amount FROM ledger_entries"
            "   WHERE journal_id > coalesce((SELECT journal_id FROM former), 0) AND journal_id <= $2) AS parts"
            " GROUP BY account, subject_id, currency HAVING sum(amount) <> 0",
            taken,
            last,
        )
    return True


def _compare(journal: Journal, rows: list[Any]) -> None:
    asked = [(entry.account.value, entry.subject_id, entry.amount, entry.currency) for entry in journal.entries]
    if [(row["account"], row["subject_id"], row["amount"], row["currency"]) for row in rows] != asked:
        raise JournalDiffers(journal.dedupe)
