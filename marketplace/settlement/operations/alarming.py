"""What people must be told before it is too late: money held for too long, and a balance that would leave by itself."""

from datetime import datetime

import structlog

from marketplace.kit.db import transaction
from marketplace.kit.outbox import publish
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway import payees
from marketplace.settlement import queries
from marketplace.settlement.events import HoldTooOld

log = structlog.get_logger("settlement")


async def alarm_old_holds(*, now: datetime) -> int:
    """Report every booking whose money has been held for 80 days, once each; returns how many stand so now.

    The provider lets a platform hold money for 90 days. Publishes: HoldTooOld.
    """
    found = await queries.old_holds(now)
    for hold in found:
        async with transaction():
            news = HoldTooOld(booking_id=hold.booking_id, institution_id=hold.institution_id, amount=hold.amount)
            await publish(news, now=now, dedupe=f"hold.too_old:{hold.booking_id}")
        log.error("money has been held for 80 days", booking_id=str(hold.booking_id), amount=hold.amount)
    return len(found)


async def check_payout_schedule(*, now: datetime) -> bool:  # noqa: ARG001 - every periodic operation is told the time.
    """Say whether our balance stays at the provider until we ask for it; automatic payouts would sweep held money."""
    try:
        by_hand = await payees().pays_out_by_hand()
    except ProviderUnavailable:
        log.warning("the payment provider is away; the payout schedule is looked at later")
        return False
    if not by_hand:
        log.error("the provider pays our balance out by itself: set payouts to manual")
    return by_hand
