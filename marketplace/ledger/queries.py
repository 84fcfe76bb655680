"""Reading the ledger, and proving it. Balances are debit-positive: what we owe is negative."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from marketplace.kit.db import fetch, fetch_value
from marketplace.ledger.rules import Account, Finding


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on an account, for its booking or institution where it has one."""

    account: Account
    subject_id: UUID | None
    currency: str
    balance_amount: int


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A journal, and what it did to our balance at the provider."""

    journal_id: int
    amount: int


async def balance(account: Account, *, subject_id: UUID | None = None, currency: str = "CNY") -> int:
    """Return one balance: of a booking or institution where the account has them, else of the whole account."""
    found: int = await fetch_value(
        "SELECT coalesce(sum(balance_amount), 0)::bigint FROM ledger_balances"
        " WHERE account = $1 AND currency = $2 AND ($3::uuid IS NULL OR subject_id = $3)",
        account.value,
        currency,
        subject_id,
    )
    return found


async def held(booking_ids: Sequence[UUID], *, currency: str = "CNY") -> dict[UUID, int]:
    """Return how much is held for each of some bookings, as positive amounts."""
    rows = await fetch(
        "SELECT subject_id, sum(amount)::bigint AS amount FROM ledger_entries"
        " WHERE account = $1 AND subject_id = ANY($2) AND currency = $3 GROUP BY subject_id",
        Account.CUSTOMER_HELD.value,
        list(booking_ids),
        currency,
    )
    return {**dict.fromkeys(booking_ids, 0), **{row["subject_id"]: -row["amount"] for row in rows}}


async def balances() -> list[Balance]:
    """Return every balance that is not zero, by account, subject and currency."""
    rows = await fetch(
        "SELECT account, subject_id, currency, balance_amount FROM ledger_balances WHERE balance_amount <> 0"
        " ORDER BY account, subject_id, currency"
    )
    return [msgspec.convert(dict(row), Balance) for row in rows]


async def totals() -> dict[tuple[Account, str], int]:
    """Return the balance of each account as a whole, by account and currency."""
    rows = await fetch(
        "SELECT account, currency, sum(balance_amount)::bigint AS amount FROM ledger_balances"
        " GROUP BY account, currency ORDER BY account, currency"
    )
    return {(Account(row["account"]), row["currency"]): row["amount"] for row in rows}


async def moved_at_provider(provider_ref: str, *, kinds: Sequence[str], currency: str) -> list[Moved]:
    """Return the journals of these kinds about one thing at the provider, and what each did to our balance there."""
    rows = await fetch(
        "SELECT j.id AS journal_id, sum(e.amount)::bigint AS amount FROM ledger_journals j"
        " JOIN ledger_entries e ON e.journal_id = j.id AND e.account = $4 AND e.currency = $3"
        " WHERE j.provider_ref = $1 AND j.kind = ANY($2) GROUP BY j.id ORDER BY j.id",
        provider_ref,
        list(kinds),
        currency,
        Account.STRIPE.value,
    )
    return [Moved(**dict(row)) for row in rows]


async def verify() -> list[Finding]:
    """Prove the books by themselves; returns what cannot be so, nothing when they are right.

    Every journal has entries and sums to zero in each currency; so do all balances; the newest snapshot is what its
    entries sum to; and nobody holds less than nothing for a booking.
    """
    rows = await fetch(
        "SELECT 'journal_balances' AS check, j.dedupe || ' ' || coalesce(e.currency, '') AS subject, 0::bigint AS expected,"
        "  coalesce(sum(e.amount), -1)::bigint AS found"
        "  FROM ledger_journals j LEFT JOIN ledger_entries e ON e.journal_id = j.id"
        "  GROUP BY j.id, e.currency HAVING coalesce(sum(e.amount), -1) <> 0"
        " UNION ALL"
        " SELECT 'balances_sum_to_zero', currency, 0, sum(balance_amount)::bigint FROM ledger_balances"
        "  GROUP BY currency HAVING sum(balance_amount) <> 0"
        " UNION ALL"
        " SELECT 'held_is_not_negative', subject_id::text || ' ' || currency, 0, -balance_amount FROM ledger_balances"
        "  WHERE account = 'liability:customer_held' AND balance_amount > 0"
        " UNION ALL"
        " SELECT 'snapshot_is_true', concat_ws(' ', account, subject_id, currency), sum(counted)::bigint, sum(kept)::bigint"
        "  FROM (SELECT account, subject_id, currency, 0 AS counted, balance_amount AS kept FROM ledger_snapshot_balances"
        "         WHERE snapshot_id = (SELECT id FROM ledger_snapshots ORDER BY journal_id DESC, taken_on DESC LIMIT 1)"
        "        UNION ALL SELECT account, subject_id, currency, amount, 0 FROM ledger_entries"
        "         WHERE journal_id <= (SELECT max(journal_id) FROM ledger_snapshots)) AS parts"
        "  GROUP BY account, subject_id, currency HAVING sum(counted) <> sum(kept)"
        " ORDER BY 1, 2"
    )
    return [msgspec.convert(dict(row), Finding) for row in rows]
