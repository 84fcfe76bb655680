"""The provider's books beside ours, movement by movement. What nothing of ours explains is set aside, never put right."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.ledger import operations as ledger
from marketplace.ledger import queries as ledger_queries
from marketplace.ledger import rules as journals
from marketplace.payments.events import MovementUnexplained
from marketplace.payments.gateway import gateway
from marketplace.payments.rules import FEES, PAYOUTS, BalanceEntry, explained_by

# A movement may be listed this much later than it was booked.
_OVERLAP = timedelta(hours=1)
# Our journal of a movement may come this much later than the provider's: the webhook, or the reconciler after it.
GRACE = timedelta(hours=1)
_LIMIT = 500

log = structlog.get_logger("payments")


async def match_balance(*, now: datetime) -> int:
    """Collect the provider's movements, post their fees, and match each with the journal that explains it, one to one.

    One that nothing explains after an hour is posted to ``suspense:unmatched`` and reported as an error; it leaves
    suspense only when a journal of ours explains it after all. Returns how many are unexplained.
    Refuses: ProviderUnavailable. Publishes: MovementUnexplained.
    """
    await _collect(now=now)
    rows = await fetch(
        "SELECT id FROM provider_balance_entries WHERE matched_at IS NULL ORDER BY booked_at, id LIMIT $1", _LIMIT
    )
    for row in rows:
        async with transaction():
            await _settle(row["id"], now=now)
    unexplained: int = await fetch_value(
        "SELECT count(*) FROM provider_balance_entries WHERE matched_at IS NULL AND suspended_at IS NOT NULL"
    )
    if unexplained:
        log.error("money at the provider that nothing of ours explains", entry_count=unexplained)
    return unexplained


async def _collect(*, now: datetime) -> None:
    newest = await fetch_value("SELECT max(booked_at) FROM provider_balance_entries")
    listed = await gateway().list_balance_entries(newest - _OVERLAP if newest else datetime.fromtimestamp(0, tz=UTC))
    known = await _known([entry.entry_id for entry in listed])
    for entry in listed:
        if entry.entry_id not in known:
            async with transaction():
                await _store(entry, now=now)


async def _known(ids: Sequence[str]) -> set[str]:
    rows = await fetch(
        "SELECT provider_entry_id FROM provider_balance_entries WHERE provider_entry_id = ANY($1)", list(ids)
    )
    return {row["provider_entry_id"] for row in rows}


async def _store(entry: BalanceEntry, *, now: datetime) -> None:
    stored = await execute(
        "INSERT INTO provider_balance_entries (id, provider_entry_id, type, source_ref, amount, fee_amount, currency,"
        " charged_amount, charged_currency, booked_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " ON CONFLICT (provider_entry_id) DO NOTHING",
        new_id(),
        entry.entry_id,
        entry.type,
        entry.source_ref,
        entry.amount,
        entry.fee_amount,
        entry.currency,
        entry.charged_amount,
        entry.charged_currency,
        entry.booked_at,
        now,
    )
    if not stored:
        return
    if entry.fee_amount:
        fee = journals.fee(provider_ref=entry.entry_id, amount=entry.fee_amount, currency=entry.currency)
        await ledger.post(fee, now=now)
    # Fees and payouts are the provider's own doing: its books are how we hear of them.
    if entry.type in FEES:
        fee = journals.fee(provider_ref=entry.entry_id, amount=-entry.amount, currency=entry.currency)
        await ledger.post(fee, now=now)
    elif entry.type in PAYOUTS and entry.source_ref is not None:
        payout = journals.payout(provider_ref=entry.source_ref, amount=-entry.amount, currency=entry.currency)
        await ledger.post(payout, now=now)


async def _settle(entry_id: UUID, *, now: datetime) -> None:
    entry = await fetch_one(
        "SELECT * FROM provider_balance_entries WHERE id = $1 AND matched_at IS NULL FOR UPDATE", entry_id
    )
    if entry is None:
        return
    journal_id = await _explaining(entry)
    if journal_id is not None:
        await _match(entry, journal_id, now=now)
    elif entry["suspended_at"] is None and entry["booked_at"] <= now - GRACE:
        await _suspend(entry, now=now)


async def _explaining(entry: Any) -> int | None:
    """Find a journal that moved as much by the same thing and explains no other movement."""
    ref, kinds = entry["source_ref"], explained_by(entry["type"])
    if entry["type"] in FEES:
        ref, kinds = entry["provider_entry_id"], ("fee",)
    if ref is None or not kinds:
        return None
    moved = await ledger_queries.moved_at_provider(ref, kinds=kinds, currency=entry["charged_currency"])
    wanted = [one.journal_id for one in moved if one.amount == entry["charged_amount"]]
    taken = await fetch("SELECT journal_id FROM provider_balance_entries WHERE journal_id = ANY($1)", wanted)
    free = sorted(set(wanted) - {row["journal_id"] for row in taken})
    return free[0] if free else None


async def _match(entry: Any, journal_id: int, *, now: datetime) -> None:
    await execute(
        "UPDATE provider_balance_entries SET journal_id = $2, matched_at = $3 WHERE id = $1",
        entry["id"],
        journal_id,
        now,
    )
    name, amount, currency = entry["provider_entry_id"], entry["amount"], entry["currency"]
    if entry["suspended_at"] is not None:
        await ledger.post(journals.explained(provider_ref=name, amount=amount, currency=currency), now=now)
        log.warning("an unexplained movement has been explained", provider_entry_id=name, journal_id=journal_id)
    if currency != entry["charged_currency"]:
        conversion = journals.converted(
            provider_ref=name,
            amount=entry["charged_amount"],
            currency=entry["charged_currency"],
            settled_amount=amount,
            settled_currency=currency,
            expected_amount=await _at_first_rate(entry, journal_id),
        )
        await ledger.post(conversion, now=now)


async def _at_first_rate(entry: Any, journal_id: int) -> int | None:
    """Return what a refund would have cost at the rate at which its payment was converted; None for anything else."""
    came = await fetch_one(
        "SELECT b.amount, b.charged_amount FROM ledger_journals j"
        " JOIN refunds r ON j.dedupe IN ('ref:' || r.id, 'reffail:' || r.id)"
        " JOIN ledger_journals c ON c.dedupe = 'cap:' || r.payment_id"
        " JOIN provider_balance_entries b ON b.journal_id = c.id AND b.currency = $2 WHERE j.id = $1",
        journal_id,
        entry["currency"],
    )
    if came is None:
        return None
    # Rounded half up, whichever way the money goes.
    moved, whole = abs(entry["charged_amount"]) * came["amount"], came["charged_amount"]
    expected: int = (moved * 2 + whole) // (whole * 2)
    return expected if entry["charged_amount"] > 0 else -expected


async def _suspend(entry: Any, *, now: datetime) -> None:
    name = entry["provider_entry_id"]
    await execute("UPDATE provider_balance_entries SET suspended_at = $2 WHERE id = $1", entry["id"], now)
    await audit.record("balance_entry.suspended", actor=SYSTEM, subject=entry["id"], now=now, why=name)
    await ledger.post(
        journals.unmatched(provider_ref=name, amount=entry["amount"], currency=entry["currency"]), now=now
    )
    await publish(MovementUnexplained(entry_id=entry["id"], amount=entry["amount"]), now=now)
    log.error("a movement at the provider goes to suspense", provider_entry_id=name, type=entry["type"])
