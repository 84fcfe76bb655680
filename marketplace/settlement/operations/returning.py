"""Days that were earned and will not be served: the money is held for the guests again, and comes back from whom has it."""

from datetime import date, datetime
from uuid import UUID

import structlog

from marketplace.bookings.rules import Paid, spread_refund
from marketplace.kit.audit import SYSTEM, Actor, record
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import Busy
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.ledger import operations as ledger
from marketplace.ledger import rules as journals
from marketplace.ledger.rules import Whose
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway import KeyReused, Refused, payees
from marketplace.payments.gateway.payee_port import ReversalRequest
from marketplace.payments.rules import RefundReason
from marketplace.settlement import queries
from marketplace.settlement.events import TransferOwed
from marketplace.settlement.jobs import SubmitReversal
from marketplace.settlement.operations.locks import (
    Stay,
    lock_payee,
    lock_reversal,
    lock_stay,
    lock_transfer,
    lock_transfers,
)
from marketplace.settlement.queries import EarningRow, ReversalRow, TransferRow
from marketplace.settlement.rules import KEY_TRUST, Part, cut, periods, unserved
from marketplace.settlement.states import TRANSFER, ReversalStatus, TransferEvent, TransferStatus

log = structlog.get_logger("settlement")


async def refund_unserved(  # noqa: PLR0913 - why money goes back is these facts, each named at the call.
    *, booking_id: UUID, from_on: date, cause: str, reason: RefundReason, actor: Actor = SYSTEM, now: datetime
) -> int:
    """Give the guests back what they paid for nights from ``from_on`` on, once per booking; returns how much.

    What was earned of those nights is held again, our commission with it. What has not been sent to the institution is
    not sent; what has is taken back, and what cannot be is owed by it: the guests do not wait for that.
    Refuses: NotFound, Busy. Publishes: SubmitRefund, SubmitReversal.
    """
    async with transaction():
        stay = await lock_stay(booking_id)
        captured = await payment_queries.captured_payments(booking_id)
        await lock_payee(stay.institution_id, now=now)
        whose = Whose(booking_id=booking_id, institution_id=stay.institution_id, currency=stay.currency)
        paid = [Paid(payment_id=one.payment_id, amount=one.refundable_amount) for one in captured]
        earned = await queries.earnings_of(booking_id)
        amount = max(sum(one.amount for one in paid) - _served_amount(stay, earned, from_on), 0)
        if not await _decide(booking_id, from_on=from_on, cause=cause, amount=amount, now=now):
            return 0
        await _unearn(earned, whose=whose, from_on=from_on, cause=cause, now=now)
        for part in spread_refund([one for one in paid if one.amount > 0], amount):
            await payments.request_refund(
                payment_id=part.payment_id,
                amount=part.amount,
                reason=reason,
                dedupe=f"unserved:{cause}:{booking_id}:{part.payment_id}",
                actor=actor,
                now=now,
            )
        await record("stay.unserved", actor=actor, subject=booking_id, now=now, why=cause, after=amount)
        return amount


async def submit_reversal(*, reversal_id: UUID, now: datetime) -> None:
    """Take money back from an institution; may be repeated after a crash at any line. No transaction may be open.

    One that no longer has it owes it: later transfers are less by that. Refuses: NotFound, Busy, ProviderUnavailable.
    Publishes: TransferOwed.
    """
    reversal = await _begin(reversal_id, now=now)
    if reversal.status is not ReversalStatus.REQUESTED:
        return
    transfer = await queries.transfer(reversal.transfer_id)
    if transfer.provider_transfer_id is None:
        # The transfer is on its way, or its answer was lost: it ends first.
        raise Busy
    try:
        found = await _ask(reversal, transfer.provider_transfer_id, now=now)
    except Refused as refusal:
        await _owe(reversal_id, refusal.code, now=now)
        return
    await _finish(reversal_id, found, now=now)


async def submit_reversals(*, now: datetime) -> None:
    """Take back everything that is still to be taken back; a provider that is away ends the round."""
    try:
        for reversal_id in await queries.open_reversals():
            try:
                await submit_reversal(reversal_id=reversal_id, now=now)
            except Busy:
                log.info("a reversal waits for its transfer", reversal_id=str(reversal_id))
    except ProviderUnavailable:
        log.warning("the payment provider is away; reversals wait")


def _served_amount(stay: Stay, earned: list[EarningRow], from_on: date) -> int:
    """Return what the nights before ``from_on`` cost: as they were earned, and as they are to be."""
    known = {earning.period for earning in earned}
    plan = cut(periods(stay.check_in, stay.check_out, stay.total_amount), from_on)
    to_come = sum(period.amount for period in plan if period.name not in known)
    return to_come + sum(earning.amount - _part(earning, from_on).amount for earning in earned)


def _part(earning: EarningRow, from_on: date) -> Part:
    return unserved(
        first_on=earning.first_on,
        end_on=earning.end_on,
        from_on=from_on,
        amount=earning.amount,
        commission_bps=earning.commission_bps,
    )


async def _decide(booking_id: UUID, *, from_on: date, cause: str, amount: int, now: datetime) -> bool:
    decided = await execute(
        "INSERT INTO unserved_stays (booking_id, from_on, cause, refund_amount, decided_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (booking_id) DO NOTHING",
        booking_id,
        from_on,
        cause,
        amount,
        now,
    )
    return decided == 1


