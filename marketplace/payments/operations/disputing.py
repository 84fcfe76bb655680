"""Disputes: what the payer's bank has taken back, and what it decided, fetched and never taken from an event."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from marketplace.kit.audit import SYSTEM, record
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.ledger import operations as ledger
from marketplace.ledger import queries as ledger_queries
from marketplace.ledger import rules as journals
from marketplace.ledger.rules import Whose
from marketplace.payments import queries
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.events import DisputeDecided, DisputeOpened
from marketplace.payments.gateway import disputes
from marketplace.payments.operations.locks import lock_payment
from marketplace.payments.queries import PaymentRow
from marketplace.payments.rules import DisputeState
from marketplace.payments.states import DISPUTE, DisputeEvent, DisputeStatus

# A dispute may be listed this much later than it was opened.
_OVERLAP = timedelta(hours=1)

log = structlog.get_logger("payments")


async def apply_disputes(*, now: datetime) -> None:
    """Look for new disputes and at every open one; a provider that is away is asked again at the next round.

    Publishes: DisputeOpened, DisputeDecided.
    """
    newest = await queries.newest_dispute()
    since = newest - _OVERLAP if newest is not None else datetime.fromtimestamp(0, tz=UTC)
    try:
        found = {state.provider_dispute_id: state for state in await disputes().list_disputes(since)}
        for provider_dispute_id in await queries.open_disputes():
            if provider_dispute_id not in found:
                found[provider_dispute_id] = await disputes().get_dispute(provider_dispute_id)
    except ProviderUnavailable:
        log.warning("the payment provider is away; disputes are looked at later")
        return
    for state in found.values():
        await record_dispute(state=state, now=now)


async def apply_dispute(*, provider_dispute_id: str, now: datetime) -> None:
    """Fetch one dispute and record it; a bank that only asks has taken nothing. Refuses: ProviderUnavailable."""
    state = await disputes().find_dispute(provider_dispute_id)
    if state is not None:
        await record_dispute(state=state, now=now)


async def record_dispute(*, state: DisputeState, now: datetime) -> None:
    """Bring our row and the ledger in line with a dispute as it stands; repeating this changes nothing.

    While it is open its money is at the bank. A dispute that is won gives it back; one that is lost has given it to the
    payer: it cannot be refunded any more, and what was no longer held is ours to bear.
    """
    async with transaction():
        payment_id = await fetch_value("SELECT id FROM payments WHERE provider_intent_id = $1", state.intent_id)
        if payment_id is None:
            log.error("a dispute of a payment that is not ours", provider_dispute_id=state.provider_dispute_id)
            return
        payment = await lock_payment(payment_id)
        dispute_id, before = await _open(payment, state, now=now)
        event = {DisputeStatus.WON: DisputeEvent.WIN, DisputeStatus.LOST: DisputeEvent.LOSE}.get(state.status)
        if event is None or not DISPUTE.allows(before, event):
            await execute(
                "UPDATE disputes SET checked_at = $2 WHERE provider_dispute_id = $1", state.provider_dispute_id, now
            )
            return
        await _decide(dispute_id, payment, state, DISPUTE.target(before, event), now=now)


async def _open(payment: PaymentRow, state: DisputeState, *, now: datetime) -> tuple[UUID, DisputeStatus]:
    """Write a new dispute down, and return which it is here and how it stands."""
    made = await fetch_value(
        "INSERT INTO disputes (id, payment_id, booking_id, institution_id, provider_dispute_id, amount, currency, reason,"
        " status, opened_at, checked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10)"
        " ON CONFLICT (provider_dispute_id) DO NOTHING RETURNING id",
        new_id(),
        payment.id,
        payment.booking_id,
        payment.institution_id,
        state.provider_dispute_id,
        state.amount,
        state.currency,
        state.reason,
        state.opened_at,
        now,
    )
    if made is not None:
        await ledger.post(
            journals.dispute_withdrawn(_whose(payment), dispute_id=state.provider_dispute_id, amount=state.amount),
            now=now,
        )
        news = DisputeOpened(dispute_id=made, payment_id=payment.id, booking_id=payment.booking_id, amount=state.amount)
        await publish(news, now=now)
        await record("dispute.opened", actor=SYSTEM, subject=payment.id, now=now, after=state.amount)
        log.error("a payer's bank took money back", payment_id=str(payment.id), amount=state.amount)
    row = await fetch_one("SELECT id, status FROM disputes WHERE provider_dispute_id = $1", state.provider_dispute_id)
    assert row is not None
    return row["id"], DisputeStatus(row["status"])


async def _decide(
    dispute_id: UUID, payment: PaymentRow, state: DisputeState, status: DisputeStatus, *, now: datetime
) -> None:
    name, whose = state.provider_dispute_id, _whose(payment)
    await execute(
        "UPDATE disputes SET status = $2, settled_at = $3, checked_at = $3 WHERE provider_dispute_id = $1",
        name,
        status.value,
        now,
    )
    if status is DisputeStatus.WON:
        await ledger.post(journals.dispute_reinstated(whose, dispute_id=name, amount=state.amount), now=now)
    else:
        held = (await ledger_queries.held([payment.booking_id], currency=state.currency))[payment.booking_id]
        journal = journals.dispute_lost(whose, dispute_id=name, amount=state.amount, held_amount=held)
        await ledger.post(journal, now=now)
        await execute("UPDATE payments SET lost_amount = lost_amount + $2 WHERE id = $1", payment.id, state.amount)
    won = status is DisputeStatus.WON
    news = DisputeDecided(
        dispute_id=dispute_id, payment_id=payment.id, booking_id=payment.booking_id, amount=state.amount, won=won
    )
    await publish(news, now=now)
    await record("dispute.decided", actor=SYSTEM, subject=payment.id, now=now, after=status)


def _whose(payment: PaymentRow) -> Whose:
    return Whose(booking_id=payment.booking_id, institution_id=payment.institution_id, currency=payment.currency)
