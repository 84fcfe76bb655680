"""Whether payments, refunds and the provider's movements are what the ledger says."""

from datetime import datetime

import msgspec

from marketplace.kit.db import fetch, fetch_one
from marketplace.ledger.rules import Finding


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the last comparison."""

    verified_at: datetime
    finding_count: int


async def verify() -> list[Finding]:
    """Compare payments and refunds with their journals and with each other; returns what differs."""
    return [Finding(**dict(row)) for row in await fetch(_BOOKED)]


async def verify_provider(*, before: datetime) -> list[Finding]:
    """Name the provider's movements that nothing of ours explains, and ours of before then that the provider has not."""
    return [Finding(**dict(row)) for row in await fetch(_MATCHED, before)]


async def balance_expected() -> dict[str, int]:
    """Return what the provider should hold for us by currency: what we booked, but for what only one side knows yet."""
    rows = await fetch(_EXPECTED)
    return {row["currency"]: row["amount"] for row in rows if row["amount"]}


async def suspense() -> tuple[int, int]:
    """Return how many movements at the provider stand in suspense, and how much they are in sum of their sizes."""
    row = await fetch_one(
        "SELECT count(*) AS count, coalesce(sum(abs(amount)), 0)::bigint AS amount FROM provider_balance_entries"
        " WHERE matched_at IS NULL AND suspended_at IS NOT NULL"
    )
    assert row is not None
    return row["count"], row["amount"]


async def last_verification() -> Verification | None:
    """Return what the last verification found; None before the first."""
    row = await fetch_one(
        "SELECT verified_at, finding_count FROM money_verifications ORDER BY verified_at DESC, id DESC LIMIT 1"
    )
    return Verification(**dict(row)) if row else None


_BOOKED = """
WITH booked AS (
    SELECT j.dedupe, sum(e.amount)::bigint AS amount
      FROM ledger_journals j JOIN ledger_entries e ON e.journal_id = j.id AND e.amount > 0
     WHERE j.kind IN ('capture', 'refund_requested', 'refund_taken', 'refund_failed')
     GROUP BY j.id
), due AS (
    SELECT 'capture_is_posted' AS check, 'cap:' || id AS dedupe, captured_amount AS amount
      FROM payments WHERE status = 'succeeded'
    UNION ALL
    SELECT 'refund_is_promised', 'refreq:' || id, amount FROM refunds
    UNION ALL
    SELECT 'refund_is_posted', 'ref:' || id, amount FROM refunds WHERE provider_refund_id IS NOT NULL
    UNION ALL
    SELECT 'failed_refund_is_posted', 'reffail:' || id, amount FROM refunds
     WHERE provider_refund_id IS NOT NULL AND status IN ('failed', 'manual')
)
SELECT coalesce(due.check, 'journal_has_its_fact') AS check, dedupe AS subject, coalesce(due.amount, 0) AS expected,
       coalesce(booked.amount, 0) AS found
  FROM due FULL JOIN booked USING (dedupe)
 WHERE due.amount IS DISTINCT FROM booked.amount
UNION ALL
SELECT 'refunds_within_captured', p.id::text, p.captured_amount, sum(r.amount)::bigint
  FROM payments p JOIN refunds r ON r.payment_id = p.id AND r.reason <> 'interest'
 GROUP BY p.id HAVING sum(r.amount) > coalesce(p.captured_amount, 0)
 ORDER BY 1, 2
"""

# The journals that the provider must have a movement for.
_MOVING = (
    "('capture', 'refund_taken', 'refund_failed', 'transfer', 'reversal', 'dispute_withdrawn', 'dispute_reinstated',"
    " 'payout')"
)

_MATCHED = f"""
SELECT 'provider_entry_is_explained' AS check, provider_entry_id || ' ' || type AS subject, amount AS expected,
       0::bigint AS found
  FROM provider_balance_entries WHERE matched_at IS NULL AND booked_at <= $1
UNION ALL
SELECT 'journal_is_at_provider', j.dedupe, sum(e.amount)::bigint, 0
  FROM ledger_journals j JOIN ledger_entries e ON e.journal_id = j.id AND e.account = 'asset:stripe'
 WHERE j.kind IN {_MOVING} AND j.posted_at <= $1
   AND NOT EXISTS (SELECT FROM provider_balance_entries b WHERE b.journal_id = j.id)
 GROUP BY j.id
 ORDER BY 1, 2
"""

_EXPECTED = f"""
SELECT currency, sum(amount)::bigint AS amount FROM (
    SELECT currency, balance_amount AS amount FROM ledger_balances WHERE account = 'asset:stripe'
    UNION ALL
    SELECT e.currency, -e.amount
      FROM ledger_journals j JOIN ledger_entries e ON e.journal_id = j.id AND e.account = 'asset:stripe'
     WHERE j.kind IN {_MOVING} AND NOT EXISTS (SELECT FROM provider_balance_entries b WHERE b.journal_id = j.id)
    UNION ALL
    SELECT currency, amount FROM provider_balance_entries WHERE matched_at IS NULL AND suspended_at IS NULL
) AS parts GROUP BY currency
"""