async def _unearn(earned: list[EarningRow], *, whose: Whose, from_on: date, cause: str, now: datetime) -> None:
    transfers = await lock_transfers(whose.booking_id)
    for earning in earned:
        part = _part(earning, from_on)
        if part.amount == 0:
            continue
        await execute(
            "UPDATE earnings SET unearned_amount = $2, unearned_payable_amount = $3 WHERE id = $1",
            earning.id,
            part.amount,
            part.payable_amount,
        )
        journal = journals.unearn(
            whose,
            cause=f"{cause}:{earning.period}",
            payable_amount=part.payable_amount,
            commission_amount=part.amount - part.payable_amount,
        )
        await ledger.post(journal, now=now)
        await _withhold(transfers[earning.id], part, whose=whose, cause=cause, now=now)


async def _withhold(transfer: TransferRow, part: Part, *, whose: Whose, cause: str, now: datetime) -> None:
    """Send less, or have it taken back; what had been kept for an older debt is owed again."""
    wanted = min(part.payable_amount, transfer.amount - transfer.reversed_amount)
    if transfer.status is TransferStatus.PLANNED and wanted:
        empty = wanted == transfer.amount
        status = TRANSFER.target(transfer.status, TransferEvent.CANCEL) if empty else transfer.status
        await execute(
            "UPDATE transfers SET amount = amount - $2, status = $3, settled_at = $4 WHERE id = $1",
            transfer.id,
            wanted,
            status.value,
            now if empty else None,
        )
    elif wanted:
        await _reverse(transfer, wanted, cause=cause, now=now)
    if owed := part.payable_amount - wanted:
        await ledger.post(journals.shortfall(whose, cause=f"{cause}:{transfer.id}", amount=owed), now=now)


async def _reverse(transfer: TransferRow, amount: int, *, cause: str, now: datetime) -> None:
    reversal_id = new_id()
    await execute("UPDATE transfers SET reversed_amount = reversed_amount + $2 WHERE id = $1", transfer.id, amount)
    await execute(
        "INSERT INTO transfer_reversals (id, transfer_id, booking_id, institution_id, amount, currency, cause, status,"
        " requested_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'requested', $8)",
        reversal_id,
        transfer.id,
        transfer.booking_id,
        transfer.institution_id,
        amount,
        transfer.currency,
        cause,
        now,
    )
    await publish(SubmitReversal(reversal_id=reversal_id), now=now)


async def _begin(reversal_id: UUID, *, now: datetime) -> ReversalRow:
    async with transaction():
        row = await lock_reversal(reversal_id)
        if row.status is ReversalStatus.REQUESTED and row.attempted_at is None:
            await execute("UPDATE transfer_reversals SET attempted_at = $2 WHERE id = $1", reversal_id, now)
        return await queries.reversal(reversal_id)


async def _ask(reversal: ReversalRow, provider_transfer_id: str, *, now: datetime) -> str:
    if reversal.attempted_at is not None and now - reversal.attempted_at > KEY_TRUST:
        found = await payees().find_reversal(reversal_id=reversal.id, provider_transfer_id=provider_transfer_id)
        if found is not None:
            return found
    request = ReversalRequest(
        reversal_id=reversal.id, provider_transfer_id=provider_transfer_id, amount=reversal.amount
    )
    try:
        return await payees().reverse_transfer(request)
    except KeyReused as reused:
        found = await payees().find_reversal(reversal_id=reversal.id, provider_transfer_id=provider_transfer_id)
        if found is None:
            raise ProviderUnavailable from reused
        return found


async def _owe(reversal_id: UUID, code: str, *, now: datetime) -> None:
    """The institution no longer has it: what it should have given back is a debt from now on."""
    async with transaction():
        row = await lock_reversal(reversal_id)
        if row.status is not ReversalStatus.REQUESTED:
            return
        await lock_transfer(row.transfer_id)
        await execute(
            "UPDATE transfer_reversals SET status = 'owed', failure_code = $2, settled_at = $3 WHERE id = $1",
            reversal_id,
            code,
            now,
        )
        await execute(
            "UPDATE transfers SET reversed_amount = reversed_amount - $2 WHERE id = $1", row.transfer_id, row.amount
        )
        await ledger.post(journals.shortfall(_whose(row), cause=str(reversal_id), amount=row.amount), now=now)
        await publish(
            TransferOwed(reversal_id=reversal_id, institution_id=row.institution_id, amount=row.amount), now=now
        )
        await record("transfer.owed", actor=SYSTEM, subject=reversal_id, now=now, why=code, after=row.amount)
    log.error("an institution owes what it was sent", reversal_id=str(reversal_id), code=code)


async def _finish(reversal_id: UUID, provider_reversal_id: str, *, now: datetime) -> None:
    async with transaction():
        row = await lock_reversal(reversal_id)
        if row.status is not ReversalStatus.REQUESTED:
            return
        await execute(
            "UPDATE transfer_reversals SET status = 'succeeded', provider_reversal_id = $2, settled_at = $3 WHERE id = $1",
            reversal_id,
            provider_reversal_id,
            now,
        )
        journal = journals.reversal(
            _whose(row), reversal_id=reversal_id, amount=row.amount, provider_ref=provider_reversal_id
        )
        await ledger.post(journal, now=now)
        await record("transfer.reversed", actor=SYSTEM, subject=reversal_id, now=now, after=row.amount)


def _whose(row: ReversalRow) -> Whose:
    return Whose(booking_id=row.booking_id, institution_id=row.institution_id, currency=row.currency)
