"""Taking back what was earned: first what has not been sent, then from the institution's account, then as its debt."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from marketplace.kit.db import execute, require_transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.ledger import operations as ledger
from marketplace.ledger import rules as journals
from marketplace.ledger.rules import Shares, Whose, taken_back
from marketplace.settlement.jobs import SubmitReversal
from marketplace.settlement.queries import EarningRow, TransferRow
from marketplace.settlement.states import TRANSFER, TransferEvent, TransferStatus


async def unearn(  # noqa: PLR0913 - these facts, each named at the call.
    earning: EarningRow,
    amount: int,
    *,
    whose: Whose,
    transfers: Mapping[UUID, TransferRow],
    cause: str,
    now: datetime,
) -> Shares:
    """Hold ``amount`` of an earning for the guests again, our commission with it, and return whose it was.

    In the caller's transaction, with the booking, its payee and its transfers locked. ``cause`` is used once a booking.
    Publishes: SubmitReversal.
    """
    require_transaction()
    shares = taken_back(earning.kept_amount, amount, commission_bps=earning.commission_bps)
    if amount == 0:
        return shares
    await execute(
        "UPDATE earnings SET unearned_amount = unearned_amount + $2,"
        " unearned_payable_amount = unearned_payable_amount + $3 WHERE id = $1",
        earning.id,
        amount,
        shares.institution_amount,
    )
    journal = journals.unearn(
        whose,
        cause=f"{cause}:{earning.period}",
        payable_amount=shares.institution_amount,
        commission_amount=shares.platform_amount,
    )
    await ledger.post(journal, now=now)
    await _withhold(transfers[earning.id], shares.institution_amount, whose=whose, cause=cause, now=now)
    return shares


async def _withhold(transfer: TransferRow, payable: int, *, whose: Whose, cause: str, now: datetime) -> None:
    """Send less, or have it taken back; what had been kept for an older debt is owed again."""
    wanted = min(payable, transfer.amount - transfer.reversed_amount)
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
    if owed := payable - wanted:
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
