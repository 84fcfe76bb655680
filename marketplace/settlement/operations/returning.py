"""Money that comes back from institutions: taken back at the provider, or owed by who no longer has it."""

from datetime import datetime
from uuid import UUID

import structlog

from marketplace.kit.audit import SYSTEM, record
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import Busy
from marketplace.kit.outbox import publish
from marketplace.ledger import operations as ledger
from marketplace.ledger import rules as journals
from marketplace.ledger.rules import Whose
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway import KeyReused, Refused, payees
from marketplace.payments.gateway.payee_port import ReversalRequest
from marketplace.settlement import queries
from marketplace.settlement.events import TransferOwed
from marketplace.settlement.operations.locks import lock_reversal, lock_transfer
from marketplace.settlement.queries import ReversalRow
from marketplace.settlement.rules import KEY_TRUST
from marketplace.settlement.states import ReversalStatus

log = structlog.get_logger("settlement")


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
