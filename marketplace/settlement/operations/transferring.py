"""Sending institutions what they earned: when its day has come, when they may be paid, and less what they owe us."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from marketplace.kit.audit import SYSTEM, record
from marketplace.kit.db import execute, transaction
from marketplace.kit.outbox import publish
from marketplace.ledger import operations as ledger
from marketplace.ledger import queries as ledger_queries
from marketplace.ledger import rules as journals
from marketplace.ledger.rules import Account, Whose
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway import KeyReused, Refused, payees
from marketplace.payments.gateway.payee_port import TransferRequest
from marketplace.payments.queries import is_disputed
from marketplace.settlement import queries
from marketplace.settlement.events import TransferSucceeded
from marketplace.settlement.jobs import SubmitTransfer
from marketplace.settlement.operations.locks import lock_payee, lock_standing, lock_transfer
from marketplace.settlement.queries import TransferRow
from marketplace.settlement.rules import KEY_TRUST, is_frozen
from marketplace.settlement.states import TRANSFER, PayeeStatus, TransferEvent, TransferStatus

# How long a refused transfer waits: too little is available, or the payee may not be paid at present.
TRY_AGAIN = timedelta(hours=6)

log = structlog.get_logger("settlement")


async def submit_transfer(*, transfer_id: UUID, now: datetime) -> None:
    """Send an institution what it earned; may be repeated after a crash at any line. No transaction may be open.

    It waits while its day has not come, while the institution is suspended or revoked and no two people have released it,
    while a payer's bank disputes the booking's money, and while the provider will not pay it; what the institution owes us
    is kept from it first. Refuses: NotFound, ProviderUnavailable.
    Publishes: TransferSucceeded.
    """
    transfer = await _begin(transfer_id, now=now)
    if transfer.status is not TransferStatus.SUBMITTED:
        return
    try:
        provider_transfer_id = await _ask(transfer, now=now)
    except Refused as refusal:
        await _put_back(transfer_id, refusal.code, now=now)
        return
    await _finish(transfer_id, provider_transfer_id, now=now)


async def submit_due(*, now: datetime) -> None:
    """Send every transfer whose day has come; a provider that is away ends the round."""
    try:
        for transfer_id in await queries.due_transfers(now):
            try:
                await submit_transfer(transfer_id=transfer_id, now=now)
            except ProviderUnavailable:
                raise
            except Exception as error:
                log.warning("a transfer failed and will be repeated", transfer_id=str(transfer_id), exc_info=error)
    except ProviderUnavailable:
        log.warning("the payment provider is away; transfers wait")


async def resume(*, institution_id: UUID, now: datetime) -> None:
    """Send what waited for an institution that may be paid again. Publishes: SubmitTransfer."""
    async with transaction():
        for transfer_id in await queries.planned_of(institution_id):
            row = await lock_transfer(transfer_id)
            if row.status is TransferStatus.PLANNED:
                due_at = now if row.failure_code is not None else row.due_at
                await execute("UPDATE transfers SET due_at = $2 WHERE id = $1", transfer_id, due_at)
                await record("transfer.resumed", actor=SYSTEM, subject=transfer_id, now=now)
                await publish(SubmitTransfer(transfer_id=transfer_id), now=now, due_at=due_at)


async def _begin(transfer_id: UUID, *, now: datetime) -> TransferRow:
    """Decide under locks whether it may be sent now, and freeze what will be asked."""
    async with transaction():
        before = await queries.transfer(transfer_id)
        standing = await lock_standing(before.institution_id)
        payee = await lock_payee(before.institution_id, now=now)
        row = await lock_transfer(transfer_id)
        if row.status is not TransferStatus.PLANNED or row.due_at > now:
            return row
        if is_frozen(standing) and row.release_id is None:
            return row
        if payee.status is not PayeeStatus.ACTIVE or await is_disputed(row.booking_id):
            return row
        amount = row.amount - await _net(row, now=now)
        if amount == 0:
            await execute(
                "UPDATE transfers SET status = $2, settled_at = $3 WHERE id = $1",
                row.id,
                TRANSFER.target(row.status, TransferEvent.NET).value,
                now,
            )
            return await queries.transfer(transfer_id)
        await execute(
            "UPDATE transfers SET status = $2, attempted_at = $3, destination = $4 WHERE id = $1",
            row.id,
            TRANSFER.target(row.status, TransferEvent.SUBMIT).value,
            now,
            payee.provider_account_id,
        )
        return await queries.transfer(transfer_id)


async def _net(row: TransferRow, *, now: datetime) -> int:
    """Keep what the institution owes us from what it is sent, once per transfer; returns how much."""
    if row.netted_amount or row.amount == 0:
        return 0
    debt = await ledger_queries.balance(
        Account.INSTITUTION_RECEIVABLE, subject_id=row.institution_id, currency=row.currency
    )
    kept = min(debt, row.amount)
    if kept <= 0:
        return 0
    await execute(
        "UPDATE transfers SET amount = amount - $2, netted_amount = $2 WHERE id = $1",
        row.id,
        kept,
    )
    await ledger.post(journals.netting(whose(row), transfer_id=row.id, amount=kept), now=now)
    await record("transfer.netted", actor=SYSTEM, subject=row.id, now=now, after=kept)
    return kept


async def _ask(transfer: TransferRow, *, now: datetime) -> str:
    assert transfer.destination is not None
    assert transfer.attempted_at is not None
    if now - transfer.attempted_at > KEY_TRUST:
        found = await payees().find_transfer(transfer_id=transfer.id, booking_id=transfer.booking_id)
        if found is not None:
            return found
    request = TransferRequest(
        transfer_id=transfer.id,
        booking_id=transfer.booking_id,
        attempt=transfer.attempt,
        destination=transfer.destination,
        amount=transfer.amount,
        currency=transfer.currency,
    )
    try:
        return await payees().transfer(request)
    except KeyReused as reused:
        # The words of the request changed between a crash and this repeat, as a deployment may; the transfer exists.
        found = await payees().find_transfer(transfer_id=transfer.id, booking_id=transfer.booking_id)
        if found is None:
            raise ProviderUnavailable from reused
        return found


async def _put_back(transfer_id: UUID, code: str, *, now: datetime) -> None:
    """Nothing was moved: try again later, under a new key, since the old one may remember the refusal."""
    async with transaction():
        row = await lock_transfer(transfer_id)
        if row.status is not TransferStatus.SUBMITTED:
            return
        await execute(
            "UPDATE transfers SET status = $2, attempt = attempt + 1, attempted_at = NULL, destination = NULL,"
            " failure_code = $3, due_at = $4 WHERE id = $1",
            transfer_id,
            TRANSFER.target(row.status, TransferEvent.REFUSE).value,
            code,
            now + TRY_AGAIN,
        )
        if code == "insufficient_capabilities_for_transfer":
            await execute(
                "UPDATE payees SET status = 'restricted', checked_at = $2 WHERE institution_id = $1",
                row.institution_id,
                now,
            )
        await record("transfer.refused", actor=SYSTEM, subject=transfer_id, now=now, why=code)
    log.error("the provider would not transfer", transfer_id=str(transfer_id), code=code)


async def _finish(transfer_id: UUID, provider_transfer_id: str, *, now: datetime) -> None:
    async with transaction():
        row = await lock_transfer(transfer_id)
        if row.status is not TransferStatus.SUBMITTED:
            return
        await execute(
            "UPDATE transfers SET status = $2, provider_transfer_id = $3, failure_code = NULL, settled_at = $4"
            " WHERE id = $1",
            transfer_id,
            TRANSFER.target(row.status, TransferEvent.SUCCEED).value,
            provider_transfer_id,
            now,
        )
        journal = journals.transfer(
            whose(row), transfer_id=row.id, amount=row.amount, provider_ref=provider_transfer_id
        )
        await ledger.post(journal, now=now)
        news = TransferSucceeded(transfer_id=row.id, institution_id=row.institution_id, amount=row.amount)
        await publish(news, now=now)
        await record("transfer.succeeded", actor=SYSTEM, subject=row.id, now=now, after=row.amount)


def whose(row: TransferRow) -> Whose:
    """Return whose money a transfer moves."""
    return Whose(booking_id=row.booking_id, institution_id=row.institution_id, currency=row.currency)
