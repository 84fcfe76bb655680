"""What the provider says of payees and transfers: a hint to look again, by the steps that make a lost answer good."""

from datetime import datetime
from uuid import UUID

import structlog

from marketplace.kit.errors import Busy, NotFound
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.rules import PAYEES
from marketplace.settlement import queries
from marketplace.settlement.operations.onboarding import refresh_payee
from marketplace.settlement.operations.returning import submit_reversal
from marketplace.settlement.operations.transferring import submit_transfer

log = structlog.get_logger("settlement")


async def apply_payee_event(*, event_id: UUID, now: datetime) -> None:
    """Apply one stored webhook to the payee or transfer that it is about; nothing in it is believed.

    Our rows are committed before the provider hears of them, so that one we do not have is another system's.
    Refuses: Busy, ProviderUnavailable.
    """
    subject = await payment_queries.resolve(event_id)
    try:
        if subject.kind == "transfer" and subject.id is not None:
            await submit_transfer(transfer_id=subject.id, now=now)
            for reversal_id in await queries.open_reversals_of(subject.id):
                await submit_reversal(reversal_id=reversal_id, now=now)
        elif subject.kind == "payee" and subject.id is not None:
            await refresh_payee(institution_id=subject.id, now=now)
    except NotFound:
        log.warning("an event of the provider is about nothing of ours", event_id=str(event_id), subject=subject.kind)
    await payments.mark_applied(event_id=event_id, now=now)


async def apply_payee_events(*, now: datetime) -> None:
    """Apply the stored webhooks that nobody has; a provider that is away ends the round."""
    try:
        for event_id in await payment_queries.unapplied(now, PAYEES):
            try:
                await apply_payee_event(event_id=event_id, now=now)
            except Busy:
                log.info("an event of the provider waits", event_id=str(event_id))
    except ProviderUnavailable:
        log.warning("the payment provider is away; its events wait")
