"""Finishing what orders and webhooks began: each step may be repeated, and one that fails does not hold up the others."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import structlog

from marketplace.bookings import queries
from marketplace.bookings.operations.cancelling import cancel_by_system
from marketplace.bookings.operations.displacing import settle_displaced
from marketplace.bookings.operations.settling import apply_payment, apply_provider_event
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.rules import RefundReason

log = structlog.get_logger("bookings")

Step = Callable[[UUID], Awaitable[object]]


async def close_payment(*, payment_id: UUID, now: datetime) -> None:
    """Close a payment's checkout page, then apply what the provider says: money may have come in at the last moment.

    Refuses: ProviderUnavailable.
    """
    await payments.cancel_at_provider(payment_id=payment_id)
    await apply_payment(payment_id=payment_id, now=now)


async def cancel_departure(*, departure_id: UUID, now: datetime) -> None:
    """Cancel every booking of a departure whose group did not form, each with a full refund.

    Publishes: booking.cancelled for each.
    """

    async def cancel(booking_id: UUID) -> None:
        await cancel_by_system(booking_id=booking_id, reason=RefundReason.NOT_FORMED, now=now)

    failures = await _each(await queries.unfinished_of_departure(departure_id), cancel)
    if failures:
        raise failures[0]


async def reconcile(*, now: datetime) -> None:
    """Bring bookings in line with the provider and with what revocations owe, whatever news or order was lost.

    The loop of a minute: payments and refunds without an end, stored events that nobody applied, and displaced bookings
    without a refund. A provider that is away ends the round; the next one is near.
    """
    await _each(await queries.displaced(), lambda booking_id: settle_displaced(booking_id=booking_id, now=now))
    try:
        await _each(
            await payment_queries.unapplied(now), lambda event_id: apply_provider_event(event_id=event_id, now=now)
        )
        await _each(
            await payment_queries.stale_payments(now), lambda payment_id: apply_payment(payment_id=payment_id, now=now)
        )
        await _each(
            await payment_queries.stale_refunds(now),
            lambda refund_id: payments.apply_refund(refund_id=refund_id, now=now),
        )
    except ProviderUnavailable:
        log.warning("the payment provider is away; reconciliation waits")


async def catch_up(*, now: datetime) -> None:
    """Ask the provider for what it could not tell us, and match its movements of money with ours.

    The loop of five minutes. The events are applied like those that came by themselves; what nothing of ours explains
    goes to suspense. A provider that is away ends the round. Publishes: ApplyProviderEvent.
    """
    try:
        await payments.collect_missed_events(now=now)
        await payments.match_balance(now=now)
    except ProviderUnavailable:
        log.warning("the payment provider is away; catching up waits")


async def _each(ids: list[UUID], step: Step) -> list[Exception]:
    """Take the step for every id and return what went wrong; only a provider that is away stops it."""
    failures: list[Exception] = []
    for found in ids:
        try:
            await step(found)
        except ProviderUnavailable:
            raise
        except Exception as error:
            log.warning("a step failed and will be repeated", id=str(found), exc_info=error)
            failures.append(error)
    return failures
